// Fits logistic functions to what was seen: few numbers, few hundred to some ten thousand examples, no library.
import { dot } from '../../engine/calibration/logistic';
import { descend } from './adam';

/** Gradient of the loss with respect to the logit z, for one example. */
export type LogitGradient = (example: number, z: number) => number;

/**
 * Coefficients that minimise the mean loss plus `ridge`/2 · |w|² by full-batch Adam, the same for the same arguments.
 * The constant (feature 0) is shrunk as the others are: it hardly matters at these sizes.
 */
export function fitLogit(
  features: readonly (readonly number[])[],
  gradient: LogitGradient,
  { ridge = 1e-4, steps = 1500, rate = 0.05 }: { ridge?: number; steps?: number; rate?: number } = {},
): number[] {
  const width = features[0]?.length ?? 0;
  return descend(width, { steps, rate }, (w) => {
    const slope = w.map((value) => ridge * value);
    for (const [i, row] of features.entries()) {
      const g = gradient(i, dot(w, row)) / features.length;
      for (let k = 0; k < width; k++) slope[k] = (slope[k] ?? 0) + g * (row[k] ?? 0);
    }
    return slope;
  });
}

const RIDGES = [1e-3, 3e-3, 1e-2, 3e-2, 1e-1] as const;
/** Parts, each judged by what was fitted to the others. */
export const FOLDS = 5;

/**
 * A fit to outcomes, with the ridge under which fits to four fifths of them foretell the last fifth best. `folds`: which fifth each
 * is in, for outcomes that are alike.
 */
export function fitOutcomes(
  features: readonly (readonly number[])[],
  outcomes: readonly boolean[],
  folds: readonly number[] = outcomes.map((_, i) => i % FOLDS),
): number[] {
  const isIn = (fold: number) => (_: unknown, i: number) => folds[i] === fold;
  const isOut = (fold: number) => (_: unknown, i: number) => folds[i] !== fold;
  const losses = RIDGES.map((ridge) => {
    let loss = 0;
    for (let fold = 0; fold < FOLDS; fold++) {
      const known = outcomes.filter(isOut(fold));
      const w = fitLogit(features.filter(isOut(fold)), outcomeGradient(known), { ridge, steps: 600 });
      const unseen = outcomes.filter(isIn(fold));
      for (const [i, row] of features.filter(isIn(fold)).entries()) {
        const z = dot(w, row);
        loss += Math.log1p(Math.exp(unseen[i] ? -z : z));
      }
    }
    return loss;
  });
  const ridge = RIDGES[losses.indexOf(Math.min(...losses))] ?? RIDGES[0];
  return fitLogit(features, outcomeGradient(outcomes), { ridge });
}

/** Cross-entropy of a probability against what was right. */
export function outcomeGradient(outcomes: readonly boolean[]): LogitGradient {
  return (example, z) => 1 / (1 + Math.exp(-z)) - Number(outcomes[example]);
}

/** −ln((1 − λ) model + λ copy) of the token that stood there, λ = mass · σ(z). */
export function mixtureGradient(
  likelihoods: readonly { readonly model: number; readonly copy: number; readonly mass: number }[],
): LogitGradient {
  return (example, z) => {
    const { model = 0, copy = 0, mass = 0 } = likelihoods[example] ?? {};
    const weight = 1 / (1 + Math.exp(-z));
    const lambda = mass * weight;
    const mixed = Math.max(1e-12, (1 - lambda) * model + lambda * copy);
    return (-lambda * (1 - weight) * (copy - model)) / mixed;
  };
}
