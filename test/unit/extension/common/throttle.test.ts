import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Throttle } from '../../../../extension/common/throttle';

describe('frames', () => {
  function scene() {
    let now = 0;
    let timer: { at: number; call: () => void } | undefined;
    const shown: (readonly [number, number])[] = [];
    const pacer = new Throttle<number>((value) => shown.push([now, value]), 66, {
      now: () => now,
      later: (call, millis) => {
        timer = { at: now + millis, call };
        return () => {
          timer = undefined;
        };
      },
    });
    const pass = (millis: number) => {
      const until = now + millis;
      if (timer !== undefined && timer.at <= until) {
        now = timer.at;
        timer.call();
      }
      now = until;
    };
    return { pacer, pass, shown };
  }

  test('the first at once, then only the newest, no more than fifteen a second', () => {
    const { pacer, pass, shown } = scene();
    for (let value = 0; value < 20; value++) {
      pacer.offer(value);
      pass(10);
    }
    pass(100);
    assert.deepEqual(shown, [
      [0, 0],
      [66, 6],
      [132, 13],
      [198, 19],
    ]);
  });

  test('what waits is dropped when it is over', () => {
    const { pacer, pass, shown } = scene();
    pacer.offer(1);
    pacer.offer(2);
    pacer.clear();
    pass(1000);
    assert.deepEqual(shown, [[0, 1]]);
  });
});
