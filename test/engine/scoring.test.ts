// Surprise of tokens by a model that fills a hole token by token, against one pass over the whole sequence.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { lengthTokensOf } from '../../engine/decoding/request';
import { Denoisers } from '../../engine/infill/denoisers';
import { TokenScorer } from '../../engine/infill/scoring';
import { shapedBias } from '../../engine/runtime/forward';
import { voidKv } from '../../engine/runtime/kvState';
import { load, same } from './cacheChecks';

describe('scores of a model that writes left to right with the suffix first', () => {
  const HOLE = 7;
  const END = 8;

  async function open() {
    const { checkpoint, session, reference } = await load('palimpsest');
    const { family, specials, shape } = checkpoint;
    const attention = {
      kind: 'cached-canvas',
      ...{ blockLength: 1, holeGap: 32, suffixSeesPrefix: false, suffixFirst: true },
    } as const;
    const leftToRight: Checkpoint = {
      ...checkpoint,
      family: { ...family, attention, shifted: true, infill: { kind: 'cached-canvas', bos: false } },
      specials: { ...specials, hole: HOLE, end: END },
      languageTokens: {},
    };
    const denoisers = new Denoisers(leftToRight, session);
    const origin = Math.floor(shape.contextLength / 2);
    /** ln p of each token of `text` between the sides, all in one pass. */
    const plain = async (before: Int32Array, text: Int32Array, after: Int32Array) => {
      const ids = Int32Array.from([...before, ...after, HOLE, ...text]);
      const [prefix, context] = [before.length, before.length + after.length];
      const past = voidKv(shape);
      const { predictions } = await session.run({
        ...{ lanes: 1, ids, past, temperature: 0, keep: false },
        positions: Int32Array.from(ids, (_, at) =>
          at < prefix ? origin + at : at < context ? origin - context + at : origin + at - after.length,
        ),
        bias: shapedBias(
          past.positions,
          ids.length,
          (query, key) => key <= query && (query >= context || key < prefix === query < prefix),
        ),
        asks: Array.from(text, (target, at) => ({ row: context + at, target })),
      });
      return predictions.map(({ targetLogProb }) => targetLogProb);
    };
    return { checkpoint: leftToRight, session, ids: reference.ids, denoisers, plain };
  }

  test('are what it would give each token in writing them there', { timeout: 60_000 }, async () => {
    const { checkpoint, session, ids, denoisers, plain } = await open();
    const scorer = new TokenScorer(checkpoint, denoisers, undefined, undefined);
    const scores = await scorer.score(ids, { from: 12, to: 30, inFim: false });
    same(
      scores.map(({ surprise }) => -surprise),
      await plain(ids.slice(0, 12), ids.slice(12, 30), ids.slice(30)),
    );
    assert.ok(denoisers.forwards <= 5, `${denoisers.forwards} passes: what stands there is read ahead`);
    denoisers.dispose();
    await session.dispose();
  });

  test('end where nobody wants them any more', { timeout: 60_000 }, async () => {
    const { checkpoint, session, ids, denoisers } = await open();
    const controller = new AbortController();
    const scorer = new TokenScorer(checkpoint, denoisers, undefined, controller.signal);
    const scored = scorer.score(ids, { from: 2, to: ids.length, inFim: false });
    setImmediate(() => controller.abort());
    await assert.rejects(scored, { code: 'cancelled' });
    denoisers.dispose();
    await session.dispose();
  });
});

describe('scores of an autoregressive model', { timeout: 60_000 }, () => {
  async function open() {
    const { checkpoint, session, reference } = await load('qwen2.5-coder');
    const ids = Int32Array.from(
      { length: 120 },
      (_, at) => reference.ids[(at * 7) % reference.ids.length] ?? 0,
    );
    const denoisers = new Denoisers(checkpoint, session);
    const scorer = new TokenScorer(checkpoint, denoisers, undefined, undefined);
    /** ln p of the last `count` tokens, in one pass. */
    const plain = async (tokens: Int32Array, count: number) => {
      const past = voidKv(checkpoint.shape);
      const first = tokens.length - count;
      const { predictions } = await session.run({
        ...{ lanes: 1, ids: tokens, past, temperature: 0, keep: false },
        positions: Int32Array.from(tokens, (_, at) => at),
        bias: shapedBias(past.positions, tokens.length, (query, key) => key <= query),
        asks: Array.from({ length: count }, (_, at) => ({
          row: first - 1 + at,
          target: tokens[first + at] ?? 0,
        })),
      });
      return predictions.map(({ targetLogProb }) => targetLogProb);
    };
    const close = async () => {
      denoisers.dispose();
      await session.dispose();
    };
    return { checkpoint, ids, denoisers, scorer, plain, close };
  }

  test('of the end of a text are those of one pass over it, and take a few passes', async () => {
    const { ids, denoisers, scorer, plain, close } = await open();
    const scores = await scorer.score(ids, { from: 10, to: 120, inFim: false });
    same(
      scores.map(({ surprise }) => -surprise),
      await plain(ids, 110),
    );
    assert.ok(denoisers.forwards <= 8, `${denoisers.forwards} passes`);
    await close();
  });

  test('of tokens before others are what it would give them in a hole there, and a sign that ends it, in FIM order', async () => {
    const { checkpoint, ids, denoisers, scorer, plain, close } = await open();
    const asked = await scorer.score(ids, { from: 10, to: 110, inFim: true, withEnd: true });
    const [scores, [end = assert.fail()]] = [asked.slice(0, 100), asked.slice(100)];
    const { fimPrefix = 0, fimSuffix = 0, fimMiddle = 0 } = checkpoint.specials;
    const [before, text, behind] = [ids.subarray(0, 10), ids.subarray(10, 110), ids.subarray(110)];
    const laidOut = Int32Array.from([fimPrefix, ...before, fimSuffix, ...behind, fimMiddle, ...text]);
    same(
      scores.map(({ surprise }) => -surprise),
      await plain(laidOut, 100),
    );
    assert.ok(denoisers.forwards <= 9, `${denoisers.forwards} passes`);
    let ended = 0;
    const { ends } = lengthTokensOf(checkpoint.family.length, checkpoint.specials);
    assert.ok(ends.length > 0);
    for (const id of ends)
      ended += Math.exp((await plain(Int32Array.from([...laidOut, id]), 1))[0] ?? assert.fail());
    assert.ok(Math.abs(end.surprise + Math.log(ended)) < 1e-3, `${end.surprise}, ${Math.log(ended)}`);
    assert.equal((await scorer.score(ids, { from: 10, to: 110, inFim: true })).length, 100);
    await close();
  });
});

test('a pass leaves the loop a turn, in which a cancellation is heard before another pass begins', async () => {
  const { session, checkpoint } = await load('palimpsest');
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  const past = voidKv(checkpoint.shape);
  const request = {
    ...{ lanes: 1, past, temperature: 0, keep: false, asks: [{ row: 0 }] },
    ids: Int32Array.of(5, 6),
    positions: Int32Array.of(0, 1),
    bias: shapedBias(past.positions, 2, () => true),
  };
  // The session is there, and the runtime's own turn is the first one.
  await session.run(request);
  setImmediate(count);
  await session.run(request);
  isOver = true;
  assert.ok(turns >= 2, `${turns}`);
  await session.dispose();
});
