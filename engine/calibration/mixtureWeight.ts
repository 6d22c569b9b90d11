// λ, the weight of what was copied: how likely the copied token is right, given where it was found and what the model
// says of it. So the model verifies a draft: little is left of what it holds to be impossible.
import { logistic } from './logistic';

/** What speaks for a copied token. */
export interface Evidence {
  /** Lexical units that agree on the left and behind the draft. */
  readonly order: number;
  readonly right: number;
  /** Part of what was found that says this token, 0…1. */
  readonly share: number;
  /** Cells between the left context and this one that are masked themselves. */
  readonly ahead: number;
  /** Whether the token ends the hole. */
  readonly ends: boolean;
}

/** What the model itself says of a copied token. */
export interface Opinion {
  /** ln p_model of the token. */
  readonly logProb: number;
  /** p_model of the model's own best token. */
  readonly best: number;
}

/** λ, 0…1. */
export type MixtureWeight = (evidence: Evidence, opinion: Opinion) => number;

export const MIXTURE_FEATURES = [
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

/**
 * For models that nothing was fitted to, in the order of MIXTURE_FEATURES, each with half a unit less as its constant than the
 * fit has: a larger model's own opinion is worth more. `leftToRight`: fitted to Qwen2.5-Coder 0.5B (bench/infilling/copyPrior.ts),
 * which seldom ends an answer by itself, so that a copy's end says much. `denoised`: fitted to a model of 6.4M parameters.
 */
export const PRIOR_MIXTURE: Readonly<Record<'leftToRight' | 'denoised', readonly number[]>> = {
  leftToRight: [-2.299, 0.234, 1.679, 1.194, -0.795, 0.768, 0, 1.963, 0.515, -0.463],
  denoised: [-3.182, 1.142, 1.057, 1.454, 0.284, 0.742, 0.003, -1.189, 0.426, -0.083],
};

const LEAST_LOG_PROB = -12;

/** [MIXTURE_FEATURES.length], each of the order of 1. */
export function mixtureFeatures(
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

/** λ by a logistic function of the features. `coefficients`: in the order of MIXTURE_FEATURES. */
export function mixtureWeight(coefficients: readonly number[]): MixtureWeight {
  return (evidence, opinion) => logistic(coefficients, mixtureFeatures(evidence, opinion));
}
