// Both loops against models that say anything at all: random tokens, forbidden ones, numbers that are none, the bias
// ignored. Whatever comes, denoising ends within its bound, and the answer keeps what it must.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { Cell, Hole } from '../../../engine/canvas/types';
import { RULE_NAMES } from '../../../engine/checkpoint/family';
import { denoiseBlocks } from '../../../engine/decoding/blocks';
import { denoiseInPlace } from '../../../engine/decoding/inPlace';
import { seededRandom } from '../../../engine/decoding/random';
import type { DecodeSampling } from '../../../engine/decoding/sampling';
import { TokenTable } from '../../../engine/decoding/tokenTable';
import type { DenoiseStep } from '../../../engine/decoding/types';
import type { HoleAnswer, Lane, Prediction } from '../../../engine/denoiser';
import {
  bytesOf,
  canvasOf,
  FakeBlocks,
  FakeInPlace,
  holeOf,
  ids,
  SPECIALS,
  tokenizer,
  VOCABULARY,
} from './fakes';

const NO_BYTES = new Uint8Array(0);
const table = TokenTable.of(tokenizer);

/** Replaces what the model said by anything; `special`: how often by a token that decides about length. */
function chaos(seed: number, special: number): (prediction: Prediction) => Prediction {
  const random = seededRandom(seed);
  const odd = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, -1e9];
  const number = () => (random() < 0.2 ? (odd[Math.floor(random() * odd.length)] ?? 0) : -6 * random());
  return ({ ids: top }) => ({
    ids: Int32Array.from(top, () =>
      random() < special
        ? ([SPECIALS.expand, SPECIALS.delete, SPECIALS.end][Math.floor(random() * 3)] ?? 0)
        : Math.floor(random() * (VOCABULARY + 5)),
    ),
    logProbs: Float32Array.from(top, number),
    entropy: -number(),
    targetLogProb: number(),
  });
}

const head = fc.constantFrom('', '', 'a', 'foob', 'retu', ' ', 'Z', 'fo');
const tail = fc.constantFrom('', '', 'b', '}', ' ', 'Z', 'ar');
const cell = fc.record({
  original: fc.integer({ min: 7, max: tokenizer.size - 1 }),
  locked: fc.boolean(),
});
const hole = fc
  .record({ head, tail, cells: fc.oneof(fc.constant([]), fc.array(cell, { minLength: 1, maxLength: 6 })) })
  .map(({ head, tail, cells }): Hole => holeOf({ head: bytesOf(head), tail: bytesOf(tail), cells }));
const sampling = fc
  .record({
    rule: fc.constantFrom(...RULE_NAMES),
    temperature: fc.constantFrom(0, 0.3, 1),
    topP: fc.constantFrom(0.5, 0.9, 1),
    threshold: fc.constantFrom(0.1, 0.9),
    steps: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    factor: fc.constantFrom(0.5, 2),
  })
  .map(({ steps, ...rest }): DecodeSampling => (steps === undefined ? rest : { ...rest, steps }));
const common = fc.record({
  sampling,
  seeds: fc.array(fc.integer(), { minLength: 1, maxLength: 3 }),
  special: fc.constantFrom(0, 0.3, 0.9),
  chaos: fc.integer(),
  enoughAfter: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
});

const hasLocked = (spec: Hole) => spec.cells.some(({ locked }) => locked);
const bytesIn = (answer: HoleAnswer) => Array.from(answer.ids).flatMap((id) => [...tokenizer.bytes(id)]);

/** Whether the borders can be kept at all; with locked cells they need not be (a border may be locked itself). */
function checkAnswer(spec: Hole, answer: HoleAnswer): void {
  for (const id of answer.ids)
    assert.ok(id < tokenizer.size && !tokenizer.isSpecial(id), `token ${id} in the answer`);
  assert.equal(answer.logProbs.length, answer.ids.length);
  assert.ok(answer.logProbs.every((value) => Number.isFinite(value) && value <= 0));
  const locked = spec.cells.filter((each: Cell) => each.locked).map(({ original }) => original);
  assert.deepEqual(
    Array.from(answer.ids).filter((_, index) => answer.locked[index]),
    locked,
  );
  if (hasLocked(spec)) return;
  const bytes = bytesIn(answer);
  if (table.has(spec.head, NO_BYTES) && spec.head.length > 0)
    assert.deepEqual(bytes.slice(0, spec.head.length), [...spec.head], `${tokenizer.decode(answer.ids)}`);
  if (table.has(NO_BYTES, spec.tail) && spec.tail.length > 0)
    assert.deepEqual(bytes.slice(bytes.length - spec.tail.length), [...spec.tail]);
}

/** Events tell a consistent story: steps count on, and what is committed stays until it is taken back. */
function checkEvents(
  events: readonly DenoiseStep[],
  lane: number,
  index: number,
  answer: HoleAnswer,
  canVanish: boolean,
): void {
  const mine = events.filter((event) => event.lane === lane && event.hole === index);
  mine.forEach((event, at) => {
    if (at > 0) assert.ok(event.step > (mine[at - 1]?.step ?? 0));
    for (const i of event.committed) assert.equal(event.cells[i]?.state, 'committed');
    for (const i of event.remasked) assert.ok(['masked', 'draft'].includes(event.cells[i]?.state ?? ''));
    for (const { state, token, confidence } of event.cells) {
      assert.equal(token === SPECIALS.mask, state === 'masked' || state === 'draft');
      assert.ok(confidence >= 0 && confidence <= 1);
    }
  });
  const last = mine.at(-1);
  if (last)
    assert.deepEqual(
      Array.from(answer.ids),
      last.cells.map(({ token }) => token),
    );
  const isRemasked = mine.some((event) => event.remasked.length > 0);
  if (isRemasked || canVanish) return;
  for (const event of mine) {
    const standing = event.cells.filter(({ state }) => state === 'committed' || state === 'locked');
    assert.ok(
      isSubsequence(
        standing.map(({ token }) => token),
        Array.from(answer.ids),
      ),
      'a token vanished',
    );
  }
}

function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0;
  for (const value of whole) if (value === part[at]) at++;
  return at === part.length;
}

/** The draft is taken after a step that found the hole's end and took a token in front of it back. */
const takenBack: [
  { sampling: DecodeSampling; seeds: number[]; special: 0.9; chaos: number; enoughAfter: number },
  Hole[],
  'end-token',
  number,
  number,
] = [
  {
    sampling: { rule: 'p2', temperature: 0.3, topP: 0.5, threshold: 0.1, factor: 0.5 },
    ...{ seeds: [0, 0, 0], special: 0.9, chaos: -2_147_467_243, enoughAfter: 3 },
  },
  [{ span: 0, cells: [], head: Uint8Array.of(32), tail: NO_BYTES }],
  ...(['end-token', 4, 4] as const),
];

describe('adversarial predictions', () => {
  test('in place: ends within the bound, no mask left, locked cells and borders kept', async () => {
    const kinds = fc.constantFrom('fixed' as const, 'expand-delete' as const, 'end-token' as const);
    await fc.assert(
      fc.asyncProperty(
        common,
        fc.array(hole, { minLength: 1, maxLength: 2 }),
        kinds,
        fc.integer({ min: 0, max: 9 }),
        async (options, holes, kind, masks) => {
          const denoiser = new FakeInPlace(() => new Map(), chaos(options.chaos, options.special));
          const events: DenoiseStep[] = [];
          const most = 12;
          const results = await denoiseInPlace(denoiser, {
            canvas: canvasOf('ab', ...holes.flatMap((spec) => [spec, ':'])),
            family: {
              infill: { kind: 'in-place', bos: true, eos: true },
              length: kind === 'expand-delete' ? { kind, initialMasks: masks } : { kind },
            },
            tokenizer,
            vocabSize: VOCABULARY,
            sampling: options.sampling,
            seeds: options.seeds,
            maxTokens: holes.map(() => most),
            maskCounts: holes.map(() => masks),
            contextLimit: 40,
            onStep: (step) => void events.push(step),
            enough: () => options.enoughAfter !== undefined && denoiser.forwards > options.enoughAfter,
          });
          const cells = holes.reduce((sum, spec) => sum + Math.max(2, masks, spec.cells.length), 0);
          const bound =
            options.sampling.steps ?? cells + (kind === 'expand-delete' ? 2 * most * holes.length : 0);
          assert.ok(denoiser.forwards <= bound, `${denoiser.forwards} forwards, bound ${bound}`);
          assert.equal(results.length, options.seeds.length);
          results.forEach((result, lane) => {
            assert.equal(result.holes.length, holes.length);
            holes.forEach((spec, index) => {
              const answer = result.holes[index];
              assert.ok(answer);
              checkAnswer(spec, answer);
              const shown = options.sampling.temperature === 0 ? 0 : lane;
              checkEvents(events, shown, index, answer, kind === 'end-token');
              if (kind === 'fixed' && !hasLocked(spec)) assert.ok(answer.ids.length >= masks);
            });
          });
          checkLanes(denoiser.calls);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('block by block: ends within the bound, no mask is written to the cache, borders kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        common,
        fc.array(hole, { minLength: 1, maxLength: 2 }),
        fc.constantFrom('fixed' as const, 'end-token' as const),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 11 }),
        async (options, holes, kind, blockLength, most) => {
          const denoiser = new FakeBlocks(blockLength, 16, () => new Map(), {
            lead: true,
            change: chaos(options.chaos, options.special),
          });
          const events: DenoiseStep[] = [];
          const results = await denoiseBlocks(denoiser, {
            canvas: canvasOf('ab', ...holes.flatMap((spec) => [spec, ':'])),
            family: { infill: { kind: 'cached-canvas', bos: false }, length: { kind } },
            tokenizer,
            vocabSize: VOCABULARY,
            sampling: options.sampling,
            seeds: options.seeds,
            maxTokens: holes.map(() => most),
            maskCounts: holes.map(() => most),
            contextLimit: 64,
            contextFor: () => ({ before: ids('abcab'), after: ids(':') }),
            onStep: (step) => void events.push(step),
            enough: () => options.enoughAfter !== undefined && denoiser.forwards > options.enoughAfter,
          });
          const cells = holes.reduce((sum, spec) => sum + Math.max(2, most, spec.cells.length), 0);
          for (const { steps } of results) assert.ok(steps <= cells, `${steps} steps, bound ${cells}`);
          results.forEach((result, lane) => {
            assert.equal(result.holes.length, holes.length);
            holes.forEach((spec, index) => {
              const answer = result.holes[index];
              assert.ok(answer);
              checkAnswer(spec, answer);
              assert.ok(answer.ids.length <= Math.max(most, 2, spec.cells.length));
              const shown = options.sampling.temperature === 0 ? 0 : lane;
              checkEvents(events, shown, index, answer, kind === 'end-token');
            });
          });
          checkLanes(denoiser.predicted);
        },
      ),
      { numRuns: 400, examples: [takenBack] },
    );
  });
});

/** No lane is sent without a question, and every question has its bias. */
function checkLanes(calls: readonly (readonly Lane[])[]): void {
  for (const lanes of calls)
    for (const lane of lanes) {
      assert.ok(lane.asks.length > 0);
      for (const ask of lane.asks) assert.equal(ask.bias?.length, VOCABULARY);
    }
}
