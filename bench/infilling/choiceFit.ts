// Fits the worth of rescored answers: what is wanted is that the chosen one be right, or at least near.
import { CHOICE_FEATURES } from '../../engine/calibration/choice';
import { dot } from '../../engine/calibration/logistic';
import { descend } from './adam';

/** One case's answers. */
export interface ChoiceExample {
  /** [answers][CHOICE_FEATURES.length] */
  readonly features: readonly (readonly number[])[];
  /** [answers] what choosing it is worth. */
  readonly gains: readonly number[];
}

export interface ChoiceFitOptions {
  readonly ridge?: number;
  readonly steps?: number;
  readonly rate?: number;
  /**
   * 0…1: worth, for each nat of an answer and of the suffix behind it, that the fit is drawn to where the examples do not say
   * otherwise. Default 0. A model whose own opinion is worth much needs it: few examples do not show how much.
   */
  readonly plain?: number;
}

/** The features that are ln p are tenths of nats. */
const NATS: Readonly<Partial<Record<(typeof CHOICE_FEATURES)[number], number>>> = {
  'ln p of the tokens': 10,
  'ln p of the suffix’s first tokens': 10,
};

/**
 * Coefficients under which the expected gain of a choice by softmax is highest, less `ridge` · |w − plain|² in units of each
 * feature's spread; full-batch Adam, the same for the same arguments.
 */
export function fitChoice(
  examples: readonly ChoiceExample[],
  { ridge = 3e-3, steps = 300, rate = 0.05, plain = 0 }: ChoiceFitOptions = {},
): number[] {
  const width = examples[0]?.features[0]?.length ?? 0;
  const spread = spreads(examples, width);
  const base = spread.map((one, k) => {
    const nats = NATS[CHOICE_FEATURES[k] ?? 'line breaks'] ?? 0;
    return Number.isFinite(one) ? plain * nats * one : 0;
  });
  const scaled = examples.map(({ features, gains }) => ({
    gains,
    features: features.map((row) => row.map((value, k) => value / (spread[k] ?? 1))),
  }));
  const w = descend(width, { steps, rate }, (at) => {
    const slope = at.map((value) => 2 * ridge * value);
    const worth = at.map((value, k) => value + (base[k] ?? 0));
    for (const example of scaled) addSlope(example, worth, slope, 1 / scaled.length);
    return slope;
  });
  return w.map((value, k) => (value + (base[k] ?? 0)) / (spread[k] ?? 1));
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
