// Each row is computed once, whatever is asked about it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { askedRows, predictionsOf } from '../../../engine/runtime/askedRows';

const NONE = new Float32Array(4);

describe('rows that are asked about', () => {
  test('several targets of one row are one row', () => {
    const asked = askedRows(
      [{ row: 5, target: 1 }, { row: 2, target: 3 }, { row: 5, target: 2 }, { row: 5 }],
      0,
      NONE,
    );
    assert.deepEqual([...asked.rows], [5, 2]);
    assert.equal(asked.width, 2);
    assert.deepEqual([...asked.targets], [1, 2, 3, 0]);
    assert.deepEqual([...asked.inverseTemperatures], [1, 1]);
    const answers = predictionsOf(
      {
        ids: Int32Array.of(9, 8, 7, 6),
        logProbs: Float32Array.of(-1, -2, -3, -4),
        entropy: Float32Array.of(0.5, 1.5),
        targetLogProbs: Float32Array.of(-10, -20, -30, -40),
      },
      asked,
    );
    assert.deepEqual(
      answers.map(({ ids, logProbs, entropy, targetLogProb }) => [
        [...ids],
        [...logProbs],
        entropy,
        targetLogProb,
      ]),
      [
        [[9, 8], [-1, -2], 0.5, -10],
        [[7, 6], [-3, -4], 1.5, -30],
        [[9, 8], [-1, -2], 0.5, -20],
        [[9, 8], [-1, -2], 0.5, 0],
      ],
    );
  });

  test('what another bias or temperature makes another distribution is another row', () => {
    const bias = Float32Array.of(0, -1, 0, 0);
    const asked = askedRows(
      [
        { row: 1 },
        { row: 1, bias },
        { row: 1, temperature: 0.5 },
        { row: 1, bias },
        { row: 1, temperature: 0 },
      ],
      0,
      NONE,
    );
    assert.deepEqual([...asked.rows], [1, 1, 1]);
    assert.deepEqual([...asked.inverseTemperatures], [1, 1, 2]);
    assert.deepEqual([...asked.biasRows], [0, 1, 0]);
    assert.equal(asked.biases, 2);
    assert.deepEqual([...asked.biasTable], [...NONE, ...bias]);
    assert.deepEqual(
      asked.places.map(({ row }) => row),
      [0, 1, 2, 1, 0],
    );
  });

  test('one bias is handed over as it is', () => {
    const bias = Float32Array.of(0, -1, 0, 0);
    assert.equal(askedRows([{ row: 0, bias }], 1, NONE).biasTable, bias);
  });

  test('where nothing is asked, one row stands in', () => {
    const asked = askedRows([], 0.5, NONE);
    assert.deepEqual([[...asked.rows], [...asked.targets], asked.width], [[0], [0], 1]);
    assert.deepEqual(asked.places, []);
    assert.equal(asked.biasTable, NONE);
  });
});
