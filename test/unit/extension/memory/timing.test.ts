// When something is done: behind the last of many changes, and while nobody waits for anything else.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Clock } from '../../../../extension/common/clock';
import { inTime } from '../../../../extension/common/inTime';
import { Bursts, type Changed, DISK_BURSTS, KEY_BURSTS } from '../../../../extension/memory/bursts';
import { Lull } from '../../../../extension/memory/lull';

class FakeClock implements Clock {
  private time = 0;
  private calls: { readonly at: number; readonly call: () => void }[] = [];

  readonly now = () => this.time;

  readonly later = (call: () => void, millis: number) => {
    const entry = { at: this.time + millis, call };
    this.calls.push(entry);
    return () => {
      this.calls = this.calls.filter((one) => one !== entry);
    };
  };

  pass(millis: number): void {
    const end = this.time + millis;
    for (;;) {
      const [next] = this.calls.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.calls = this.calls.filter((one) => one !== next);
      this.time = next.at;
      next.call();
    }
    this.time = end;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('many changes in a moment', () => {
  const collecting = (limits = DISK_BURSTS) => {
    const clock = new FakeClock();
    const given: Changed[] = [];
    return { clock, given, bursts: new Bursts((paths) => given.push(paths), limits, clock) };
  };

  test('are one, behind the last of them', () => {
    const { clock, given, bursts } = collecting();
    for (const path of ['a', 'b', 'a', 'c']) {
      bursts.add(path);
      clock.pass(200);
    }
    assert.deepEqual(given, []);
    clock.pass(100);
    assert.deepEqual(given, [new Set(['a', 'b', 'c'])]);
    clock.pass(10_000);
    assert.equal(given.length, 1);
  });

  test('that do not end are given away all the same', () => {
    const { clock, given, bursts } = collecting();
    for (let i = 0; i < 100; i++) {
      bursts.add(`f${i}`);
      clock.pass(100);
    }
    assert.ok(given.length >= 3);
  });

  test('of more paths than one could look at one by one are a change of everything', () => {
    const { clock, given, bursts } = collecting();
    for (let i = 0; i < 5000; i++) bursts.add(`f${i}`);
    clock.pass(1000);
    bursts.add('a');
    bursts.everything();
    clock.pass(1000);
    bursts.add('b');
    clock.pass(1000);
    assert.deepEqual(given, [undefined, undefined, new Set(['b'])]);
  });

  test('by keys are given away soon enough for 200 ms', () => {
    const { clock, given, bursts } = collecting(KEY_BURSTS);
    bursts.add('a');
    clock.pass(100);
    assert.deepEqual(given, [new Set(['a'])]);
  });

  test('are forgotten where nobody listens any more', () => {
    const { clock, given, bursts } = collecting();
    bursts.add('a');
    bursts.dispose();
    clock.pass(10_000);
    assert.deepEqual(given, []);
  });
});

describe('a lull', () => {
  const waiting = async (lull: Lull, signal = new AbortController().signal) => {
    const state: { is?: boolean } = {};
    void lull.wait(signal).then((isLull) => {
      state.is = isLull;
    });
    await turn();
    await turn();
    return state;
  };

  test('is at once where nothing happens, but never before others had their turn', async () => {
    const lull = new Lull(new FakeClock());
    let turns = 0;
    setImmediate(() => turns++);
    assert.equal(await lull.wait(new AbortController().signal), true);
    assert.equal(turns, 1);
  });

  test('comes when the keys have rested', async () => {
    const clock = new FakeClock();
    const lull = new Lull(clock);
    lull.typed();
    const state = await waiting(lull);
    clock.pass(300);
    lull.typed();
    clock.pass(300);
    await turn();
    assert.equal(state.is, undefined);
    clock.pass(100);
    await turn();
    assert.equal(state.is, true);
  });

  test('comes with the answer that somebody waits for', async () => {
    const clock = new FakeClock();
    const lull = new Lull(clock);
    lull.busy(true);
    const state = await waiting(lull);
    clock.pass(2000);
    await turn();
    assert.equal(state.is, undefined);
    lull.busy(false);
    await turn();
    assert.equal(state.is, true);
  });

  test('is not waited for without end', async () => {
    const clock = new FakeClock();
    const lull = new Lull(clock);
    lull.busy(true);
    const state = await waiting(lull);
    for (let i = 0; i < 30; i++) {
      lull.typed();
      clock.pass(100);
    }
    await turn();
    assert.equal(state.is, true);
  });

  test('never comes for who has given up', async () => {
    const clock = new FakeClock();
    const lull = new Lull(clock);
    lull.busy(true);
    const controller = new AbortController();
    const state = await waiting(lull, controller.signal);
    controller.abort();
    await turn();
    assert.equal(state.is, false);
    assert.equal(await lull.wait(controller.signal), false);
  });
});

test('a file system that does not answer, or says no, has no answer', async () => {
  assert.equal(await inTime(Promise.resolve(1), 1000), 1);
  assert.equal(await inTime(Promise.reject(new Error('gone')), 1000), undefined);
  assert.equal(await inTime(new Promise(() => undefined), 1), undefined);
});
