// Caches whose suffix is numbered before the hole, and answers rescored on them, against PyTorch: what is told of a block must be
// what one pass over the whole sequence says.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Lane } from '../../engine/denoiser';
import { rotaryFrequencies } from '../../engine/graph/rotary';
import { JOIN_TOKENS, rescore } from '../../engine/rescoring/rescore';
import { CachedBlockDenoiser } from '../../engine/runtime/cachedBlockDenoiser';
import { shapedBias } from '../../engine/runtime/forward';
import { CanvasContext } from '../../engine/runtime/holeContext';
import { voidKv } from '../../engine/runtime/kvState';
import { asksFor, counting, GREEDY, load, same, TARGET } from './cacheChecks';
import { count, places } from './parityChecks';

describe('cached canvases whose suffix is numbered first', () => {
  const HOLE = 7;
  const END = 8;
  const ORIGIN = 64;
  const BLOCK = 4;

  async function open(isRunLater = false) {
    const { checkpoint, session, reference } = await load('palimpsest');
    const before = reference.ids.slice(0, 12);
    const after = reference.ids.slice(30, 37);
    const encoder = new CanvasContext(session, checkpoint.shape, {
      holeGap: 32,
      suffixSeesPrefix: false,
      suffixFirst: { origin: ORIGIN, hole: HOLE, end: END, isRunLater },
      inverseFrequencies: rotaryFrequencies(checkpoint.shape).inverse,
      rescorer: rescore,
    });
    /** Everything in one pass: both sides, the hole token and finished text are causal, `open` tokens see each other. */
    const plain = async (text: ArrayLike<number>, open: ArrayLike<number>, asked: readonly number[]) => {
      const ids = Int32Array.from([...before, ...after, HOLE, ...Array.from(text), ...Array.from(open)]);
      const [prefix, context] = [before.length, before.length + after.length];
      const start = ids.length - open.length;
      const past = voidKv(checkpoint.shape);
      const { predictions } = await session.run({
        lanes: 1,
        ids,
        positions: Int32Array.from(ids, (_, at) =>
          at < prefix ? ORIGIN + at : at < context ? ORIGIN - context + at : ORIGIN + at - after.length,
        ),
        past,
        bias: shapedBias(past.positions, ids.length, (query, key) => {
          if (query >= start) return true;
          return key <= query && (query >= context || key < prefix === query < prefix);
        }),
        asks: asked.map((target, at) => ({ row: context + at, target })),
        temperature: 0,
        keep: false,
      });
      return predictions.map(({ targetLogProb }) => targetLogProb);
    };
    /** The suffix's first tokens behind prefix and answer, as plain text. */
    const text = async (answer: ArrayLike<number>) => {
      const suffix = after.slice(0, JOIN_TOKENS);
      const ids = Int32Array.from([...before, ...Array.from(answer), ...suffix]);
      const past = voidKv(checkpoint.shape);
      const { predictions } = await session.run({
        ...{ lanes: 1, ids, past, temperature: 0, keep: false },
        positions: Int32Array.from(ids, (_, at) => ORIGIN + at),
        bias: shapedBias(past.positions, ids.length, (query, key) => key <= query),
        asks: Array.from(suffix, (target, at) => ({ row: ids.length - suffix.length + at - 1, target })),
      });
      return predictions.map(({ targetLogProb }) => targetLogProb);
    };
    return { checkpoint, session, reference, encoder, before, after, plain, text };
  }

  test('both blocks are what one pass says, also after typing', async () => {
    const { checkpoint, session, reference, encoder, before, after, plain } = await open();
    const denoiser = new CachedBlockDenoiser(session, checkpoint.shape, encoder, {
      blockLength: BLOCK,
      maxBlocks: 4,
      shifted: true,
      causalBlocks: true,
    });
    // First as it stood before the last words were typed and before a word of the suffix's end was there.
    await denoiser.open({ before: before.slice(0, -3), after: after.slice(0, -2) }, 1);
    await denoiser.open({ before, after }, 1);
    const targets = places(0, BLOCK).map(() => TARGET);
    let text: number[] = [];
    for (const from of [40, 44]) {
      const block = reference.ids.slice(from, from + BLOCK);
      const [predictions] = await denoiser.predict(
        [{ tokens: block, asks: asksFor(places(0, BLOCK)) }],
        GREEDY,
      );
      // The token before the block predicts its first place, and does not see it.
      const wanted = await plain(
        text,
        block,
        [...places(0, text.length), ...targets].map(() => TARGET),
      );
      same(
        (predictions ?? []).map(({ targetLogProb }) => targetLogProb),
        wanted.slice(text.length),
      );
      await denoiser.commit([block]);
      text = [...text, ...block];
    }
    denoiser.dispose();
    await session.dispose();
  });

  test('blocks of one: each lane is what one pass says, at one forward a token, whoever is asked', async () => {
    const { checkpoint, session, encoder, before, after, plain } = await open(true);
    const counted = counting(session);
    const denoiser = new CachedBlockDenoiser(counted.forward, checkpoint.shape, encoder, {
      blockLength: 1,
      maxBlocks: 8,
      shifted: true,
      causalBlocks: true,
    });
    await denoiser.open({ before, after }, 3);
    const seen: [number, number][] = [];
    const ask = async (texts: ReadonlyMap<number, readonly number[]>) => {
      const lanes = [...texts.keys()].map(
        (lane): Lane => ({ lane, tokens: Int32Array.of(0), asks: [{ position: 0, target: TARGET }] }),
      );
      const found = await denoiser.predict(lanes, GREEDY);
      for (const [index, text] of [...texts.values()].entries()) {
        const wanted = await plain(
          text,
          [],
          [...text, 0].map(() => TARGET),
        );
        seen.push([found[index]?.[0]?.targetLogProb ?? Number.NaN, wanted.at(-1) ?? Number.NaN]);
      }
    };
    const commit = (...tokens: (readonly [number, number])[]) =>
      denoiser.commit(
        tokens.map(([, token]) => Int32Array.of(token)),
        tokens.map(([lane]) => lane),
      );
    await ask(new Map([0, 1, 2].map((lane) => [lane, []])));
    await commit([0, 30], [1, 31], [2, 32]);
    await ask(new Map([2, 0, 1].map((lane) => [lane, [30 + lane]])));
    // One lane alone is asked again; all of them go on.
    await ask(new Map([[1, [31]]]));
    await commit([0, 40], [2, 42]);
    // Lane 2 is locked here: it is not asked, and goes on all the same.
    await ask(new Map([[0, [30, 40]]]));
    await commit([2, 52]);
    await commit([2, 62]);
    await ask(new Map([[2, [32, 42, 52, 62]]]));
    same(
      seen.map(([actual]) => actual),
      seen.map(([, wanted]) => wanted),
    );
    assert.equal(counted.runs, 6, 'one a token, and one for what was asked twice');
    denoiser.dispose();
    await session.dispose();
  });

  test('what may follow is read in the same pass, and cut off where something else is written', async () => {
    const { checkpoint, session, encoder, before, after, plain } = await open(true);
    const counted = counting(session);
    const options = { blockLength: 1, maxBlocks: 8, shifted: true, causalBlocks: true };
    const denoiser = new CachedBlockDenoiser(counted.forward, checkpoint.shape, encoder, options);
    const seen: [number, number][] = [];
    let text: number[] = [];
    const ask = async (target: number, ahead?: readonly number[]) => {
      const lane: Lane = {
        tokens: Int32Array.of(0),
        asks: [{ position: 0, target, ...(ahead ? { ahead } : {}) }],
      };
      const [[found] = []] = await denoiser.predict([lane], GREEDY);
      const [wanted] = (
        await plain(
          text,
          [],
          [...text, target].map(() => target),
        )
      ).slice(-1);
      seen.push([found?.targetLogProb ?? Number.NaN, wanted ?? Number.NaN]);
    };
    const write = async (token: number) => {
      await denoiser.commit([Int32Array.of(token)]);
      text = [...text, token];
    };
    await denoiser.open({ before, after }, 1);
    await ask(30);
    await write(30);
    assert.equal(counted.runs, 1);
    await ask(31, [32, 33]);
    assert.equal(counted.runs, 2);
    for (const target of [32, 33]) {
      await write(target - 1);
      await ask(target);
    }
    assert.equal(counted.runs, 2, 'it was read ahead');
    await ask(40);
    assert.equal(counted.runs, 3, 'another question has another answer');
    await write(41);
    await ask(42, [43, 44, 45]);
    await write(42);
    await ask(43);
    assert.equal(counted.runs, 4);
    await write(50);
    await ask(51);
    assert.equal(counted.runs, 5, 'something else was written');
    await write(51);
    await ask(52);
    assert.equal(counted.runs, 6);
    same(
      seen.map(([actual]) => actual),
      seen.map(([, wanted]) => wanted),
    );
    denoiser.dispose();
    await session.dispose();
  });

  for (const [sides, isRunLater] of [
    ['both sides', false],
    ['nothing behind the hole', false],
    ['both sides', true],
    ['nothing behind the hole', true],
  ] as const) {
    const hole = isRunLater ? ', the hole token run later' : '';
    test(`rescored answers are read behind ${sides} up to their end${hole}`, async () => {
      const { checkpoint, session, reference, encoder, before, after, plain, text } = await open(isRunLater);
      const canvas = reference.ids.slice(20, 23);
      const bias = new Float32Array(checkpoint.shape.vocabSize);
      const behind = sides === 'both sides' ? after : new Int32Array(0);
      const rescored = await encoder.rescore(
        { before, after: behind },
        {
          ...{ continuation: 4, leastContinuation: -Infinity, least: 1, most: 4, bias, end: END },
          hypotheses: [{ ids: canvas, source: 'canvas' }],
        },
      );
      assert.ok(rescored && rescored.length >= 3);
      if (sides === 'both sides')
        for (const { ids, logProbs, onward } of rescored)
          same([...logProbs, onward[0] ?? 0], await plain(ids, [], [...ids, END]));
      // The suffix is read as the text that it is, behind prefix and answer.
      if (sides === 'both sides')
        for (const { ids, onward } of rescored) same(onward.slice(1), await text(ids));
      const further = sides === 'both sides' ? JOIN_TOKENS : 0;
      assert.ok(rescored.every(({ ids, onward }) => onward.length === 1 + further && !ids.includes(END)));
      encoder.dispose();
      await session.dispose();
    });
  }

  test('no copy is left out, however little the model expects it', async () => {
    const { checkpoint, session, reference, encoder, before, after } = await open();
    const copies = places(0, 12).map((at) => reference.ids.slice(20 + at, 22 + at));
    const rescored = await encoder.rescore(
      { before, after },
      {
        ...{ continuation: 0, least: 1, most: 4, end: END },
        bias: new Float32Array(checkpoint.shape.vocabSize),
        hypotheses: copies.map((ids) => ({ ids, source: 'copy', copy: { share: 0.1, order: 2, right: 1 } })),
      },
    );
    const found = new Set(rescored?.map(({ ids }) => ids.join()));
    assert.deepEqual(
      copies.filter((ids) => !found.has(ids.join())),
      [],
    );
    encoder.dispose();
    await session.dispose();
  });
});

describe('rescored answers on a cached canvas', () => {
  for (const [many, logitsAtOnce] of [
    [1, undefined],
    [2, undefined],
    [9, undefined],
    [9, 1],
  ] as const) {
    const passes = logitsAtOnce === undefined ? '' : ', a pass for each node';
    test(`each is what a plain causal run says, ${many} tokens behind the hole${passes}`, async () => {
      const { checkpoint, session, reference } = await load('palimpsest');
      const encoder = new CanvasContext(session, checkpoint.shape, {
        holeGap: count(reference.layout, 'hole_gap'),
        suffixSeesPrefix: false,
        inverseFrequencies: rotaryFrequencies(checkpoint.shape).inverse,
        rescorer: rescore,
      });
      const before = reference.ids.slice(0, 12);
      const after = reference.ids.slice(30, 30 + many);
      const canvas = reference.ids.slice(20, 25);
      const copy = Int32Array.of(...canvas.subarray(0, 2), ...reference.ids.subarray(40, 43));
      const bias = new Float32Array(checkpoint.shape.vocabSize);
      const request = {
        ...{ continuation: 4, leastContinuation: -Infinity, least: 1, most: 5, bias, logitsAtOnce },
      };
      const rescored = await encoder.rescore(
        { before, after },
        {
          ...request,
          hypotheses: [
            { ids: canvas, source: 'canvas' },
            { ids: copy, source: 'copy', copy: { share: 1, order: 2, right: 1 } },
          ],
        },
      );
      const plain = async (ids: Int32Array) => {
        const past = voidKv(checkpoint.shape);
        const { predictions } = await session.run({
          lanes: 1,
          ids,
          positions: Int32Array.from(ids, (_, index) => index),
          past,
          bias: shapedBias(past.positions, ids.length, (query, key) => key <= query),
          asks: places(before.length, ids.length + 1).map((at) => ({ row: at - 1, target: ids[at] ?? 0 })),
          temperature: 0,
          keep: false,
        });
        return predictions;
      };
      const suffix = after.subarray(0, JOIN_TOKENS);
      for (const { ids, logProbs, onward } of rescored ?? []) {
        const predictions = await plain(Int32Array.from([...before, ...ids, ...suffix]));
        const wanted = predictions.slice(0, -1).map(({ targetLogProb }) => targetLogProb);
        same([...logProbs, ...onward], wanted);
      }
      const found = (rescored ?? []).map(({ ids, origins }) => [
        ids.join(),
        origins.map(({ source, isWhole }) => `${source}${isWhole ? '!' : ''}`).join(),
      ]);
      const all = new Map(found as [string, string][]);
      assert.equal(all.size, found.length, 'each answer once');
      assert.match(all.get(canvas.subarray(0, 2).join()) ?? '', /^canvas,copy/);
      assert.match(all.get(canvas.join()) ?? '', /^canvas!/);
      assert.match(all.get(copy.join()) ?? '', /^copy!/);
      const greedy: number[] = [];
      for (let i = 0; i < request.continuation; i++)
        greedy.push((await plain(Int32Array.from([...before, ...greedy]))).at(-1)?.ids[0] ?? -1);
      assert.match(all.get(greedy.join()) ?? '', /causal!$/);
      const cuts = await encoder.rescore(
        { before, after },
        { ...request, leastCut: 4, hypotheses: [{ ids: canvas.subarray(0, 2), source: 'canvas' }] },
      );
      assert.ok(
        cuts?.some(({ ids }) => ids.length === 2),
        'what is whole may be shorter',
      );
      assert.ok(cuts?.every(({ ids }) => ids.length === 2 || ids.length >= 4));
      assert.equal(
        await encoder.rescore({ before, after: new Int32Array(0) }, { ...request, hypotheses: [] }),
        undefined,
      );
      encoder.dispose();
      await session.dispose();
    });
  }
});
