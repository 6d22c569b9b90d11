// The caches against no cache, through the real graphs: whatever is reused, the predictions are the same.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Ask, BlockDenoiser, Lane, Prediction } from '../../engine/denoiser';
import { rotaryFrequencies } from '../../engine/graph/rotary';
import { AutoregressiveDenoiser } from '../../engine/runtime/autoregressiveDenoiser';
import { CachedBlockDenoiser } from '../../engine/runtime/cachedBlockDenoiser';
import { type Forward, shapedBias } from '../../engine/runtime/forward';
import { BlockCausalContext, CanvasContext } from '../../engine/runtime/holeContext';
import { CachedInPlaceDenoiser } from '../../engine/runtime/inPlaceDenoiser';
import { voidKv } from '../../engine/runtime/kvState';
import { type FixtureModel, openFixture } from './fixtureModel';

const GREEDY = { temperature: 0 };
/** Sums in another order: fp32 rounding, nothing else. */
const ROUNDING = 2e-4;

function same(
  actual: readonly Prediction[] | undefined,
  expected: readonly Prediction[] | undefined,
  what: string,
) {
  assert.ok(actual && expected && actual.length === expected.length && actual.length > 0, what);
  actual.forEach((prediction, i) => {
    const other = expected[i];
    assert.ok(other);
    assert.ok(Math.abs(prediction.entropy - other.entropy) <= ROUNDING, `${what}: entropy of row ${i}`);
    prediction.logProbs.forEach((value, k) => {
      const difference = Math.abs(value - (other.logProbs[k] ?? Number.NaN));
      assert.ok(difference <= ROUNDING, `${what}: row ${i}, best ${k}: off by ${difference}`);
    });
  });
}
function differ(a: readonly Prediction[] | undefined, b: readonly Prediction[] | undefined): boolean {
  return (a ?? []).some(
    (prediction, i) => Math.abs(prediction.entropy - (b?.[i]?.entropy ?? 0)) > 10 * ROUNDING,
  );
}
const tokens = (length: number, seed: number) =>
  Int32Array.from({ length }, (_, i) => 20 + ((i * 7 + seed * 13) % 200));
const asksFor = (positions: readonly number[]): Ask[] => positions.map((position) => ({ position }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function withModel(name: string, body: (model: FixtureModel) => Promise<void>) {
  const model = await openFixture(name);
  try {
    await body(model);
  } finally {
    await model.dispose();
  }
}

for (const name of ['dreamon', 'llada']) {
  describe(`in place: ${name}`, () => {
    const masks = range(20, 28);
    const options = (shifted: boolean, cache: 'dual' | 'exact', refreshEvery = 4) => ({
      shifted,
      cache,
      refreshEvery,
      padToken: 0,
    });

    test('the dual cache is exact for a canvas that has not changed, and near once it has', () =>
      withModel(name, async ({ checkpoint, session }) => {
        const { shifted } = checkpoint.family;
        const canvas = tokens(48, 1);
        for (const position of masks) canvas[position] = checkpoint.specials.mask;
        const lane: Lane = { tokens: canvas, asks: asksFor(masks) };
        const dual = new CachedInPlaceDenoiser(session, checkpoint.shape, options(shifted, 'dual'));
        const exact = new CachedInPlaceDenoiser(session, checkpoint.shape, options(shifted, 'exact'));
        const [wanted] = await exact.predict([lane], GREEDY);
        const [first] = await dual.predict([lane], GREEDY);
        const [windowed] = await dual.predict([lane], GREEDY);
        same(first, wanted, 'full pass');
        same(windowed, wanted, 'windowed pass');
        const next: Lane = { tokens: canvas.slice(), asks: asksFor(masks.slice(1)) };
        next.tokens[masks[0] ?? 0] = 33;
        const [changed] = await exact.predict([next], GREEDY);
        const [approximate] = await dual.predict([next], GREEDY);
        assert.ok(differ(changed, wanted?.slice(1)), 'a committed token changes the others');
        assert.ok(differ(approximate, wanted?.slice(1)), 'and the window notices');
      }));

    test('what changes outside the window, or the length, is computed again', () =>
      withModel(name, async ({ checkpoint, session }) => {
        const { shifted } = checkpoint.family;
        const dual = new CachedInPlaceDenoiser(session, checkpoint.shape, options(shifted, 'dual', 100));
        const exact = new CachedInPlaceDenoiser(session, checkpoint.shape, options(shifted, 'exact'));
        const canvas = tokens(48, 1);
        for (const position of masks) canvas[position] = checkpoint.specials.mask;
        await dual.predict([{ tokens: canvas, asks: asksFor(masks) }], GREEDY);
        const outside = canvas.slice();
        outside[3] = 77;
        for (const changed of [outside, canvas.slice(0, 40)]) {
          const lane = { tokens: changed, asks: asksFor(masks) };
          same(
            (await dual.predict([lane], GREEDY))[0],
            (await exact.predict([lane], GREEDY))[0],
            'changed canvas',
          );
        }
      }));

    test('lanes of other lengths in one batch, each as if it were alone', () =>
      withModel(name, async ({ checkpoint, session }) => {
        const exact = new CachedInPlaceDenoiser(
          session,
          checkpoint.shape,
          options(checkpoint.family.shifted, 'exact'),
        );
        const lanes = [30, 45, 37].map((length, i) => ({
          tokens: tokens(length, i),
          asks: asksFor([5, 20 + i]),
        }));
        const together = await exact.predict(lanes, GREEDY);
        for (const [i, lane] of lanes.entries())
          same(together[i], (await exact.predict([lane], GREEDY))[0], `lane ${i}`);
      }));
  });
}

/** `encodedTokens`: tokens whose K/V was computed so far; what was kept is not among them. */
function blockDenoiser({ checkpoint, session }: FixtureModel): {
  denoiser: BlockDenoiser;
  encodedTokens: () => number;
} {
  let encoded = 0;
  const forward: Forward = {
    deviceCache: session.deviceCache,
    run: (request) => {
      if (request.keep) encoded += request.ids.length;
      return session.run(request);
    },
  };
  const { attention, shifted } = checkpoint.family;
  assert.notEqual(attention.kind, 'full');
  if (attention.kind === 'full') throw new Error('not a block family');
  const encoder =
    attention.kind === 'cached-canvas'
      ? new CanvasContext(forward, checkpoint.shape, {
          holeGap: attention.holeGap,
          suffixSeesPrefix: attention.suffixSeesPrefix,
          inverseFrequencies: rotaryFrequencies(checkpoint.shape).inverse,
        })
      : new BlockCausalContext(forward, checkpoint.shape, attention.blockLength);
  const denoiser = new CachedBlockDenoiser(forward, checkpoint.shape, encoder, {
    blockLength: attention.blockLength,
    maxBlocks: 8,
    shifted,
  });
  return { denoiser, encodedTokens: () => encoded };
}

/** The whole sequence in one pass, block-causal, no cache: what every cached run has to agree with. */
async function uncached(forward: Forward, model: FixtureModel, ids: Int32Array, rows: readonly number[]) {
  const { attention, shifted } = model.checkpoint.family;
  if (attention.kind !== 'block-causal') throw new Error('not block-causal');
  const block = (position: number) => Math.floor(position / attention.blockLength);
  const { predictions } = await forward.run({
    lanes: 1,
    ids,
    positions: Int32Array.from(ids, (_, i) => i),
    past: voidKv(model.checkpoint.shape),
    bias: shapedBias(1, ids.length, (query, key) => block(key) <= block(query)),
    asks: rows.map((row) => ({ row: shifted ? row - 1 : row })),
    temperature: 0,
    keep: false,
  });
  return predictions;
}

for (const name of ['stable-diffcoder', 'sdar', 'fast-dllm-v2']) {
  describe(`block by block: ${name}`, () => {
    test('prompt, committed blocks and the current one through the cache, as in one pass over everything', () =>
      withModel(name, async (model) => {
        const { denoiser } = blockDenoiser(model);
        const B = denoiser.blockLength;
        const { mask } = model.checkpoint.specials;
        const prompt = tokens(2 * B + 2, 3);
        const { lead } = await denoiser.open({ before: prompt, after: new Int32Array(0) }, 2);
        assert.deepEqual(lead, prompt.slice(2 * B));
        const blocks = [0, 1].map((lane) => {
          const block = tokens(B, 5 + lane);
          block.set(lead);
          return block;
        });
        await denoiser.commit(blocks, [0, 1]);
        const current = [0, 1].map(() => new Int32Array(B).fill(mask));
        const lanes = current.map((block, lane) => ({ lane, tokens: block, asks: asksFor(range(0, B)) }));
        const predicted = await denoiser.predict(lanes, GREEDY);
        for (const lane of [0, 1]) {
          const whole = Int32Array.of(
            ...prompt.slice(0, 2 * B),
            ...(blocks[lane] ?? []),
            ...(current[lane] ?? []),
          );
          same(
            predicted[lane],
            await uncached(model.session, model, whole, range(3 * B, 4 * B)),
            `lane ${lane}`,
          );
        }
        const alone = await denoiser.predict(lanes.slice(1), GREEDY);
        same(alone[0], predicted[1], 'a lane whose neighbour has finished');
      }));

    test('a prompt that grows keeps its encoded blocks', () =>
      withModel(name, async (model) => {
        const { denoiser, encodedTokens } = blockDenoiser(model);
        const B = denoiser.blockLength;
        const prompt = tokens(4 * B, 3);
        await denoiser.open({ before: prompt.slice(0, 3 * B), after: new Int32Array(0) }, 1);
        const before = encodedTokens();
        await denoiser.open({ before: prompt, after: new Int32Array(0) }, 1);
        assert.equal(encodedTokens() - before, B);
        const block = new Int32Array(B).fill(model.checkpoint.specials.mask);
        const [kept] = await denoiser.predict([{ tokens: block, asks: asksFor([0, B - 1]) }], GREEDY);
        const expected = await uncached(model.session, model, Int32Array.of(...prompt, ...block), [
          4 * B,
          5 * B - 1,
        ]);
        same(kept, expected, 'grown prompt');
      }));
  });
}

describe('from left to right', () => {
  test('each lane as in one pass over everything, at one forward a token, whoever is asked', () =>
    withModel('qwen2.5-coder', async (model) => {
      const { shape } = model.checkpoint;
      let forwards = 0;
      const counted: Forward = {
        deviceCache: model.session.deviceCache,
        run: (request) => {
          forwards++;
          return model.session.run(request);
        },
      };
      const denoiser = new AutoregressiveDenoiser(counted, shape, { maxTokens: 64, opening: 7 });
      const prompt = tokens(9, 3);
      const expected = (lane: number, more: readonly number[]) =>
        uncached(model.session, model, Int32Array.of(...prompt, ...more), [prompt.length + more.length]).then(
          (found) => same(asked[lane], found, `lane ${lane} behind ${more.length}`),
        );
      const lane = (number: number): Lane => ({ lane: number, tokens: Int32Array.of(0), asks: asksFor([0]) });
      let asked: Prediction[][] = [];
      const ask = async (...numbers: number[]) => {
        const found = await denoiser.predict(numbers.map(lane), GREEDY);
        asked = [];
        for (const [index, number] of numbers.entries()) asked[number] = found[index] ?? [];
      };
      await denoiser.open({ before: prompt, after: new Int32Array(0) }, 3);
      const before = forwards;
      await ask(0, 1, 2);
      for (const number of [0, 1, 2]) await expected(number, []);
      await denoiser.commit([Int32Array.of(30), Int32Array.of(31), Int32Array.of(32)], [0, 1, 2]);
      await ask(2, 0, 1);
      for (const number of [0, 1, 2]) await expected(number, [30 + number]);
      // One lane alone is asked again; all of them go on.
      await ask(1);
      await expected(1, [31]);
      await denoiser.commit([Int32Array.of(40), Int32Array.of(42)], [0, 2]);
      await ask(0, 2);
      await expected(0, [30, 40]);
      await expected(2, [32, 42]);
      // What is locked is committed without being asked about.
      await denoiser.commit([Int32Array.of(52)], [2]);
      await denoiser.commit([Int32Array.of(62)], [2]);
      await ask(2);
      await expected(2, [32, 42, 52, 62]);
      assert.equal(forwards - before, 6, 'one forward a token, and one for what was asked twice');
      const growing = Int32Array.of(...prompt, 80, 81);
      const kept = forwards;
      await denoiser.open({ before: growing, after: new Int32Array(0) }, 1);
      assert.equal(forwards - kept, 1, 'what was encoded stays');
      denoiser.dispose();
    }));

  test('what the text repeats is read ahead, and what comes of it is what comes without that', () =>
    withModel('smollm2', async (model) => {
      const { shape } = model.checkpoint;
      let [forwards, widest] = [0, 0];
      const counted = (deviceCache: boolean): Forward => ({
        deviceCache,
        run: (request) => {
          forwards++;
          widest = Math.max(widest, request.ids.length);
          return model.session.run(request);
        },
      });
      const [line, other] = [tokens(10, 1), tokens(3, 5)];
      // The line, something else, and the line's beginning again.
      const prompt = Int32Array.of(...line, ...other, ...line.subarray(0, 3));
      /** Predictions behind each of the tokens that are written, as they are without a cache; and the passes that they took. */
      const passesOf = async (
        written: readonly number[],
        { lanes = 1, deviceCache = false, other = -1 } = {},
      ) => {
        const denoiser = new AutoregressiveDenoiser(counted(deviceCache), shape, {
          maxTokens: 64,
          opening: 7,
        });
        await denoiser.open({ before: prompt, after: new Int32Array(0) }, lanes);
        [forwards, widest] = [0, 0];
        const bias = new Float32Array(model.checkpoint.shape.vocabSize);
        for (const [index, token] of written.entries()) {
          const asks = [index === other ? { position: 0, bias } : { position: 0 }];
          const asked = Array.from({ length: lanes }, (_, lane) => ({
            lane,
            tokens: Int32Array.of(0),
            asks,
          }));
          const [found] = await denoiser.predict(asked, GREEDY);
          const text = Int32Array.of(...prompt, ...written.slice(0, index));
          same(found, await uncached(model.session, model, text, [text.length]), `behind ${index}`);
          await denoiser.commit(asked.map(() => Int32Array.of(token)));
        }
        denoiser.dispose();
        return { forwards, widest };
      };
      const onward = [...line.subarray(3), ...other];
      const plain = { forwards: onward.length, widest: 1 };
      assert.deepEqual(await passesOf(onward, { deviceCache: true }), plain, 'a device cache cannot be cut');
      assert.deepEqual(await passesOf(onward, { lanes: 2 }), plain, 'each of several may go another way');
      // Of what is likely, as much is read ahead as is worth the longer pass.
      assert.deepEqual(await passesOf(onward), { forwards: 2, widest: 6 });
      // Another token than the second that was read, and another question.
      assert.deepEqual(await passesOf([onward[0] ?? 0, 99, 98]), { forwards: 2, widest: 5 });
      const asked = await passesOf(onward, { other: 1 });
      assert.ok(asked.forwards > 2 && asked.forwards < onward.length, `${asked.forwards}`);
    }));

  test('begins with the opening token where nothing stands before the answer', () =>
    withModel('smollm2', async (model) => {
      const denoiser = new AutoregressiveDenoiser(model.session, model.checkpoint.shape, {
        maxTokens: 4,
        opening: 5,
      });
      await denoiser.open({ before: new Int32Array(0), after: new Int32Array(0) }, 1);
      const [found] = await denoiser.predict([{ tokens: Int32Array.of(0), asks: asksFor([0]) }], GREEDY);
      same(found, await uncached(model.session, model, Int32Array.of(5), [1]), 'the first token');
      denoiser.dispose();
    }));
});

describe('cached canvases', () => {
  test('while a person types, prefix and suffix are kept, and the canvas sees what it would see without a cache', () =>
    withModel('palimpsest', async (model) => {
      const { denoiser, encodedTokens } = blockDenoiser(model);
      const B = denoiser.blockLength;
      const prefix = tokens(40, 1);
      const suffix = tokens(30, 2);
      const block: Lane = {
        tokens: new Int32Array(B).fill(model.checkpoint.specials.mask),
        asks: asksFor(range(0, B)),
      };
      await denoiser.open({ before: prefix.slice(0, 33), after: suffix }, 1);
      const [early] = await denoiser.predict([block], GREEDY);
      const encoded = encodedTokens();
      assert.equal(encoded, 63);
      await denoiser.open({ before: prefix, after: suffix }, 1);
      assert.equal(encodedTokens() - encoded, 7, 'only what was typed is encoded');
      const [kept] = await denoiser.predict([block], GREEDY);
      const fresh = blockDenoiser(model);
      await fresh.denoiser.open({ before: prefix, after: suffix }, 1);
      const [again] = await fresh.denoiser.predict([block], GREEDY);
      same(kept, again, 'moved suffix');
      assert.ok(differ(kept, early), 'the typed tokens matter');
      await fresh.denoiser.open({ before: prefix, after: tokens(30, 9) }, 1);
      const [other] = await fresh.denoiser.predict([block], GREEDY);
      assert.ok(differ(kept, other), 'the suffix is seen');
    }));

  test('a request that deletes, or edits the middle of the prefix, starts from what is common', () =>
    withModel('palimpsest', async (model) => {
      const { denoiser, encodedTokens } = blockDenoiser(model);
      const block: Lane = {
        tokens: new Int32Array(denoiser.blockLength).fill(model.checkpoint.specials.mask),
        asks: asksFor([0, 3]),
      };
      const prefix = tokens(40, 1);
      await denoiser.open({ before: prefix, after: tokens(20, 2) }, 1);
      const edited = prefix.slice(0, 35);
      edited[30] = 55;
      const before = encodedTokens();
      await denoiser.open({ before: edited, after: tokens(20, 2) }, 1);
      assert.equal(encodedTokens() - before, 5);
      const [kept] = await denoiser.predict([block], GREEDY);
      const fresh = blockDenoiser(model);
      await fresh.denoiser.open({ before: edited, after: tokens(20, 2) }, 1);
      same(kept, (await fresh.denoiser.predict([block], GREEDY))[0], 'edited prefix');
    }));

  test('a cancelled encoding leaves a cache that is still right', () =>
    withModel('palimpsest', async (model) => {
      const { denoiser } = blockDenoiser(model);
      const cancelled = AbortSignal.abort();
      const context = { before: tokens(40, 1), after: tokens(20, 2) };
      await assert.rejects(denoiser.open(context, 1, cancelled), { code: 'cancelled' });
      await denoiser.open(context, 1);
      const block: Lane = {
        tokens: new Int32Array(denoiser.blockLength).fill(model.checkpoint.specials.mask),
        asks: asksFor([0]),
      };
      const fresh = blockDenoiser(model);
      await fresh.denoiser.open(context, 1);
      same(
        (await denoiser.predict([block], GREEDY))[0],
        (await fresh.denoiser.predict([block], GREEDY))[0],
        'after a cancel',
      );
    }));
});
