import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { cutAtBestEnd } from '../../../engine/decoding/ends';

const answer = (locked: readonly number[] = [0, 0, 0, 0]) => ({
  ids: Int32Array.of(11, 12, 13, 14),
  logProbs: Float32Array.of(-1, -2, -3, -4),
  locked: Uint8Array.from(locked),
});

describe('the end of an answer', () => {
  test('is where the text behind it follows best, with what belongs to the tokens that stay', () => {
    const cut = cutAtBestEnd(answer(), [-9, -8, -3, -7, -5]);
    assert.deepEqual([...cut.ids], [11, 12]);
    assert.deepEqual([...cut.logProbs], [-1, -2]);
    assert.deepEqual([...cut.locked], [0, 0]);
  });

  test('stays where it is when nothing shorter is better', () => {
    assert.deepEqual([...cutAtBestEnd(answer(), [-1, -8, -6, -5, -4.6]).ids], [11, 12, 13, 14]);
    assert.equal(cutAtBestEnd(answer(), []).ids.length, 4);
  });

  test('is never in front of the first token, nor of a locked one', () => {
    assert.deepEqual([...cutAtBestEnd(answer(), [0, -1, -2, -3, -4]).ids], [11]);
    assert.deepEqual([...cutAtBestEnd(answer([0, 0, 1, 0]), [0, -1, -2, -3, -4]).ids], [11, 12, 13]);
  });

  test('is the later one of two that are nearly as good', () => {
    assert.deepEqual([...cutAtBestEnd(answer(), [-9, -3, -3.4, -9, -9]).ids], [11, 12]);
    assert.deepEqual([...cutAtBestEnd(answer(), [-9, -3, -3.6, -9, -9]).ids], [11]);
  });
});
