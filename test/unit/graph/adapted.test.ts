// The graph of a base with an adapter, against the reference decoder: masks have what it adds, and nothing else does.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Adapter, DecoderTensors } from '../../../engine/checkpoint/types';
import { buildGraph } from '../../../engine/graph/build';
import { memoryNeeds } from '../../../engine/graph/memory';
import type { GraphOptions } from '../../../engine/graph/types';
import { openSession, run, voidCache } from './graphRunner';
import { referenceDecoder } from './referenceDecoder';
import { type TinyCheckpoint, temporaryFolder, writeTinyCheckpoint } from './tinyCheckpoint';

const RANK = 4;
const SCALE = 1.5;
const ROLES = ['query', 'key', 'value', 'attentionOut', 'gate', 'up', 'down'] as const;
const LENGTH = 9;
const MASKS = [3, 4, 7, 8];

/** A tiny base, and an adapter whose tensors are weights of a second tiny checkpoint: numbers like any others. */
function adapted(tiny: TinyCheckpoint) {
  const { hiddenSize, heads, kvHeads, headSize, ffnSize } = tiny.checkpoint.shape;
  const sizes = { hiddenSize, heads, kvHeads, headSize, ffnSize };
  // Of its matrices the first RANK rows, or columns, are taken: as long as there are that many numbers.
  const other = writeTinyCheckpoint(temporaryFolder('adapter'), { shape: sizes, seed: 9 });
  const pairs = new Map<string, { a: Float32Array; b: Float32Array }>();
  const projections = new Map<
    string,
    Adapter['projections'] extends ReadonlyMap<string, infer T> ? T : never
  >();
  const layersOf = ({ layers }: DecoderTensors) => layers;
  layersOf(tiny.checkpoint.tensors).forEach((layer, index) => {
    const source = layersOf(other.checkpoint.tensors)[index] ?? assert.fail();
    for (const role of ROLES) {
      const weight = layer[role];
      const numbers = source[role];
      if (weight === undefined || numbers === undefined) continue;
      const [rows = 0, columns = 0] = weight.shape;
      const values = other.values.get(numbers.name) ?? assert.fail();
      const part = (from: number, shape: readonly [number, number]) => ({
        ...numbers,
        name: `${numbers.name}.${from}`,
        shape,
        offset: numbers.offset + 4 * from,
        length: 4 * shape[0] * shape[1],
      });
      const after = RANK * columns;
      projections.set(weight.name, { a: part(0, [RANK, columns]), b: part(after, [rows, RANK]) });
      pairs.set(weight.name, {
        a: values.subarray(0, after),
        b: values.subarray(after, after + RANK * rows),
      });
    }
  });
  const { finalNorm } = other.checkpoint.tensors;
  const maskEmbedding = { ...finalNorm, name: 'mask_embedding' };
  const adapter: Adapter = {
    ...{ folder: '', base: '', baseFiles: new Map(), scale: SCALE, masks: 4, maskEmbedding, projections },
  };
  const embedding = other.values.get(finalNorm.name) ?? assert.fail();
  return { adapter, reference: { scale: SCALE, maskEmbedding: embedding, pairs } };
}

async function open(checkpoint: TinyCheckpoint['checkpoint'], form: Partial<GraphOptions> = {}) {
  const built = await buildGraph(
    checkpoint,
    { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 5, withLogits: true, ...form },
    { cacheFolder: temporaryFolder('graph-cache') },
  );
  return openSession(built);
}

const ids = Array.from({ length: LENGTH }, (_, i) => (7 * i) % 31);
const positions = ids.map((_, index) => index);
const request = (rows: readonly number[]) => ({
  ...{ ids: [ids], positions: [positions], rows },
  sees: (_: number, query: number, key: number) => key > 0 && key - 1 <= query,
});

describe('an adapter', () => {
  for (const attentionBiases of [false, true])
    test(`changes its masks as the reference says${attentionBiases ? ', beside biases' : ''}`, async () => {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), { attentionBiases });
      const { shape, tensors } = tiny.checkpoint;
      const { adapter, reference } = adapted(tiny);
      const session = await open({ ...tiny.checkpoint, adapter });
      const isMask = (index: number) => MASKS.includes(index);
      // Rows in another order than the tokens, and not all of them.
      const rows = [8, 0, 4, 3, 2];
      const found = await run(session, shape, {
        ...request(rows),
        past: voidCache(shape),
        adapted: ids.map((_, index) => isMask(index)),
      });
      const wanted = referenceDecoder(shape, tensors, tiny.values, {
        ...{ ids, positions, sees: (query, key) => key <= query },
        adapter: { ...reference, isMask },
      });
      rows.forEach((row, place) => {
        const logits = found.logits[place] ?? assert.fail();
        const expected = wanted.logits[row] ?? assert.fail();
        const largest = Math.max(...expected.map(Math.abs));
        const off = Math.max(...expected.map((value, i) => Math.abs(value - (logits[i] ?? Number.NaN))));
        assert.ok(off <= 2e-5 * largest, `row ${row} is off by ${off} of ${largest}`);
      });
    });

  test('with the largest weights still reaches nothing that is no mask', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const { shape } = tiny.checkpoint;
    const { adapter } = adapted(tiny);
    const [base, both] = await Promise.all([
      open(tiny.checkpoint),
      // As much as hundreds in each weight would make.
      open({ ...tiny.checkpoint, adapter: { ...adapter, scale: 1e30 } }),
    ]);
    const asked = { ...request([2]), past: voidCache(shape) };
    const some = await run(both, shape, { ...asked, adapted: ids.map((_, index) => index > 2) });
    assert.deepEqual(some.logits, (await run(base, shape, asked)).logits);
  });

  for (const precision of ['fp32', 'int8', 'q8', 'q4'] as const)
    test(`leaves what is no mask to the bit as it is, in ${precision}`, async () => {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
      const { shape } = tiny.checkpoint;
      const { adapter } = adapted(tiny);
      const [base, both] = await Promise.all([
        open(tiny.checkpoint, { precision }),
        open({ ...tiny.checkpoint, adapter }, { precision }),
      ]);
      const asked = { ...request([2, 5, 6]), past: voidCache(shape) };
      const plain = await run(base, shape, asked);
      const none = await run(both, shape, { ...asked, adapted: ids.map(() => false) });
      assert.deepEqual(none, plain);
      // What stands before a mask does not see it.
      const first = { ...asked, rows: [2] };
      const some = await run(both, shape, { ...first, adapted: ids.map((_, index) => index > 2) });
      assert.deepEqual(some.logits, (await run(base, shape, first)).logits);
      const changed = await run(both, shape, { ...asked, adapted: ids.map((_, index) => index === 5) });
      assert.notDeepEqual(changed.logits[1], plain.logits[1]);
    });

  test('counts in the memory that the model takes', () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const { adapter } = adapted(tiny);
    const numbers = [...adapter.projections.values()].reduce(
      (sum, { a, b }) => sum + (a.length + b.length) / 4,
      0,
    );
    const without = memoryNeeds(tiny.checkpoint);
    memoryNeeds({ ...tiny.checkpoint, adapter }).forEach((need, index) => {
      const plain = without[index] ?? assert.fail();
      assert.equal(need.weightBytes - plain.weightBytes, 4 * numbers);
      assert.equal(need.quantisedBytes, plain.quantisedBytes);
    });
  });
});
