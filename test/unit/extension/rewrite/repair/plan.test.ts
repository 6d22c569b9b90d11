// Which words a repair masks, and when it is taken.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { isLikelier, surpriseOf, wordsToRepair } from '../../../../../extension/rewrite/repair/plan';

/** Tokens of a text, `excess` of each above what is expected there. */
function tokensOf(parts: readonly (readonly [string, number])[], base = 0) {
  let at = base;
  return parts.map(([text, excess]) => {
    const start = at;
    at += text.length;
    return { start, end: at, text, surprise: excess + 1, expected: 1 };
  });
}
const textOf = (parts: readonly (readonly [string, number])[]) => parts.map(([text]) => text).join('');

describe('a repair', () => {
  const parts: [string, number][] = [
    ['return', 0],
    [' to', 1],
    ['tal', 5],
    [' -', 7],
    [' tax', 0.5],
    [' +', 3],
    [' 1', 0],
  ];

  test('masks whole words, the worst first, in the order of the text', () => {
    const words = (most: number) =>
      wordsToRepair(textOf(parts), tokensOf(parts), { most, least: 2 }).map(({ start, end }) =>
        textOf(parts).slice(start, end),
      );
    assert.deepEqual(words(1), ['-']);
    assert.deepEqual(words(2), ['total', '-']);
    assert.deepEqual(words(9), ['total', '-', '+']);
  });

  test('masks nothing where everything is as likely as anything could be there', () => {
    assert.deepEqual(wordsToRepair(textOf(parts), tokensOf(parts), { least: 10 }), []);
    assert.deepEqual(wordsToRepair('', []), []);
  });

  test('never reaches out of what is selected', () => {
    const text = `foo${textOf([['bar', 9]])}baz`;
    assert.deepEqual(wordsToRepair(text, tokensOf([['bar', 9]], 3)), [{ start: 3, end: 6 }]);
  });

  test('gives words apart from each other, in order, within the tokens', () => {
    const part = fc.tuple(
      fc.constantFrom('a', ' b', '+', '(', ' ', '\n', '😀', 'ab '),
      fc.integer({ min: -3, max: 9 }),
    );
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 1, max: 4 }), (all, most) => {
        const text = textOf(all);
        const words = wordsToRepair(text, tokensOf(all), { most, least: 1 });
        assert.ok(words.length <= most);
        words.forEach(({ start, end }, i) => {
          assert.ok(start < end && end <= text.length && start >= (words[i - 1]?.end ?? 0));
          assert.equal(text.slice(start, end).trim(), text.slice(start, end));
        });
      }),
    );
  });

  test('is taken where the whole is likelier by more than chance', () => {
    assert.equal(surpriseOf([{ surprise: 1 }, { surprise: 2 }]), 3);
    assert.equal(isLikelier(10, 5), true);
    assert.equal(isLikelier(10, 9.9), false);
    assert.equal(isLikelier(5, 10), false);
  });
});
