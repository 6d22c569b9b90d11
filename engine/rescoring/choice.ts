// Which of the rescored answers is taken: the one of the highest worth. Worth is linear in what the causal head says of an
// answer and in how it came about; the weights are fitted on held-out code (bench/copyCalibration.ts).
import { dot } from '../candidates/logistic';
import type { CopyEvidence } from '../copying/drafts';
import { STAY } from './rescore';
import type { Rescored } from './types';

export const CHOICE_FEATURES = [
  'ln p of the tokens',
  'ln p of the suffix’s first tokens',
  'ln p of the first of them',
  'ln p of the first two',
  'ln tokens',
  'mean ln p of a token',
  'the canvas begins so',
  'the canvas is so',
  'the causal head begins so',
  'canvas and causal head begin so',
  'a copy begins so: its share',
  'a copy is so: its share',
  'left units of that copy',
  'right units of that copy',
  'a copy is so, and the canvas begins so',
  'has a line break',
  'line breaks',
] as const;

const NO_COPY: CopyEvidence = { share: 0, order: 0, right: 0 };

/** [CHOICE_FEATURES.length], each of the order of 1. */
export function choiceFeatures({ ids, logProbs, onward, origins }: Rescored, text: string): number[] {
  const own = sum(logProbs);
  const canvas = origins.filter(({ source }) => source === 'canvas');
  const copies = origins.filter(({ source }) => source === 'copy');
  const wholeCopies = copies.filter(({ isWhole }) => isWhole).map(({ copy = NO_COPY }) => copy);
  const isCausal = Number(origins.some(({ source }) => source === 'causal'));
  const begins = Number(canvas.length > 0);
  const lines = text.split('\n').length - 1;
  const largest = (values: readonly number[]): number => Math.max(0, ...values);
  return [
    own / 10,
    sum(onward) / 10,
    (onward[0] ?? 0) / 10,
    sum(onward.slice(0, 2)) / 10,
    Math.log(Math.max(1, ids.length)),
    own / Math.max(1, ids.length),
    begins,
    Number(canvas.some(({ isWhole }) => isWhole)),
    isCausal,
    begins * isCausal,
    largest(copies.map(({ copy = NO_COPY }) => copy.share)),
    Math.min(1, sum(wholeCopies.map(({ share }) => share))),
    largest(wholeCopies.map(({ order }) => Math.min(order, 10) / 10)),
    largest(wholeCopies.map(({ right }) => Math.min(right, 6) / 6)),
    Number(wholeCopies.length > 0) * begins,
    Number(lines > 0),
    lines,
  ];
}

export interface Choice {
  /** Index into the answers. */
  readonly index: number;
  /** Natural logarithm of its share of e^worth among all. */
  readonly logShare: number;
}

/** The answer of the highest worth; undefined where there is none. `worths`: one for each. */
export function choose(worths: readonly number[]): Choice | undefined {
  if (worths.length === 0) return undefined;
  const best = Math.max(...worths);
  const all = worths.reduce((total, worth) => total + Math.exp(worth - best), 0);
  return { index: worths.indexOf(best), logShare: -Math.log(all) };
}

export function fittedWorth(
  coefficients: readonly number[],
  features: readonly (readonly number[])[],
): number[] {
  return features.map((row) => dot(coefficients, row));
}

/** Where nothing is fitted, for answers that begin alike: ln p, with half a nat for each token that stays. */
export function plainWorth({ ids, logProbs, onward }: Rescored): number {
  return sum(logProbs) + sum(onward) + STAY * ids.length;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total;
}
