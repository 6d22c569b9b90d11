// What becomes of a denoised hole when its answer is rescored: scripted scores, so that the choice is known.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { CHOICE_FEATURES } from '../../../engine/calibration/choice';
import type { BlockRequest } from '../../../engine/decoding/blockRun';
import { denoiseBlocks } from '../../../engine/decoding/blocks';
import type { DenoiseStep } from '../../../engine/decoding/types';
import type { Rescored, RescoreRequest } from '../../../engine/denoiser';
import {
  bytesOf,
  canvasOf,
  FakeBlocks,
  holeOf,
  ids,
  SPECIALS,
  textOf,
  tokenizer,
  VOCABULARY,
  wants,
} from './fakes';

/** Writes one text and ends (or does not); scores are by text, −50 for what has none. */
class Rescoring extends FakeBlocks {
  readonly asked: RescoreRequest[] = [];

  constructor(
    answer: string,
    private readonly scores: Readonly<Record<string, number>>,
    ends = true,
  ) {
    const target = ids(answer);
    super(4, 8, (_, position) => {
      const token = target[position] ?? (ends ? SPECIALS.end : ids('=')[0]);
      return wants(token ?? 0, 20);
    });
  }

  rescore(request: RescoreRequest): Promise<Rescored[]> {
    this.asked.push(request);
    const own = request.hypotheses.flatMap(({ ids: all }) =>
      Array.from({ length: all.length }, (_, i) => Array.from(all).slice(0, i + 1)),
    );
    const others = request.continuation > 0 ? Object.keys(this.scores).map((text) => [...ids(text)]) : [];
    const answers = new Map([...own, ...others].map((list) => [list.join(), list]));
    return Promise.resolve(
      [...answers.values()]
        .filter(({ length }) => length >= request.least && length <= request.most)
        .map((list) => ({
          ids: Int32Array.from(list),
          logProbs: Float32Array.from(list, (_, i) => (i === 0 ? (this.scores[textOf(list)] ?? -50) : 0)),
          onward: [0],
          origins: [],
        })),
    );
  }
}

const byLikelihood = {
  coefficients: CHOICE_FEATURES.map((name) => (name === 'ln p of the tokens' ? 10 : 0)),
};

function requestOf(options: Partial<BlockRequest> = {}): BlockRequest {
  return {
    canvas: canvasOf('{', holeOf(), '}'),
    family: { infill: { kind: 'cached-canvas', bos: true }, length: { kind: 'end-token' } },
    tokenizer,
    vocabSize: VOCABULARY,
    sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    seeds: [1],
    maxTokens: [32],
    maskCounts: [3],
    contextLimit: 256,
    contextFor: () => ({ before: ids('{'), after: ids('}') }),
    rescoring: byLikelihood,
    ...options,
  };
}

async function settle(denoiser: FakeBlocks, options: Partial<BlockRequest> = {}) {
  const [result] = await denoiseBlocks(denoiser, requestOf(options));
  const answer = result?.holes[0];
  return { answer, text: textOf(answer?.ids ?? []) };
}

describe('a hole whose answer is rescored', () => {
  test('holds the answer of the highest worth, with what speaks for it', async () => {
    const { answer, text } = await settle(new Rescoring('foo(bar)', { 'foo(bar)': -9, 'bar(a)': -2 }));
    assert.equal(text, 'bar(a)');
    assert.equal(answer?.logProbs[0], -2);
    assert.equal(answer?.logProbs.length, answer?.ids.length);
    assert.deepEqual(answer?.choice?.origins, []);
    assert.ok((answer?.choice?.onward.length ?? 0) > 0);
    assert.ok((answer?.choice?.logShare ?? 1) <= 0);
  });

  describe('of several candidates', () => {
    const SCORES = { 'bar(a)': -2, 'foo(bar)': -9, 'a=b;': -5 };
    const several = {
      seeds: [0, 1, 2],
      sampling: { rule: 'top-k', temperature: 0.4, firstTemperature: 0, topP: 1 },
    } as const;
    const candidates = async (denoiser: FakeBlocks, options: Partial<BlockRequest> = {}) => {
      const results = await denoiseBlocks(denoiser, requestOf({ ...several, ...options }));
      return results.map(({ holes }) => holes.map((answer) => textOf(answer.ids)).join(' '));
    };

    test('the further ones are the next best, without a step of their own', async () => {
      const denoiser = new Rescoring('foo(bar)', SCORES);
      assert.deepEqual(await candidates(denoiser), ['bar(a)', 'a=b;', 'foo(bar)']);
      assert.equal(denoiser.asked.length, 1);
      const results = await denoiseBlocks(new Rescoring('foo(bar)', SCORES), requestOf(several));
      assert.deepEqual(
        results.map(({ steps }) => steps > 0),
        [true, false, false],
      );
      const shares = results.map(({ holes }) => holes[0]?.choice?.logShare ?? 0);
      assert.deepEqual(
        [...shares].sort((a, b) => b - a),
        shares,
      );
    });

    test('a listener sees each of them', async () => {
      const shown = new Map<number, string>();
      await candidates(new Rescoring('foo(bar)', SCORES), {
        onStep: ({ lane, cells }) => void shown.set(lane, textOf(cells.map(({ token }) => token))),
      });
      assert.deepEqual([...shown.values()], ['bar(a)', 'a=b;', 'foo(bar)']);
    });

    test('those for whom nothing is left are drawn', async () => {
      const denoiser = new Rescoring('a', {});
      assert.deepEqual(await candidates(denoiser), ['a', 'a', 'a']);
      assert.ok(denoiser.asked.length > 1);
    });

    test('all are drawn where a seed or a temperature is named, or several holes are filled', async () => {
      const drawn = async (options: Partial<BlockRequest>) => {
        const results = await denoiseBlocks(
          new Rescoring('foo(bar)', SCORES),
          requestOf({ ...several, ...options }),
        );
        return results.every(({ steps }) => steps > 0);
      };
      assert.ok(await drawn({ seeds: [3, 4, 5] }));
      assert.ok(await drawn({ sampling: { rule: 'top-k', temperature: 0.4, topP: 1 } }));
      const canvas = canvasOf('{', holeOf(), ';', holeOf({ span: 1 }), '}');
      assert.ok(await drawn({ canvas, maxTokens: [32, 32], maskCounts: [3, 3] }));
    });
  });

  test('a listener sees the chosen answer as the last step, its beginning untouched', async () => {
    const steps: DenoiseStep[] = [];
    const onStep = (step: DenoiseStep): void => {
      steps.push(step);
    };
    await settle(new Rescoring('foo=a;', { 'foo=b;': -1 }), { onStep });
    const last = steps.at(-1);
    assert.equal(textOf(last?.cells.map(({ token }) => token) ?? []), 'foo=b;');
    assert.deepEqual(
      last?.committed.map((index) => textOf([last.cells[index]?.token ?? 0])),
      ['b', ';'],
    );
    assert.ok(last?.cells.every(({ state }) => state === 'committed'));
    const numbers = steps.map(({ step }) => step);
    assert.equal(new Set(numbers).size, numbers.length);
    const quiet: DenoiseStep[] = [];
    await settle(new Rescoring('foo=a;', { 'foo=a;': -1 }), { onStep: (step) => void quiet.push(step) });
    assert.equal(quiet.length, steps.length - 1, 'nothing is told where nothing changes');
  });

  test('of several candidates the first alone leaves what it has denoised; the others are cut at most', async () => {
    const denoiser = new Rescoring('foo(bar)', { 'bar(a)': -1, 'foo(': -2, 'foo(bar)': -4 });
    const results = await denoiseBlocks(denoiser, {
      ...requestOf(),
      seeds: [1, 2],
      sampling: { rule: 'top-k', temperature: 0.1, topP: 1 },
    });
    assert.deepEqual(
      results.map(({ holes }) => textOf(holes[0]?.ids ?? [])),
      ['bar(a)', 'foo('],
    );
    assert.deepEqual(
      denoiser.asked.map(({ continuation }) => continuation > 0),
      [true, false],
    );
  });

  test('an empty answer stays empty, and what is taken as it is stays as it is', async () => {
    const empty = new Rescoring('', { bar: -1 });
    assert.equal((await settle(empty)).text, '');
    assert.equal(empty.asked.length, 0);
    const early = new Rescoring('foo(bar)', { bar: -1 });
    let asked = 0;
    await settle(early, { enough: () => ++asked > 2 });
    assert.equal(early.asked.length, 0);
  });

  test('keeps a length that is given, and the fewest tokens', async () => {
    const fixed = new Rescoring('foo(bar)', { 'bar(a)': -2, 'a;b': -3, a: -1 }, false);
    const length = { infill: { kind: 'cached-canvas', bos: true }, length: { kind: 'fixed' } } as const;
    assert.equal((await settle(fixed, { family: length })).text, 'a;b');
    const least = new Rescoring('foo(bar)', { a: -1, 'a;b': -3 });
    assert.equal((await settle(least, { minTokens: [2] })).text, 'a;b');
  });

  test('a piece of an answer is at least half as long as what stood there', async () => {
    const cells = Array.from(ids('a=b;c=d;'), (original) => ({ original, locked: false }));
    const denoiser = new Rescoring('foo(bar)', { foo: -1 });
    await settle(denoiser, { canvas: canvasOf('{', holeOf({ cells }), '}'), minTokens: [1] });
    assert.deepEqual(
      denoiser.asked.map(({ least, leastCut }) => [least, leastCut]),
      [[1, Math.ceil(cells.length / 2)]],
    );
  });

  test('where several lines stood, the answer stays as it was denoised', async () => {
    const cells = Array.from(ids('a=b\nc=d'), (original) => ({ original, locked: false }));
    const denoiser = new Rescoring('foo(bar)', { foo: -1 });
    const { text } = await settle(denoiser, { canvas: canvasOf('{', holeOf({ cells }), '}') });
    assert.equal(text, 'foo(bar)');
    assert.equal(denoiser.asked.length, 0);
  });

  test('what is locked stays, whatever is likelier', async () => {
    const locked = ids('foo')[0] ?? 0;
    const cells = [
      { original: locked, locked: true },
      { original: ids('(')[0] ?? 0, locked: false },
    ];
    const canvas = canvasOf('{', holeOf({ cells }), '}');
    const { text } = await settle(new Rescoring('foo(', { bar: -1 }), { canvas });
    assert.equal(text, 'foo(');
  });

  test('without a fit, only an answer that ran to its bound is cut, where ln p and half a nat a token say', async () => {
    const unfitted = { rescoring: undefined } as unknown as Partial<BlockRequest>;
    const ended = new Rescoring('foo(bar)', { foo: -1 });
    assert.equal((await settle(ended, unfitted)).text, 'foo(bar)');
    assert.equal(ended.asked.length, 0);
    const scores = { foo: -9, 'foo(': -3, 'foo(bar': -3.4, 'foo(bar)': -3.6 };
    const running = new Rescoring('foo(bar)', scores, false);
    const cut = await settle(running, { ...unfitted, maxTokens: [4] });
    assert.equal(cut.text, 'foo(bar)');
    assert.equal(cut.answer?.locked.length, cut.answer?.ids.length);
    const shorter = new Rescoring('foo(bar)', { ...scores, 'foo(bar)': -5, 'foo(bar': -5 }, false);
    assert.equal((await settle(shorter, { ...unfitted, maxTokens: [4] })).text, 'foo(');
  });

  test('borders that the hole has to keep are not put at risk', async () => {
    const denoiser = new Rescoring('foo', { bar: -1 });
    const canvas = canvasOf('{', holeOf({ head: bytesOf('f') }), '}');
    assert.equal((await settle(denoiser, { canvas })).text, 'foo');
    assert.equal(denoiser.asked.length, 0);
  });
});
