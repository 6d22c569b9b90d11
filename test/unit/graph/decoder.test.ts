// The built graph against the reference decoder: every attention pattern is a bias, so each is tried.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { DecoderShape } from '../../../engine/checkpoint/types';
import { buildGraph } from '../../../engine/graph/build';
import type { GraphOptions } from '../../../engine/graph/types';
import { type Cache, openSession, type Run, run, voidCache } from './graphRunner';
import { at, referenceDecoder } from './referenceDecoder';
import {
  randomNumbers,
  type TinyCheckpoint,
  type TinyOptions,
  temporaryFolder,
  writeTinyCheckpoint,
} from './tinyCheckpoint';

const FORMS: readonly Pick<GraphOptions, 'attention' | 'cacheOutput'>[] = [
  { attention: 'plain', cacheOutput: 'new' },
  { attention: 'plain', cacheOutput: 'joined' },
  { attention: 'fused', cacheOutput: 'new' },
  { attention: 'fused', cacheOutput: 'joined' },
];

const PATTERNS: Readonly<Record<string, (query: number, key: number) => boolean>> = {
  full: () => true,
  causal: (query, key) => key <= query,
  'block-causal': (query, key) => Math.floor(key / 4) <= Math.floor(query / 4),
};

const range = (length: number, start = 0) => Array.from({ length }, (_, index) => start + index);

function randomIds(length: number, vocabSize: number, seed: number): number[] {
  const random = randomNumbers(seed);
  return range(length).map(() => Math.floor(random() * vocabSize));
}

async function open(tiny: TinyCheckpoint, form: Partial<GraphOptions>) {
  const built = await buildGraph(
    tiny.checkpoint,
    { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 5, withLogits: true, ...form },
    { cacheFolder: temporaryFolder('graph-cache') },
  );
  const session = await openSession(built);
  return (request: Run) => run(session, tiny.checkpoint.shape, request);
}

/** Largest difference, over the largest value of what is wanted. */
function distance(got: ArrayLike<number>, want: ArrayLike<number>): number {
  assert.equal(got.length, want.length);
  let largest = 0;
  let difference = 0;
  for (let index = 0; index < want.length; index++) {
    largest = Math.max(largest, Math.abs(at(want, index)));
    difference = Math.max(difference, Math.abs(at(got, index) - at(want, index)));
    assert.ok(Number.isFinite(at(got, index)), `element ${index} is ${at(got, index)}`);
  }
  return difference / largest;
}

function close(
  got: readonly ArrayLike<number>[],
  want: readonly ArrayLike<number>[],
  tolerance: number,
): void {
  assert.equal(got.length, want.length);
  got.forEach((row, index) => {
    const off = distance(row, at(want, index));
    assert.ok(off <= tolerance, `row ${index} is off by ${off}`);
  });
}

/** Past positions of one cache, in front of the void nobody sees. */
function headsFirst(rows: readonly Float64Array[], { kvHeads, headSize }: DecoderShape): Float32Array {
  return Float32Array.from(
    range(kvHeads).flatMap((h) => rows.flatMap((row) => [...row.subarray(h * headSize, (h + 1) * headSize)])),
  );
}

/** As StarCoder2 has it. */
const PLAIN = { norm: 'layer', mlp: 'gelu' } as const;

const VARIANTS: Readonly<Record<string, TinyOptions>> = {
  'grouped heads, untied head': {},
  'biases, tied head': { attentionBiases: true, shape: { tiedHead: true } },
  'QK norm, head size unlike hidden size over heads': { shape: { qkNorm: true, headSize: 32 } },
  'as many K/V heads as heads, large base': { shape: { kvHeads: 4, ropeTheta: 1e6 } },
  'one layer, one K/V head, odd vocabulary': { shape: { layers: 1, kvHeads: 1, vocabSize: 97 } },
  'layer norms, a plain MLP, biases everywhere': { shape: PLAIN, attentionBiases: true, mlpBiases: true },
  'layer norms, a plain MLP without biases, tied head': { shape: { ...PLAIN, tiedHead: true } },
};

describe('the decoder graph equals the reference', () => {
  for (const [variant, options] of Object.entries(VARIANTS)) {
    for (const form of FORMS) {
      test(`${variant}; ${form.attention}, ${form.cacheOutput}`, async () => {
        const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), options);
        const { shape, tensors } = tiny.checkpoint;
        const forward = await open(tiny, form);
        const length = 13;
        const ids = randomIds(length, shape.vocabSize, 7);
        // Gaps between positions: a hole may take more than its text has.
        const positions = range(length).map((index) => (index < 6 ? index : index + 300));
        for (const [name, sees] of Object.entries(PATTERNS)) {
          const want = referenceDecoder(shape, tensors, tiny.values, { ids, positions, sees });
          const got = await forward({
            ids: [ids],
            positions: [positions],
            past: voidCache(shape),
            sees: (_, query, key) => key > 0 && sees(query, key - 1),
            rows: range(length),
          });
          close(got.logits, want.logits, 2e-5);
          assert.equal(got.cache.length, form.cacheOutput === 'new' ? length : length + 1, name);
          if (form.cacheOutput === 'new') {
            close(
              got.cache.keys,
              want.keys.map((rows) => headsFirst(rows, shape)),
              2e-5,
            );
            close(
              got.cache.values,
              want.values.map((rows) => headsFirst(rows, shape)),
              2e-5,
            );
          }
        }
      });
    }
  }

  for (const dtype of ['F16', 'BF16'] as const) {
    test(`weights stored as ${dtype}`, async () => {
      const folder = temporaryFolder('a folder, naïve 模型');
      const tiny = writeTinyCheckpoint(folder, { dtype, attentionBiases: true });
      const { shape, tensors } = tiny.checkpoint;
      const forward = await open(tiny, {});
      const ids = randomIds(9, shape.vocabSize, 3);
      const want = referenceDecoder(shape, tensors, tiny.values, {
        ids,
        positions: range(9),
        sees: () => true,
      });
      const got = await forward({
        ids: [ids],
        positions: [range(9)],
        past: voidCache(shape),
        sees: (_, __, key) => key > 0,
        rows: range(9),
      });
      close(got.logits, want.logits, 2e-5);
    });
  }
});

describe('fp16 products', () => {
  for (const embeddingScale of [1, 1e7]) {
    test(`are near the reference, with a residual stream ${embeddingScale} times as large`, async () => {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), { embeddingScale, attentionBiases: true });
      const { shape, tensors } = tiny.checkpoint;
      const ids = randomIds(9, shape.vocabSize, 3);
      const want = referenceDecoder(shape, tensors, tiny.values, {
        ids,
        positions: range(9),
        sees: () => true,
      });
      for (const form of FORMS) {
        const forward = await open(tiny, { ...form, precision: 'fp16' });
        const got = await forward({
          ids: [ids],
          positions: [range(9)],
          past: voidCache(shape),
          sees: (_, __, key) => key > 0,
          rows: range(9),
        });
        close(got.logits, want.logits, 5e-3);
      }
    });
  }

  test('are near the reference with layer norms and a plain MLP', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), {
      ...{ shape: PLAIN, attentionBiases: true, mlpBiases: true },
    });
    const { shape, tensors } = tiny.checkpoint;
    const ids = randomIds(9, shape.vocabSize, 3);
    const request = { positions: range(9), sees: () => true };
    const want = referenceDecoder(shape, tensors, tiny.values, { ids, ...request });
    const forward = await open(tiny, { precision: 'fp16' });
    const got = await forward({
      ids: [ids],
      positions: [request.positions],
      past: voidCache(shape),
      sees: (_, __, key) => key > 0,
      rows: range(9),
    });
    close(got.logits, want.logits, 5e-3);
  });
});

describe('a cached past', () => {
  for (const form of FORMS) {
    test(`two lanes over one past equal each lane alone, uncached; ${form.attention}, ${form.cacheOutput}`, async () => {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), { attentionBiases: true });
      const { shape, tensors } = tiny.checkpoint;
      const forward = await open(tiny, form);
      const sees = PATTERNS['block-causal'] ?? assert.fail();
      const prefix = randomIds(8, shape.vocabSize, 21);
      const lanes = [randomIds(6, shape.vocabSize, 22), randomIds(6, shape.vocabSize, 23)];
      const first = await forward({
        ids: [prefix],
        positions: [range(8)],
        past: voidCache(shape),
        sees: (_, query, key) => key > 0 && sees(query, key - 1),
        rows: [0],
      });
      const past = form.cacheOutput === 'new' ? behindVoid(first.cache, shape) : first.cache;
      assert.deepEqual([past.lanes, past.length], [1, 9]);
      const got = await forward({
        ids: lanes,
        positions: [range(6, 8), range(6, 8)],
        past,
        sees: (_, query, key) => key > 0 && sees(query + 8, key - 1),
        biasLanes: 1,
        rows: range(12),
      });
      const want = lanes.flatMap((lane) =>
        referenceDecoder(shape, tensors, tiny.values, {
          ids: [...prefix, ...lane],
          positions: range(14),
          sees,
        }).logits.slice(8),
      );
      close(got.logits, want, 2e-5);
    });

    test(`a past for each lane, a bias for each lane; ${form.attention}, ${form.cacheOutput}`, async () => {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
      const { shape, tensors } = tiny.checkpoint;
      const forward = await open(tiny, form);
      const sees = PATTERNS['causal'] ?? assert.fail();
      const lanes = [randomIds(11, shape.vocabSize, 31), randomIds(11, shape.vocabSize, 32)];
      const first = await forward({
        ids: lanes.map((lane) => lane.slice(0, 5)),
        positions: [range(5), range(5)],
        past: voidCache(shape),
        sees: (_, query, key) => key > 0 && sees(query, key - 1),
        rows: [0],
      });
      const past = form.cacheOutput === 'new' ? first.cache : withoutVoid(first.cache, shape);
      // The second lane does not see position 2.
      const hidden = (lane: number, key: number) => lane === 1 && key === 2;
      const got = await forward({
        ids: lanes.map((lane) => lane.slice(5)),
        positions: [range(6, 5), range(6, 5)],
        past,
        sees: (lane, query, key) => sees(query + 5, key) && !hidden(lane, key),
        rows: [0, 5, 6, 11],
      });
      const want = lanes.flatMap((ids, lane) => {
        const { logits } = referenceDecoder(shape, tensors, tiny.values, {
          ids,
          positions: range(11),
          sees: (query, key) => sees(query, key) && !(query >= 5 && hidden(lane, key)),
        });
        return [at(logits, 5), at(logits, 10)];
      });
      close(got.logits, want, 2e-5);
    });

    test(`one bias row for all queries; ${form.attention}, ${form.cacheOutput}`, async () => {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
      const { shape } = tiny.checkpoint;
      const forward = await open(tiny, form);
      const request: Run = {
        ids: [randomIds(7, shape.vocabSize, 41), randomIds(7, shape.vocabSize, 42)],
        positions: [range(7), range(7)],
        past: voidCache(shape),
        sees: (_, __, key) => key > 0,
        rows: range(14),
      };
      const long = await forward(request);
      const short = await forward({ ...request, biasLanes: 1, biasRows: 1 });
      close(short.logits, long.logits, 1e-6);
    });
  }
});

/** New K/V behind a position that nothing sees. */
function behindVoid(cache: Cache, shape: DecoderShape): Cache {
  const behind = (layer: Float32Array) => {
    const size = shape.headSize;
    const grown = new Float32Array(shape.kvHeads * (cache.length + 1) * size);
    for (let h = 0; h < shape.kvHeads; h++) {
      const part = layer.subarray(h * cache.length * size, (h + 1) * cache.length * size);
      grown.set(part, (h * (cache.length + 1) + 1) * size);
    }
    return grown;
  };
  return {
    lanes: 1,
    length: cache.length + 1,
    keys: cache.keys.map(behind),
    values: cache.values.map(behind),
  };
}

/** Joined K/V of several lanes without the first position. */
function withoutVoid(cache: Cache, shape: DecoderShape): Cache {
  const drop = (layer: Float32Array) => {
    const row = cache.length * shape.headSize;
    return Float32Array.from(
      range(cache.lanes * shape.kvHeads).flatMap((h) => [
        ...layer.subarray(h * row + shape.headSize, (h + 1) * row),
      ]),
    );
  };
  return { ...cache, length: cache.length - 1, keys: cache.keys.map(drop), values: cache.values.map(drop) };
}

describe('the head', () => {
  test('bias, temperature, best tokens, entropy and targets', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const { shape } = tiny.checkpoint;
    const forward = await open(tiny, {});
    const ids = randomIds(6, shape.vocabSize, 51);
    const banned = new Float32Array(shape.vocabSize);
    banned.fill(-1e9, 0, 100);
    const infinite = new Float32Array(shape.vocabSize).fill(-Infinity, 50);
    const biases = [new Float32Array(shape.vocabSize), banned, infinite];
    const biasRows = [0, 1, 2];
    const targets = [9, 120, 17];
    const inverseTemperature = 0.6;
    const got = await forward({
      ids: [ids],
      positions: [range(6)],
      past: voidCache(shape),
      sees: (_, __, key) => key > 0,
      rows: [4, 0, 4],
      logitBias: biases,
      logitBiasRow: biasRows,
      inverseTemperature,
      targets,
    });
    got.logits.forEach((logits, row) => {
      const scaled = [...logits].map(
        (logit, id) => (logit + at(at(biases, at(biasRows, row)), id)) * inverseTemperature,
      );
      const largest = Math.max(...scaled);
      const total = scaled.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      const logprobs = scaled.map((value) => value - largest - Math.log(total));
      const best = range(shape.vocabSize)
        .sort((a, b) => at(logprobs, b) - at(logprobs, a))
        .slice(0, 5);
      const entropy = logprobs.reduce(
        (sum, value) => sum - (Math.exp(value) > 0 ? Math.exp(value) * value : 0),
        0,
      );
      assert.deepEqual([...at(got.topIds, row)], best);
      close([at(got.topLogprobs, row)], [best.map((id) => at(logprobs, id))], 1e-5);
      assert.ok(
        Math.abs(at(got.entropy, row) - entropy) < 1e-4,
        `entropy ${at(got.entropy, row)}, not ${entropy}`,
      );
      assert.ok(Math.abs(at(got.targetLogprobs, row) - at(logprobs, at(targets, row))) < 1e-4);
    });
  });

  test('no more best tokens than the vocabulary has', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), { shape: { vocabSize: 7 } });
    const { shape } = tiny.checkpoint;
    const forward = await open(tiny, { topK: 20 });
    const { topIds } = await forward({
      ids: [[1, 2, 3]],
      positions: [range(3)],
      past: voidCache(shape),
      sees: (_, __, key) => key > 0,
      rows: [1],
    });
    assert.deepEqual([...at(topIds, 0)].sort(), range(7));
  });
});
