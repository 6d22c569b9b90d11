// λ, the weight of what was copied: how likely the copied token is right, given where it was found and what the model
// says of it. So the model verifies a draft: of what it holds to be impossible little is left.
import { logistic } from '../candidates/logistic';
import type { Evidence, MixtureWeight, Opinion } from './mixture';

export const WEIGHT_FEATURES = [
  'constant',
  'left units, up to 3',
  'left units from 4 to 10',
  'right units, up to 4',
  'end unknown',
  'share',
  'ln(1 + cells ahead)',
  'ends the hole',
  'ln p of the model',
  'p of the model’s own best',
] as const;

const LEAST_LOG_PROB = -12;

/** [WEIGHT_FEATURES.length], each of the order of 1. */
export function weightFeatures(
  { order, right, share, ahead, ends }: Evidence,
  { logProb, best }: Opinion,
): number[] {
  return [
    1,
    Math.min(order, 3) / 3,
    Math.max(0, Math.min(order, 10) - 3) / 7,
    Math.min(right, 4) / 4,
    Number(right === 0),
    share,
    Math.log1p(ahead),
    Number(ends),
    Math.max(LEAST_LOG_PROB, Number.isNaN(logProb) ? LEAST_LOG_PROB : logProb) / 4,
    best,
  ];
}

/** λ by a logistic function of the features (bench/infilling/copyCalibration.ts fits it). */
export function mixtureWeight(coefficients: readonly number[]): MixtureWeight {
  return (evidence, opinion) => logistic(coefficients, weightFeatures(evidence, opinion));
}

/** Copying by itself: nothing else is asked. */
export const copyAlone: MixtureWeight = () => 1;
