import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { spansOf } from '../../../../extension/text/spans';

const TEXT = 'a = 1\n    b = 2\n\n\tc = 3  \nd';
const taken = (...selections: readonly (readonly [number, number])[]) =>
  spansOf(
    TEXT,
    selections.map(([start, end]) => ({ start, end })),
  ).map(({ start, end }) => TEXT.slice(start, end));

describe('spans of selections', () => {
  test('an empty selection takes its line without indentation', () => {
    assert.deepEqual(taken([12, 12]), ['b = 2']);
    assert.deepEqual(taken([0, 0]), ['a = 1']);
    assert.deepEqual(taken([TEXT.length, TEXT.length]), ['d']);
    assert.deepEqual(taken([5, 5]), ['a = 1'], 'its end belongs to it');
  });

  test('an empty line is a place to fill, where the cursor stands', () => {
    assert.deepEqual(spansOf(TEXT, [{ start: 16, end: 16 }]), [{ start: 16, end: 16 }]);
    assert.deepEqual(spansOf('a\n    \nb', [{ start: 6, end: 6 }]), [{ start: 6, end: 6 }]);
    assert.deepEqual(spansOf('a\n    \nb', [{ start: 2, end: 6 }]), [{ start: 2, end: 2 }]);
    assert.deepEqual(spansOf('\nabc', [{ start: 0, end: 0 }]), [{ start: 0, end: 0 }], 'the first line, too');
  });

  test('a single blank that is left over at the end of a line goes with it', () => {
    const text = 'a = \r\nb = \nc = ';
    const at = (start: number, end: number) => spansOf(text, [{ start, end }]);
    assert.deepEqual(at(0, 0), [{ start: 0, end: 4 }]);
    assert.deepEqual(at(6, 10), [{ start: 6, end: 10 }]);
    assert.deepEqual(at(6, 9), [{ start: 6, end: 9 }], 'which was not selected');
    assert.deepEqual(at(6, 15), [{ start: 6, end: 15 }]);
    assert.deepEqual(at(11, 12), [{ start: 11, end: 12 }], 'in the middle');
  });

  test('whole lines are taken without their last line end', () => {
    assert.deepEqual(taken([0, 16]), ['a = 1\n    b = 2']);
  });

  test('what overlaps is one span; what only touches stays apart', () => {
    assert.deepEqual(taken([0, 3], [2, 5]), ['a = 1']);
    assert.deepEqual(taken([4, 5], [0, 3]), ['a =', '1']);
    assert.deepEqual(taken([0, 2], [2, 5]), ['a', '= 1']);
    const halves = [
      { start: 1, end: 2 },
      { start: 0, end: 1 },
    ];
    assert.deepEqual(spansOf('ab', halves), halves.toReversed());
    assert.deepEqual(taken([12, 12], [13, 13]), ['b = 2']);
  });

  test('spans are in order, apart, inside the text, and lose only white space', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '\r\n', '🎈') });
    fc.assert(
      fc.property(
        text,
        fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { minLength: 1, maxLength: 4 }),
        (t, pairs) => {
          const selections = pairs.map(([a, b]) => ({
            start: Math.min(a, b, t.length),
            end: Math.min(Math.max(a, b), t.length),
          }));
          const spans = spansOf(t, selections);
          assert.ok(spans.length > 0);
          spans.forEach((span, i) => {
            assert.ok(span.start >= 0 && span.end <= t.length && span.start <= span.end);
            const next = spans[i + 1];
            if (next !== undefined) assert.ok(span.end <= next.start && span.start < next.start);
          });
          for (const { start, end } of selections) {
            for (let at = start; at < end; at++) {
              const isIn = spans.some((span) => at >= span.start && at < span.end);
              assert.ok(isIn || /\s/.test(t.charAt(at)), `character ${at} of a selection is masked`);
            }
          }
        },
      ),
    );
  });
});
