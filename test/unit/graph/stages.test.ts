// A decoder in stages says what it says in one piece, to the bit; and a pass that nobody waits for any more ends between two stages.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { DecoderShape } from '../../../engine/checkpoint/types';
import { buildGraph } from '../../../engine/graph/build';
import { ranges, runCount, stageCount } from '../../../engine/graph/stages';
import type { GraphOptions, Precision } from '../../../engine/graph/types';
import { type ForwardRequest, type ForwardResult, openBias } from '../../../engine/runtime/forward';
import { type KvState, voidKv } from '../../../engine/runtime/kvState';
import { DecoderSession } from '../../../engine/runtime/session';
import { HALF } from '../infill/halfBillion';
import { randomNumbers, type TinyOptions, temporaryFolder, writeTinyCheckpoint } from './tinyCheckpoint';

const LAYERS = 5;
const LENGTH = 7;
/** Stages, and multiplications of a run at most: of a pass here there are five million. */
const SPLITS: readonly (readonly [stages: number, runWork: number, runs: number])[] = [
  [1, 1, 1],
  [2, 1e9, 1],
  [2, 1, 2],
  [5, 1e9, 1],
  [5, 2e6, 3],
  [5, 1, 5],
];

type Choice = Pick<GraphOptions, 'precision'> & Partial<GraphOptions>;

/** With one session for each way to split a pass. */
async function withSessions(
  options: TinyOptions,
  choice: Choice,
  work: (sessions: readonly DecoderSession[], past: KvState, random: () => number) => Promise<void>,
): Promise<void> {
  const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), {
    ...options,
    shape: { layers: LAYERS, ...options.shape },
  });
  const { shape } = tiny.checkpoint;
  const cacheFolder = temporaryFolder('graph-cache');
  const sessions: DecoderSession[] = [];
  try {
    for (const [stages, runWork, runs] of SPLITS) {
      const built = await buildGraph(
        tiny.checkpoint,
        { attention: 'plain', cacheOutput: 'new', topK: 5, headRows: 2, ...choice, stages },
        { cacheFolder },
      );
      assert.equal(built.stages.length, stages);
      assert.equal(runCount(shape, 2 * LENGTH, stages, runWork), runs);
      sessions.push(await DecoderSession.create(built, shape, { provider: 'cpu', threads: 1, runWork }));
    }
    await work(sessions, voidKv(shape), randomNumbers(5));
  } finally {
    for (const session of sessions) await session.dispose();
  }
}

/** Two lanes, behind a past or none. */
function requestOf(
  past: KvState,
  random: () => number,
  changes: Partial<ForwardRequest> = {},
): ForwardRequest {
  return {
    lanes: 2,
    ids: Int32Array.from({ length: 2 * LENGTH }, () => Math.floor(random() * 131)),
    positions: Int32Array.from({ length: 2 * LENGTH }, (_, index) => past.positions - 1 + (index % LENGTH)),
    past,
    bias: openBias(past.positions, LENGTH),
    asks: [1, 4, 9, 12, 13].map((row) => ({ row, target: row })),
    temperature: 0,
    keep: true,
    ...changes,
  };
}

const KINDS: readonly (readonly [string, TinyOptions, Choice])[] = [
  ['fp32', {}, { precision: 'fp32' }],
  ['fp32, stored as bf16, tied', { dtype: 'BF16', shape: { tiedHead: true } }, { precision: 'fp32' }],
  ['fp16', {}, { precision: 'fp16' }],
  [
    'int8, with biases and layer norms',
    { attentionBiases: true, shape: { norm: 'layer' } },
    { precision: 'int8' },
  ],
  ['q8, fused attention', {}, { precision: 'q8', attention: 'fused' }],
  ['q4, joined K/V', {}, { precision: 'q4', cacheOutput: 'joined' }],
];

function layersOf(result: ForwardResult | undefined) {
  return result?.kv?.location === 'host' ? result.kv.layers : assert.fail();
}

function requireSame(one: ForwardResult, other: ForwardResult | undefined): void {
  assert.deepEqual(one.predictions, other?.predictions);
  assert.deepEqual(layersOf(one), layersOf(other));
}

describe('a decoder in stages', () => {
  for (const [name, options, choice] of KINDS) {
    test(`gives what it gives in one piece: ${name}`, async () => {
      await withSessions(options, choice, async (sessions, nothing, random) => {
        const first = requestOf(nothing, random);
        const read = await Promise.all(sessions.map((session) => session.run(first)));
        for (const one of read) requireSame(one, read[0]);
        const { kv } = read[0] ?? assert.fail();
        const second = requestOf(kv ?? assert.fail(), random);
        const asked = await Promise.all(sessions.map((session) => session.run(second)));
        assert.ok(asked[0]?.predictions.every(({ ids }) => ids.length > 0));
        for (const one of asked) requireSame(one, asked[0]);
        // Without predictions, and without K/V.
        const kept = await Promise.all(sessions.map((session) => session.run({ ...second, asks: [] })));
        for (const one of kept) assert.deepEqual(layersOf(one), layersOf(asked[0]));
        const said = await Promise.all(sessions.map((session) => session.run({ ...second, keep: false })));
        for (const one of said) assert.deepEqual(one.predictions, asked[0]?.predictions);
      });
    });
  }

  test('ends between two stages where nobody waits any more, and the next pass is right', async () => {
    const precision: Precision = 'fp32';
    await withSessions({}, { precision }, async (sessions, nothing, random) => {
      const request = requestOf(nothing, random);
      const [whole] = sessions;
      const wanted = await (whole ?? assert.fail()).run(request);
      for (const [index, session] of sessions.entries()) {
        const gone = new AbortController();
        if (SPLITS[index]?.[2] === 1) {
          // In one run it is made to its end.
          requireSame(await session.run({ ...request, signal: AbortSignal.abort() }), wanted);
          continue;
        }
        const pass = session.run({ ...request, signal: gone.signal });
        setImmediate(() => gone.abort());
        await assert.rejects(pass, { code: 'cancelled' });
        requireSame(await session.run(request), wanted);
      }
    });
  });
});

describe('stages', () => {
  test('have all layers, as equal as can be', () => {
    for (const layers of [1, 5, 24, 28]) {
      for (let count = 1; count <= layers; count++) {
        const groups = ranges(layers, count);
        assert.equal(groups.length, count);
        for (const [index, { first }] of groups.entries()) assert.equal(first, groups[index - 1]?.end ?? 0);
        assert.equal(groups.at(-1)?.end, layers);
        const sizes = groups.map(({ first, end }) => end - first);
        assert.ok(Math.min(...sizes) >= Math.max(1, Math.max(...sizes) - 1));
      }
    }
  });

  test('are more for larger models, at most one a layer, and one for small ones; runs are more for longer passes', () => {
    const small = writeTinyCheckpoint(temporaryFolder('shape'), {}).checkpoint.shape;
    const sizes = { hiddenSize: 3584, layers: 28, heads: 28, kvHeads: 4, headSize: 128, ffnSize: 18944 };
    const seven: DecoderShape = { ...HALF, ...sizes, vocabSize: 152_064 };
    assert.equal(stageCount(small), 1);
    assert.equal(stageCount(HALF), 5);
    assert.equal(stageCount(seven), 28);
    const runs = (shape: DecoderShape, tokens: number) => runCount(shape, tokens, stageCount(shape));
    assert.deepEqual(
      [1, 16, 64, 317, 2000].map((tokens) => runs(HALF, tokens)),
      [1, 1, 1, 4, 5],
    );
    assert.deepEqual(
      [1, 22, 192].map((tokens) => runs(seven, tokens)),
      [4, 7, 28],
    );
  });
});
