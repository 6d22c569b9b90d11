import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { excerptAround } from '../../../extension/excerpt';
import { Pacer } from '../../../extension/pacer';

describe('the excerpt of a document', () => {
  test('is all of it, where that is not too much', () => {
    assert.deepEqual(excerptAround('a\nb\n', [{ start: 0, end: 1 }]), { text: 'a\nb\n', base: 0 });
  });

  test('is whole lines around the spans', () => {
    const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\r'), maxLength: 6 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(lines, fc.nat(), fc.nat(), fc.nat(12), (parts, a, b, reach) => {
        const text = parts.join('\n');
        const start = Math.min(a, b) % (text.length + 1);
        const end = Math.max(start, Math.max(a, b) % (text.length + 1));
        const excerpt = excerptAround(text, [{ start, end }], reach);
        const stop = excerpt.base + excerpt.text.length;
        assert.equal(text.slice(excerpt.base, stop), excerpt.text);
        assert.ok(excerpt.base <= Math.max(0, start - reach) && stop >= Math.min(text.length, end + reach));
        assert.ok(excerpt.base === 0 || text[excerpt.base - 1] === '\n');
        assert.ok(stop === text.length || text[stop - 1] === '\n');
      }),
    );
  });
});

describe('frames', () => {
  function scene() {
    let now = 0;
    let timer: { at: number; call: () => void } | undefined;
    const shown: (readonly [number, number])[] = [];
    const pacer = new Pacer<number>((value) => shown.push([now, value]), 66, {
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
