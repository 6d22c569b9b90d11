// Which of the rescored answers is taken: the one of the highest worth. Worth is linear in what the causal head says of an
// answer and in how it came about; the weights are fitted on held-out code (bench/infilling/copyCalibration.ts).
import type { CopyEvidence, Hypothesis, Origin, Rescored } from '../denoiser';
import { dot } from './logistic';

export const CHOICE_FEATURES = [
  'ln p of the tokens',
  'ln p of the suffix’s first tokens',
  'ln p of the first of them',
  'ln p of the first two',
  'ln tokens',
  'mean ln p of a token',
  'a copy is so: its share',
  'left units of that copy',
  'right units of that copy',
  'a copy is so, and the canvas begins so',
  'an analogy begins so: its share',
  'left units of an analogy that begins so',
  'right units of an analogy that begins so',
  'an analogy and the causal head begin so',
  'has a line break',
  'line breaks',
] as const;

const NO_COPY: CopyEvidence = { share: 0, order: 0, right: 0 };

/** Scales of the features: units from which on more of them tell nothing more. */
const COPY_UNITS = { left: 10, right: 6 };
const ANALOGY_UNITS = { left: 12, right: 6 };

/** [CHOICE_FEATURES.length], each of the order of 1. */
export function choiceFeatures({ ids, logProbs, onward, origins }: Rescored, text: string): number[] {
  const own = sum(logProbs);
  const from = (source: Hypothesis['source']) => origins.filter((origin) => origin.source === source);
  const copies = from('copy').filter(({ isWhole }) => isWhole);
  const analogies = from('analogy');
  const lines = text.split('\n').length - 1;
  return [
    own / 10,
    sum(onward) / 10,
    (onward[0] ?? 0) / 10,
    sum(onward.slice(0, 2)) / 10,
    Math.log(Math.max(1, ids.length)),
    own / Math.max(1, ids.length),
    Math.min(1, sum(sharesOf(copies))),
    ...unitsOf(copies, COPY_UNITS),
    Number(copies.length > 0 && from('canvas').length > 0),
    largest(sharesOf(analogies)),
    ...unitsOf(analogies, ANALOGY_UNITS),
    Number(analogies.length > 0 && from('causal').length > 0),
    Number(lines > 0),
    lines,
  ];
}

function sharesOf(origins: readonly Origin[]): number[] {
  return origins.map(({ copy = NO_COPY }) => copy.share);
}

/** Most units on the left and on the right, as parts of those that count. */
function unitsOf(origins: readonly Origin[], full: { readonly left: number; readonly right: number }) {
  const left = origins.map(({ copy = NO_COPY }) => Math.min(copy.order, full.left) / full.left);
  const right = origins.map(({ copy = NO_COPY }) => Math.min(copy.right, full.right) / full.right);
  return [largest(left), largest(right)];
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

/** All of them, the one of the highest worth first, and of those with the same text the first alone. */
export function rankedChoices(worths: readonly number[], texts: readonly string[]): Choice[] {
  const best = choose(worths);
  if (best === undefined) return [];
  const highest = worths[best.index] ?? 0;
  const seen = new Set<string>();
  return [...worths.keys()]
    .sort((a, b) => (worths[b] ?? 0) - (worths[a] ?? 0))
    .filter((index) => {
      const text = texts[index] ?? '';
      return !seen.has(text) && seen.add(text);
    })
    .map((index) => ({ index, logShare: best.logShare + (worths[index] ?? 0) - highest }));
}

export function fittedWorth(
  coefficients: readonly number[],
  features: readonly (readonly number[])[],
): number[] {
  return features.map((row) => dot(coefficients, row));
}

/** Nats for each token: the likeliest text is too short a text. */
export const STAY = 0.5;

/** Where nothing is fitted, for answers that begin alike: ln p, with half a nat for each token that stays. */
export function plainWorth({ ids, logProbs, onward }: Rescored): number {
  return sum(logProbs) + sum(onward) + STAY * ids.length;
}

function largest(values: readonly number[]): number {
  return Math.max(0, ...values);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total;
}
