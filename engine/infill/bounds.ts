// From a request's options to the numbers that the loops need: sampling, seeds, mask counts and bounds on lengths.
import type { Canvas, Hole } from '../canvas/types';
import { BOUNDED_RULES } from '../checkpoint/family';
import type { Checkpoint } from '../checkpoint/types';
import { ladder } from '../decoding/lengths';
import { holesOf } from '../decoding/request';
import type { DecodeSampling } from '../decoding/sampling';
import type { InfillParams } from '../protocol';

type Options = Pick<
  InfillParams,
  'seed' | 'rule' | 'temperature' | 'topP' | 'threshold' | 'steps' | 'candidates' | 'maxTokens'
>;

/** Candidates differ by their draws; a greedy family needs some temperature for that. */
export const CANDIDATE_TEMPERATURE = 0.4;
/** Most tokens of an answer where the request sets no bound, and no more stood there: a dozen lines. */
export const DEFAULT_MAX_TOKENS = 128;
/** Masks more than half again of what stood there, for an answer that is denoised in place: each costs a part of every step. */
const SPARE_MASKS = 32;

/**
 * Rules that write one token a step, and what takes their place on a slow machine: all tokens whose entropies sum to little
 * are written at once, at hardly any loss (EB-Sampler, arXiv:2505.24857).
 */
const ONE_A_STEP: ReadonlySet<DecodeSampling['rule']> = new Set(['entropy', 'top-k', 'margin'] as const);
const SEVERAL_A_STEP = 'entropy-bounded';

/** `isSlow`: where neither the request nor its budget of steps says otherwise, a step writes all tokens that are sure. */
export function samplingOf(
  { family: given }: Pick<Checkpoint, 'family'>,
  options: Options,
  isSlow = false,
): DecodeSampling {
  const { rule, temperature, topP, threshold, steps } = options;
  const hurries = isSlow && steps === undefined && given.sampling.steps === undefined;
  const family =
    hurries && ONE_A_STEP.has(given.sampling.rule)
      ? { sampling: { ...given.sampling, rule: SEVERAL_A_STEP } as const }
      : given;
  const several = (options.candidates ?? 1) > 1;
  const { threshold: ownBound, bounds, ...sampling } = family.sampling;
  const alone = sampling.temperature;
  const chosen = rule ?? sampling.rule;
  const bounded = BOUNDED_RULES.find((name) => name === chosen);
  const known = chosen === sampling.rule ? ownBound : bounded && bounds?.[bounded];
  return {
    ...sampling,
    rule: chosen,
    ...(topP === undefined ? {} : { topP }),
    ...boundOf(chosen, threshold ?? known),
    ...(steps === undefined ? {} : { steps }),
    temperature: temperature ?? (several ? Math.max(alone, CANDIDATE_TEMPERATURE) : alone),
    ...(several && temperature === undefined ? { firstTemperature: alone } : {}),
  };
}

/** The one bound that a request or a family gives, under the name by which the rule knows it. */
function boundOf(
  rule: DecodeSampling['rule'],
  bound: number | undefined,
): Pick<DecodeSampling, 'threshold' | 'factor' | 'entropyBound'> {
  if (bound === undefined) return {};
  if (rule === 'factor') return { factor: bound };
  return rule === 'entropy-bounded' ? { entropyBound: bound } : { threshold: bound };
}

/** One seed a candidate; the first is the request's own. */
export function seedsOf({ seed = 0, candidates = 1 }: Options): number[] {
  return Array.from({ length: candidates }, (_, index) => seed + index);
}

/**
 * Most tokens that each hole's answer may have, healed border tokens included. `isAsked`: it answers a prompt, and breaks off
 * at its bound where another one is only short.
 */
export function maxTokensOf(holes: readonly Hole[], { maxTokens }: Options, isAsked = false): number[] {
  const usual = (standing: number) =>
    isAsked ? DEFAULT_MAX_TOKENS + 2 * standing : Math.min(usualMost(standing), lineMost(standing));
  return holes.map(({ cells }) =>
    Math.max(maxTokens ?? usual(cells.length), cells.some((cell) => cell.locked) ? cells.length : 1),
  );
}

/**
 * Bounds under which the answers of all holes fit into `limit` tokens together with the text: holes that are denoised
 * one after the other would else leave nothing for the last. Each has `room` tokens, or as many as stood there, at least.
 */
export function sharedBounds(
  canvas: Canvas,
  maxTokens: readonly number[],
  room: number,
  limit: number,
): number[] {
  let left = limit;
  for (const segment of canvas.segments)
    left -= segment.kind === 'text' ? segment.ids.length : Math.max(room, segment.hole.cells.length);
  const share = Math.floor(Math.max(0, left) / Math.max(1, maxTokens.length));
  return holesOf(canvas).map(({ cells }, i) =>
    Math.min(maxTokens[i] ?? 0, Math.max(room, cells.length) + share),
  );
}

function usualMost(standing: number): number {
  return Math.max(DEFAULT_MAX_TOKENS, halfAgain(standing));
}

function halfAgain(standing: number): number {
  return Math.ceil(standing * 1.5);
}

/** A line is seldom rewritten as more than three; a model that goes on and on is not waited for. */
function lineMost(standing: number): number {
  return standing < LEAST_LINE ? Number.POSITIVE_INFINITY : Math.max(LINE_MOST, 3 * standing);
}

/** Tokens from which on a line stood there, and not the beginning of something. */
const LEAST_LINE = 8;
const LINE_MOST = 96;

/** Masks more than stood there, where the model can give back what is too many and grow where it is too few. */
const LEAST_SPARE = 8;
const MOST_SPARE = 16;
/** Masks where nothing stood, on a machine on which each of them is a wait: a line or two. */
const SHORT_INSERTION = 24;
const LEAST_MASKS = 16;

/**
 * Masks to begin with: where expand and delete tokens adjust the length, a few more than stood there, as far as the canvas
 * has `room` for them: of a line that is 16 to 24 instead of 64, and each mask costs a part of every step. Where nothing
 * stood, the family's own number, since starting long is better than starting short (DreamOn), or less of it on a slow
 * machine. For other families, as many as stood there.
 */
export function maskCountsOf(
  { family }: Pick<Checkpoint, 'family'>,
  holes: readonly Hole[],
  maxTokens: readonly number[],
  room: number,
  isSlow = false,
): number[] {
  const insertion = (initial: number) => (isSlow ? Math.min(initial, SHORT_INSERTION) : initial);
  return holes.map((hole, index) => {
    const most = maxTokens[index] ?? 1;
    const standing = hole.cells.length;
    const wanted =
      family.length.kind === 'expand-delete'
        ? Math.min(
            standing === 0 ? insertion(family.length.initialMasks) : withSpare(standing),
            Math.max(room, standing),
          )
        : isAnsweredInPlace(family)
          ? halfAgain(standing) + SPARE_MASKS
          : standing;
    return Math.max(1, Math.min(most, wanted));
  });
}

/** Its masks all stand from the beginning, and an end token may come in any of them. */
function isAnsweredInPlace({ attention, infill }: Checkpoint['family']): boolean {
  return infill.kind === 'prompt' && attention.kind === 'full';
}

function withSpare(standing: number): number {
  const spare = Math.min(MOST_SPARE, Math.max(LEAST_SPARE, halfAgain(standing) - standing));
  return Math.max(LEAST_MASKS, standing + spare);
}

/** An insertion by a model of fixed length is a line or less: each length that is looked at costs a forward pass. */
const LONGEST_INSERTION = 32;

/**
 * Lengths that a model of fixed length is asked about: half to double of what stood there, as far as `maxTokens`
 * goes. A hole of which something is locked keeps its length.
 */
export function lengthsOf(holes: readonly Hole[], maxTokens: readonly number[]): number[][] {
  return holes.map(({ cells }, index) => {
    const most = maxTokens[index] ?? 1;
    const standing = Math.min(cells.length, most);
    if (standing === 0) return ladder(1, Math.min(most, LONGEST_INSERTION));
    return ladder(standing, Math.min(most, 2 * standing)).filter((length) => length >= standing / 2);
  });
}
