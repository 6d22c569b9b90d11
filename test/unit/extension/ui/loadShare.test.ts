import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { LoadProgress } from '../../../../engine/protocol';
import { noticeDelay, Percent, shareOf } from '../../../../extension/ui/loadShare';

const at = (stage: LoadProgress['stage'], fraction?: number) =>
  shareOf({ folder: '/model', stage, ...(fraction === undefined ? {} : { fraction }) });

describe('the share of loading', () => {
  test('only grows over the stages, and is never whole while something is left to do', () => {
    const shares = [
      at('opening'),
      at('probing'),
      at('probing', 0.5),
      at('quantising', 0),
      at('quantising', 0.5),
      at('quantising', 1),
      at('session'),
      at('session', 0.7),
      at('session', 1),
    ];
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.ok((shares.at(-1) ?? 1) < 0.995, 'no "100%" while it works');
    assert.equal(at('quantising', 7), at('quantising', 1));
  });

  test('does not go back where a stage begins again, and begins anew with the next load', () => {
    const percent = new Percent();
    const of = (stage: LoadProgress['stage'], fraction: number) =>
      percent.of({ folder: '/model', stage, fraction });
    const first = of('quantising', 0.9);
    assert.ok(first > 70);
    assert.equal(of('quantising', 0.1), first);
    assert.ok(of('session', 0.5) > first);
    assert.equal(percent.of(undefined), 0);
    assert.ok(of('probing', 0) < 10);
  });

  test('is shown when a person would wonder, and later where it is nearly over', () => {
    assert.equal(noticeDelay(0, undefined), 1500);
    assert.equal(noticeDelay(1500, 'quantising'), 0);
    assert.equal(noticeDelay(1500, 'session'), 2500);
    assert.equal(noticeDelay(9000, 'session'), 0);
  });
});
