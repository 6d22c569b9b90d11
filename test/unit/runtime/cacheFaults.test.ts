// Requests are cancelled and runs fail at any moment; the caches outlive them. Whatever happened before, a block must be
// told what a new denoiser would tell it, and in the end all memory must have come back, once.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { HoleContext } from '../../../engine/denoiser';
import { isEngineError } from '../../../engine/errors';
import { AutoregressiveDenoiser } from '../../../engine/runtime/autoregressiveDenoiser';
import { CachedBlockDenoiser } from '../../../engine/runtime/cachedBlockDenoiser';
import { BlockCausalContext, CanvasContext } from '../../../engine/runtime/holeContext';
import { FaultyForward, failure, TINY } from './faultyForward';

const BLOCK = 4;
const GREEDY = { temperature: 0 };

type Kind = 'block-causal' | 'canvas' | 'joint canvas';

interface Setting {
  readonly kind: Kind;
  readonly device: boolean;
  readonly shifted: boolean;
}

function denoiserOf({ kind, shifted }: Setting, forward: FaultyForward): CachedBlockDenoiser {
  const encoder =
    kind === 'block-causal'
      ? new BlockCausalContext(forward, TINY, BLOCK)
      : new CanvasContext(forward, TINY, {
          holeGap: 32,
          suffixSeesPrefix: kind === 'joint canvas',
          inverseFrequencies: [0.1],
        });
  return new CachedBlockDenoiser(forward, TINY, encoder, { blockLength: BLOCK, maxBlocks: 8, shifted });
}

/** Tokens around a hole that differ from each other as those of a person at work do. */
const tokens = fc
  .record({
    // The chunk in which a context is encoded is 256 tokens long.
    length: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 240, max: 530 })),
    edit: fc.option(
      fc.record({ at: fc.integer({ min: 0, max: 529 }), token: fc.integer({ min: 1, max: 9 }) }),
    ),
  })
  .map(({ length, edit }) =>
    Int32Array.from({ length }, (_, i) => (edit && i === edit.at ? edit.token : 1 + ((i * i + 3 * i) % 7))),
  );
const block = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: BLOCK, maxLength: BLOCK });
const request = fc.record({
  before: tokens,
  after: tokens,
  lanes: fc.integer({ min: 1, max: 3 }),
  /** Each block is predicted and committed by those lanes that are still there. */
  blocks: fc.array(fc.record({ tokens: block, leaves: fc.option(fc.integer({ min: 0, max: 2 })) }), {
    maxLength: 3,
  }),
  /** The run before which it goes wrong, and how. */
  fault: fc.option(
    fc.record({ run: fc.integer({ min: 1, max: 9 }), how: fc.constantFrom('fails', 'is cancelled') }),
  ),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

test('the token before a block runs alone where only the first cell is asked about', async () => {
  const forward = new FaultyForward(false);
  const lengths: number[] = [];
  forward.beforeRun = ({ ids, asks }) => void (asks.length > 0 && lengths.push(ids.length));
  const first = async (shifted: boolean, positions: readonly number[], before: Int32Array) => {
    const denoiser = denoiserOf({ kind: 'block-causal', device: false, shifted }, forward);
    await denoiser.open({ before, after: new Int32Array(0) }, 2);
    const lanes = [0, 1].map((lane) => ({
      lane,
      tokens: Int32Array.of(3, 1, 4, 1 + lane),
      asks: positions.map((position) => ({ position })),
    }));
    const heard = (await denoiser.predict(lanes, GREEDY)).map(([one]) => one?.entropy);
    denoiser.dispose();
    return heard;
  };
  const context = Int32Array.of(2, 7, 1, 8);
  assert.deepEqual(await first(true, [0], context), await first(true, [0, 1, 2, 3], context));
  await first(true, [1], context);
  await first(true, [0], new Int32Array(0));
  await first(false, [0], context);
  assert.deepEqual(lengths, [2 * 1, 2 * 5, 2 * 5, 2 * 4, 2 * 4]);
});

test('at the end of a request what was written goes, and what stands around it stays', async () => {
  const context = Int32Array.of(2, 7, 1, 8, 2, 8);
  const aheadOf = (forward: FaultyForward) =>
    new AutoregressiveDenoiser(forward, TINY, { maxTokens: 8, opening: 1 });
  for (const make of [
    ...(['block-causal', 'canvas', 'joint canvas'] as const).map(
      (kind) => (forward: FaultyForward) => denoiserOf({ kind, device: false, shifted: true }, forward),
    ),
    aheadOf,
  ]) {
    const forward = new FaultyForward(false);
    const denoiser = make(forward);
    await denoiser.open({ before: context, after: new Int32Array(0) }, 3);
    const around = forward.held;
    for (const token of [3, 4]) {
      const lanes = [0, 1, 2].map((lane) => ({
        lane,
        tokens: new Int32Array(denoiser.blockLength).fill(token + lane),
        asks: [{ position: 0 }],
      }));
      await denoiser.predict(lanes, GREEDY);
      const blocks = lanes.map(({ tokens }) => tokens);
      await denoiser.commit(blocks, [0, 1, 2]);
    }
    assert.ok(forward.held > around);
    denoiser.close();
    assert.equal(forward.held, around);
    let runs = 0;
    forward.beforeRun = () => void runs++;
    await denoiser.open({ before: context, after: new Int32Array(0) }, 1);
    assert.equal(runs, 0, 'the context is read already');
    denoiser.dispose();
    assert.equal(forward.held, 0);
  }
});

/** What each block was told, until the request ended. */
async function answer(
  denoiser: CachedBlockDenoiser,
  { before, after, lanes, blocks }: Request,
  kind: Kind,
  signal?: AbortSignal,
): Promise<number[][]> {
  const context: HoleContext = { before, after: kind === 'block-causal' ? new Int32Array(0) : after };
  await denoiser.open(context, lanes, signal);
  const options = { ...GREEDY, ...(signal ? { signal } : {}) };
  let open = Array.from({ length: lanes }, (_, lane) => lane);
  const heard: number[][] = [];
  for (const { tokens: source, leaves } of blocks) {
    const blockOf = (lane: number) => Int32Array.from(source, (token) => ((token + lane) % 9) + 1);
    const asks = Array.from({ length: BLOCK }, (_, position) => ({ position }));
    const answers = await denoiser.predict(
      open.map((lane) => ({ lane, tokens: blockOf(lane), asks })),
      options,
    );
    heard.push(answers.flatMap((lane) => lane.map(({ entropy }) => entropy)));
    if (open.length > 1) open = open.filter((lane) => lane !== leaves);
    await denoiser.commit(open.map(blockOf), open, signal);
  }
  return heard;
}

async function isTold(setting: Setting, requests: readonly Request[]): Promise<void> {
  const forward = new FaultyForward(setting.device);
  const denoiser = denoiserOf(setting, forward);
  for (const each of requests) {
    const controller = new AbortController();
    let runs = 0;
    forward.beforeRun = () => {
      if (++runs !== each.fault?.run) return;
      if (each.fault.how === 'fails') throw failure();
      controller.abort();
    };
    let heard: number[][] | undefined;
    try {
      heard = await answer(denoiser, each, setting.kind, controller.signal);
    } catch (error) {
      assert.ok(isEngineError(error) && ['runtime-failed', 'cancelled'].includes(error.code), String(error));
    }
    if (heard === undefined) continue;
    const fresh = denoiserOf(setting, new FaultyForward(setting.device));
    assert.deepEqual(heard, await answer(fresh, each, setting.kind));
    assert.ok(heard.flat().every((value) => !Number.isNaN(value)));
  }
  denoiser.dispose();
  assert.equal(forward.held, 0, 'not all memory came back');
}

describe('requests that are cancelled, or fail, anywhere', () => {
  for (const kind of ['block-causal', 'canvas', 'joint canvas'] as const) {
    for (const device of [false, true]) {
      test(`${kind}, K/V ${device ? 'on the device' : 'in main memory'}`, () =>
        fc.assert(
          fc.asyncProperty(
            fc.boolean(),
            fc.array(request, { minLength: 1, maxLength: 4 }),
            (shifted, requests) => isTold({ kind, device, shifted }, requests),
          ),
          { numRuns: 15 },
        ));
    }
  }
});
