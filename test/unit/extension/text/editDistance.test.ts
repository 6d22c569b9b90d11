import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { editDistance } from '../../../../extension/text/editDistance';

test('one word from another: letters more, less, exchanged and swapped', () => {
  for (const [one, other, distance] of [
    ['items', 'items', 0],
    ['itmes', 'items', 1],
    ['item', 'items', 1],
    ['items', 'itemz', 1],
    ['itmes', 'times', 1],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['quantity', 'items', 7],
  ] as const)
    assert.equal(editDistance(one, other), distance, `${one} ${other}`);
});

test('the same both ways, and 0 for the same word alone', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (one, other) => {
      assert.equal(editDistance(one, other), editDistance(other, one));
      assert.equal(editDistance(one, other) === 0, one === other);
    }),
  );
});
