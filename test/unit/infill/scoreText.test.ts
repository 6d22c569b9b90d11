import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { windows } from '../../../engine/infill/scoreText';

describe('windows in which a long text is scored', () => {
  test('each token once, in its window, with a quarter of the budget on both sides where there is text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 80 }),
        (a, b, c, budget) => {
          const [first = 0, last = 0, count = 0] = [a, b, c].sort((x, y) => x - y);
          let next = first;
          for (const window of windows(first, last, count, budget)) {
            assert.equal(window.first, next);
            assert.ok(window.last > window.first && window.last <= last);
            assert.ok(window.from >= 0 && window.to <= count && window.to - window.from <= budget);
            const side = Math.floor(budget / 4);
            assert.ok(window.from <= Math.max(0, window.first - side));
            assert.ok(window.to >= Math.min(count, window.last + side));
            next = window.last;
          }
          assert.equal(next, last);
        },
      ),
    );
  });
});
