// How fast a model is on this machine, learnt from its passes.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reachOf } from '../../../engine/infill/reach';
import { Pace, probePace, SteadyPace } from '../../../engine/runtime/pace';
import { HALF, MEMORY, PROBE, paceOf } from '../infill/halfBillion';

describe('the pace of a model', () => {
  test('is learnt from its passes: the fastest of the last few of a size', () => {
    const pace = paceOf(70);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 70);
    pace.record(PROBE, 28_800_000);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 70, 'a laptop that slept in a pass is no slower');
    for (let i = 0; i < 5; i++) pace.record(PROBE, 140 + i);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 140, 'a machine that is slower now is');
    const long = { length: 512, past: 1, rows: 8 };
    assert.ok((pace.millisOf(long) ?? 0) > 10 * 140, 'sixteen times the tokens');
    pace.record(long, 500);
    assert.equal(
      Math.round(pace.millisOf(long) ?? 0),
      500,
      'what was seen counts more than what was worked out',
    );
    assert.equal(new Pace(HALF).millisOf(long), undefined);
  });

  test('is looked at before anybody waits, and a first time that is not like the others does not count', async () => {
    const pace = new Pace(HALF);
    let clock = 0;
    const costs = [400, 80];
    const run = async () => {
      clock += costs.shift() ?? Number.NaN;
    };
    await probePace(run, HALF, pace, () => clock);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 80);
  });

  test('a probe in a busy moment counts until a request has made passes like it', async () => {
    const pace = new Pace(HALF);
    let clock = 0;
    await probePace(
      async () => {
        clock += 900;
      },
      HALF,
      pace,
      () => clock,
    );
    const busy = reachOf(pace, HALF, { available: MEMORY });
    assert.deepEqual([busy.tokens, busy.masks], [192, 16]);
    // A request reads its window, and takes its steps.
    pace.record({ length: 192, past: 1, rows: 16 }, 240);
    for (let step = 0; step < 3; step++) pace.record({ length: 16, past: 192, rows: 16 }, 15);
    const idle = reachOf(pace, HALF, { available: MEMORY });
    assert.ok(idle.tokens > 500, `${idle.tokens} tokens`);
    assert.ok(idle.masks > 40, `${idle.masks} masks`);
  });

  test('of a busy moment is forgotten for passes of every size once those of any size are fast again', () => {
    const pace = new Pace(HALF);
    const long = { length: 512, past: 1, rows: 8 };
    pace.record(PROBE, 50);
    pace.record(long, 500);
    for (let pass = 0; pass < 5; pass++) {
      pace.record(PROBE, 200);
      pace.record(long, 2000);
    }
    assert.equal(Math.round(pace.millisOf(long) ?? 0), 2000, 'the machine is busy');
    for (let pass = 0; pass < 4; pass++) pace.record(PROBE, 55);
    assert.equal(Math.round(pace.copy().millisOf(long) ?? 0), 550, 'and now it is not');
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 55);
    for (let pass = 0; pass < 5; pass++) pace.record(PROBE, 200);
    assert.equal(Math.round(pace.millisOf(long) ?? 0), 2000, 'busy again, as it was known to be');
  });

  test('is not taken for quick because another size was seen in a busy moment alone', () => {
    const pace = new Pace(HALF);
    const long = { length: 512, past: 1, rows: 8 };
    pace.record(long, 500);
    for (let pass = 0; pass < 6; pass++) pace.record(long, 2000);
    for (let pass = 0; pass < 6; pass++) pace.record(PROBE, 200);
    assert.equal(Math.round(pace.millisOf(long) ?? 0), 2000);
  });

  test('windows follow it when it is another one, and not for every small change', () => {
    const pace = new Pace(HALF);
    const steady = new SteadyPace(pace, PROBE);
    assert.equal(steady.current, undefined);
    pace.record(PROBE, 100);
    const first = steady.current;
    const millis = () => Math.round(steady.current?.millisOf(PROBE) ?? 0);
    assert.equal(millis(), 100);
    pace.record(PROBE, 90);
    assert.equal(steady.current, first);
    assert.equal(millis(), 100);
    pace.record(PROBE, 50);
    assert.equal(millis(), 50);
    for (let i = 0; i < 5; i++) pace.record(PROBE, 60);
    assert.equal(millis(), 50);
    for (let i = 0; i < 5; i++) pace.record(PROBE, 200);
    assert.equal(millis(), 200);
  });

  test('what was copied stays what it was', () => {
    const pace = paceOf(70);
    const then = pace.copy();
    for (let i = 0; i < 20; i++) pace.record(PROBE, 700);
    assert.equal(Math.round(then.millisOf(PROBE) ?? 0), 70);
  });
});
