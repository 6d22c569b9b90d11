// Fits the worth of rescored answers: what is wanted is that the chosen one be right, or at least near.
import { dot } from '../../engine/calibration/logistic';
import { descend } from './adam';

/** One case's answers. */
export interface ChoiceExample {
  /** [answers][CHOICE_FEATURES.length] */
  readonly features: readonly (readonly number[])[];
  /** [answers] what choosing it is worth. */
  readonly gains: readonly number[];
}

/**
 * Coefficients under which the expected gain of a choice by softmax is highest, less `ridge` · |w|² in units of each
 * feature's spread; full-batch Adam, the same for the same arguments.
 */
export function fitChoice(
  examples: readonly ChoiceExample[],
  { ridge = 3e-3, steps = 300, rate = 0.05 }: { ridge?: number; steps?: number; rate?: number } = {},
): number[] {
  const width = examples[0]?.features[0]?.length ?? 0;
  const spread = spreads(examples, width);
  const scaled = examples.map(({ features, gains }) => ({
    gains,
    features: features.map((row) => row.map((value, k) => value / (spread[k] ?? 1))),
  }));
  const w = descend(width, { steps, rate }, (at) => {
    const slope = at.map((value) => 2 * ridge * value);
    for (const example of scaled) addSlope(example, at, slope, 1 / scaled.length);
    return slope;
  });
  return w.map((value, k) => value / (spread[k] ?? 1));
}

/** Adds the gradient of −Σ p · gain, p = softmax of the worths. */
function addSlope(
  { features, gains }: ChoiceExample,
  w: readonly number[],
  slope: number[],
  weight: number,
): void {
  const worths = features.map((row) => dot(w, row));
  const best = Math.max(...worths);
  const shares = worths.map((worth) => Math.exp(worth - best));
  const all = shares.reduce((sum, share) => sum + share, 0);
  const expected = shares.reduce((sum, share, i) => sum + (share / all) * (gains[i] ?? 0), 0);
  for (const [i, row] of features.entries()) {
    const g = (-weight * (shares[i] ?? 0) * ((gains[i] ?? 0) - expected)) / all;
    for (const [k, value] of row.entries()) slope[k] = (slope[k] ?? 0) + g * value;
  }
}

/** Standard deviation of each feature over all answers; infinite where it never changes, so that it counts for nothing. */
function spreads(examples: readonly ChoiceExample[], width: number): number[] {
  const rows = examples.flatMap(({ features }) => features);
  return Array.from({ length: width }, (_, k) => {
    const mean = rows.reduce((sum, row) => sum + (row[k] ?? 0), 0) / rows.length;
    const variance = rows.reduce((sum, row) => sum + ((row[k] ?? 0) - mean) ** 2, 0) / rows.length;
    return Math.sqrt(variance) || Number.POSITIVE_INFINITY;
  });
}
