// How many masks a hole should have, for models that cannot change it while they denoise. One mask too many is the
// worst case known (models.md: 0.155 right instead of 0.897), so several lengths are scored in one batch first.

import type { InPlaceDenoiser, Lane } from '../denoiser';
import { throwIfCancelled } from '../errors';
import { saneLogProb } from './sampling';

/** Natural logarithm of the confidence that a length has by itself, whatever the text. */
export type LengthBias = (masks: number) => number;

/**
 * CAL's fit of the mean first-step confidence by length (arXiv:2602.00476, appendix A):
 * B(L) = exp(−1.77 L) + 0.56 exp(−0.06 L) + 0.24. Its authors use it for LLaDA, Dream-Coder and DiffuCoder alike.
 */
export const calLengthBias: LengthBias = (masks) =>
  Math.log(Math.exp(-1.77 * masks) + 0.56 * Math.exp(-0.06 * masks) + 0.24);

/** ln(mean confidence of the masks at the first step) − bias(length): CAL's calibrated confidence, as a logarithm. */
export function lengthScore(bestLogProbs: readonly number[], bias: LengthBias): number {
  if (bestLogProbs.length === 0) return Number.NEGATIVE_INFINITY;
  const sum = bestLogProbs.reduce((total, logProb) => total + Math.exp(saneLogProb(logProb)), 0);
  return Math.log(sum / bestLogProbs.length) - bias(bestLogProbs.length);
}

/** Lengths worth a first look: a ladder from 1 to `most`, each a quarter longer than the last, and `standing`. */
export function ladder(standing: number, most: number): number[] {
  const lengths = new Set([Math.max(1, standing), most]);
  for (let length = 1; length <= most; length = Math.max(length + 1, Math.round(length * 1.25)))
    lengths.add(length);
  return [...lengths].filter((length) => length >= 1 && length <= most).sort((a, b) => a - b);
}

/** Lengths a second look is taken at, at the most. */
const SECOND_LOOK = 16;

/** Lengths between the neighbours that `chosen` has on the ladder, the nearest ones, ascending. */
export function between(chosen: number, tried: readonly number[]): number[] {
  const sorted = [...tried].sort((a, b) => a - b);
  const at = sorted.indexOf(chosen);
  const low = sorted[at - 1] ?? chosen;
  const high = sorted[at + 1] ?? chosen;
  const distance = (length: number): number => Math.abs(length - chosen);
  return Array.from({ length: Math.max(0, high - low - 1) }, (_, index) => low + 1 + index)
    .filter((length) => !sorted.includes(length))
    .sort((a, b) => distance(a) - distance(b) || a - b)
    .slice(0, SECOND_LOOK)
    .sort((a, b) => a - b);
}

/** Lengths in groups whose masks together are `rows` at the most (a longer one is a group of its own). */
export function batches(lengths: readonly number[], rows: number): number[][] {
  const groups: number[][] = [];
  let free = 0;
  for (const length of lengths) {
    if (length > free || groups.length === 0) {
      groups.push([]);
      free = rows;
    }
    groups.at(-1)?.push(length);
    free -= length;
  }
  return groups;
}

/** A lane whose hole has so many masks, and what is asked about them. */
export type LaneOfLength = (masks: number) => Lane;

/**
 * The best of these lengths, in two looks: the ladder, and then what lies between the best one's neighbours.
 * `rows` bounds the masks that one forward pass is asked about, for each of them takes a row of logits.
 */
export async function chooseLength(
  denoiser: InPlaceDenoiser,
  lengths: readonly number[],
  laneOf: LaneOfLength,
  options: { readonly bias: LengthBias; readonly rows: number; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const scores = new Map<number, number>();
  const score = async (wanted: readonly number[]): Promise<void> => {
    for (const part of batches(wanted, options.rows)) {
      throwIfCancelled(options.signal);
      const predictions = await denoiser.predict(part.map(laneOf), {
        temperature: 0,
        ...(options.signal && { signal: options.signal }),
      });
      part.forEach((length, lane) => {
        const best = (predictions[lane] ?? []).map((prediction) => prediction.logProbs[0] ?? Number.NaN);
        scores.set(length, lengthScore(best, options.bias));
      });
    }
  };
  await score(lengths);
  await score(between(highest(scores), lengths));
  return highest(scores);
}

/** Ties go to the shorter one. */
function highest(scores: ReadonlyMap<number, number>): number {
  const sorted = [...scores].sort(([a], [b]) => a - b);
  return sorted.reduce((best, entry) => (entry[1] > best[1] ? entry : best), sorted[0] ?? [0, 0])[0];
}

/** What the length search needs beside the canvas. */
export interface LengthSearch {
  /** Lengths to score for each hole, in text order; absent: a ladder up to the hole's `maxTokens`. */
  readonly candidates?: readonly (readonly number[])[];
  readonly bias?: LengthBias;
  /** Most masks that one forward pass is asked about (default 256). */
  readonly rows?: number;
}
