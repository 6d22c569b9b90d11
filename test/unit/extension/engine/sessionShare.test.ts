// Creating a session tells nothing for seconds: the share goes on by the clock.
import assert from 'node:assert/strict';
import test, { mock } from 'node:test';
import type { LoadProgress } from '../../../../engine/protocol';
import { SessionShare } from '../../../../extension/engine/sessionShare';

test('the share of creating a session goes on by itself, ever more slowly, until something is told', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let clock = 0;
  try {
    const told: LoadProgress[] = [];
    const share = new SessionShare(
      (progress) => told.push(progress),
      () => clock,
    );
    const pass = (millis: number) => {
      for (let at = 0; at < millis; at += 100) {
        clock += 100;
        mock.timers.tick(100);
      }
      return told.length;
    };
    const quantising: LoadProgress = { folder: '/model', stage: 'quantising', fraction: 0.5 };
    share.heard(quantising);
    assert.equal(pass(5000), 1, 'what tells by itself is not told in between');
    share.heard({ folder: '/model', stage: 'session', fraction: 0 });
    const count = pass(8000);
    assert.ok(count > 10);
    const shares = told.slice(1).map(({ fraction = Number.NaN }) => fraction);
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    const steps = shares.slice(1).map((one, i) => one - (shares[i] ?? 0));
    assert.ok((steps.at(-1) ?? 1) < (steps[0] ?? 0) && (shares.at(-1) ?? 1) < 1);
    assert.ok((shares.at(-1) ?? 0) > 0.9, 'nearly done after eight seconds');
    share.heard({ folder: '/model', stage: 'session', fraction: 1 });
    assert.equal(pass(5000), count + 1, 'the end is the end');
    share.heard({ folder: '/model', stage: 'session' });
    share.dispose();
    assert.equal(pass(5000), count + 2);
  } finally {
    mock.timers.reset();
  }
});
