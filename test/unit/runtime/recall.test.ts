// What may follow, by what followed before.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Recall } from '../../../engine/runtime/recall';

const after = (...tokens: number[]) => new Recall(tokens).next().tokens;

describe('what followed the last tokens before', () => {
  test('is what is likely to follow them again', () => {
    assert.deepEqual(new Recall([1, 2, 3, 4, 5, 6, 1, 2]).next(), {
      tokens: [3, 4, 5, 6, 1, 2],
      matchLength: 2,
    });
    assert.deepEqual(
      after(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2),
      [3, 4, 5, 6, 7, 8, 9],
      'as far as a pass goes',
    );
  });

  test('is nothing where one token agrees, or none', () => {
    assert.deepEqual(after(1, 2, 3, 1), []);
    assert.deepEqual(after(1, 2, 3), []);
    assert.deepEqual(after(), []);
  });

  test('is taken from where most agree, and of several such places the last', () => {
    assert.deepEqual(after(1, 2, 3, 7, 7, 2, 3, 8, 8, 1, 2, 3).slice(0, 3), [7, 7, 2]);
    assert.deepEqual(after(2, 3, 7, 7, 2, 3, 8, 8, 2, 3).slice(0, 2), [8, 8]);
  });

  test('counts what was written meanwhile, and what overlaps', () => {
    const recall = new Recall([1, 2, 3, 4]);
    recall.write(1);
    recall.write(2);
    assert.deepEqual(recall.next().tokens, [3, 4, 1, 2]);
    assert.deepEqual(after(5, 5, 5), [5]);
  });

  test('is what stood in the place of the answer, from its first token on', () => {
    const recall = new Recall([1, 2, 3, 4], [5, 6, 7, 8]);
    assert.deepEqual(recall.next().tokens, [5, 6, 7, 8]);
    recall.write(5);
    assert.deepEqual(recall.next().tokens, [6, 7, 8]);
    recall.write(9);
    assert.deepEqual(recall.next().tokens, [], 'another way');
    recall.write(7);
    recall.write(8);
    assert.deepEqual(recall.next().tokens, [], 'it ends there');
  });
});
