import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { excerptAround } from '../../../../extension/text/excerpt';

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
