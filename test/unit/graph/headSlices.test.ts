// The head in slices of rows says of each row what the head in one piece says of it; sums over the vocabulary may be added up
// in another order.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { buildGraph } from '../../../engine/graph/build';
import type { Precision } from '../../../engine/graph/types';
import { openBias } from '../../../engine/runtime/forward';
import { voidKv } from '../../../engine/runtime/kvState';
import { DecoderSession } from '../../../engine/runtime/session';
import { randomNumbers, type TinyOptions, temporaryFolder, writeTinyCheckpoint } from './tinyCheckpoint';

const LENGTH = 17;

async function predictions(options: TinyOptions, precision: Precision, rows: number, headRows?: number) {
  const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), options);
  const { shape } = tiny.checkpoint;
  const built = await buildGraph(
    tiny.checkpoint,
    { precision, attention: 'plain', cacheOutput: 'new', topK: 5, ...(headRows ? { headRows } : {}) },
    { cacheFolder: temporaryFolder('graph-cache') },
  );
  const session = await DecoderSession.create(built, shape, { provider: 'cpu', threads: 1 });
  const random = randomNumbers(5);
  const bias = Float32Array.from({ length: shape.vocabSize }, () => (random() < 0.5 ? 0 : -1e9));
  try {
    const { predictions: found } = await session.run({
      lanes: 1,
      ids: Int32Array.from({ length: LENGTH }, () => Math.floor(random() * shape.vocabSize)),
      positions: Int32Array.from({ length: LENGTH }, (_, index) => index),
      past: voidKv(shape),
      bias: openBias(1, LENGTH),
      // Rows with a bias, targets and a temperature of their own, so that none may take another's.
      asks: Array.from({ length: rows }, (_, row) => ({
        row: (row * 5) % LENGTH,
        ...(row % 3 === 1 ? { bias } : {}),
        target: row,
        temperature: row % 2 === 0 ? 1 : 0.5,
      })).flatMap((ask) => (ask.target % 4 === 0 ? [ask, { ...ask, target: ask.target + 20 }] : [ask])),
      temperature: 0,
      keep: false,
    });
    return found;
  } finally {
    await session.dispose();
  }
}

function close(got: ArrayLike<number>, want: ArrayLike<number>): void {
  assert.equal(got.length, want.length);
  for (let i = 0; i < want.length; i++) {
    const off = Math.abs((got[i] ?? 0) - (want[i] ?? 0));
    // Targets that a bias forbids are a billion nats away.
    assert.ok(off <= 2e-6 * Math.max(1, Math.abs(want[i] ?? 0)), `${got[i]} instead of ${want[i]}`);
  }
}

describe('the head in slices', () => {
  for (const [name, options, precision] of [
    ['fp32', {}, 'fp32'],
    ['stored as bf16, tied', { dtype: 'BF16', shape: { tiedHead: true } }, 'fp32'],
    ['int8', {}, 'int8'],
    ['int8, tied', { dtype: 'BF16', shape: { tiedHead: true } }, 'int8'],
    ['q8', {}, 'q8'],
    ['q4', {}, 'q4'],
  ] as const satisfies readonly (readonly [string, TinyOptions, Precision])[]) {
    test(name, async () => {
      for (const rows of [1, 4, 5, 12]) {
        const whole = await predictions(options, precision, rows);
        const sliced = await predictions(options, precision, rows, 4);
        assert.equal(sliced.length, rows + Math.ceil(rows / 4));
        sliced.forEach((row, index) => {
          const other = whole[index];
          assert.deepEqual(row.ids, other?.ids, `row ${index} of ${rows}`);
          close(row.logProbs, other?.logProbs ?? []);
          close([row.entropy, row.targetLogProb], [other?.entropy ?? 0, other?.targetLogProb ?? 0]);
        });
        // Another target changes nothing in the row's own numbers, and is answered by itself.
        assert.deepEqual([whole[0]?.ids, whole[0]?.entropy], [whole[1]?.ids, whole[1]?.entropy]);
        assert.notEqual(whole[0]?.targetLogProb, whole[1]?.targetLogProb);
      }
    });
  }
});
