// One prediction of the model and what was found elsewhere in the file, as one distribution:
// p = (1 − λ) p_model + λ p_copy, λ being the weight times the mass (pointer-sentinel mixtures, arXiv:1609.07843; cache language models).
import type { Evidence, MixtureWeight } from '../calibration/mixtureWeight';
import type { Prediction } from '../denoiser';

/** What copying says of one cell. Shares sum to at most 1, largest first. */
export interface CellCopy {
  /** Part of what was found that has a token here at all: the rest ends further left. 0…1 */
  readonly mass: number;
  readonly tokens: readonly { readonly token: number; readonly share: number; readonly evidence: Evidence }[];
  /** What the likeliest draft has here; absent: it ends further left. */
  readonly likeliest?: number | undefined;
  /** What stands behind that in it. */
  readonly onward?: readonly number[];
}

/** Copying alone: the model is not asked. */
export const copyAlone: MixtureWeight = () => 1;

/** ln p_model of `token`: from the list, else `asked` (a target's), else what the least of the list has. */
export function logProbOf({ ids, logProbs }: Prediction, token: number, asked?: number): number {
  const at = ids.indexOf(token);
  return at >= 0 ? (logProbs[at] ?? -Infinity) : (asked ?? logProbs[logProbs.length - 1] ?? -Infinity);
}

/**
 * The mixture, best first, with as many tokens as the prediction lists. `target`: ln p_model of the first copied token
 * where it was asked for. A copied token that the model does not list has p_model 0 but for the first. The entropy is that
 * of the mixture over the whole vocabulary, exact but for those tokens.
 */
export function mixPrediction(
  prediction: Prediction,
  { tokens, mass, likeliest }: CellCopy,
  weight: MixtureWeight,
  target?: number,
): Prediction {
  const first = tokens[0];
  if (!first) return prediction;
  const logProb = logProbOf(prediction, first.token, target);
  const opinion = { logProb, best: Math.exp(prediction.logProbs[0] ?? -Infinity) };
  const lambda = mass * weight(first.evidence, opinion);
  const total = tokens.reduce((sum, { share }) => sum + share, 0);
  if (!(lambda > 0) || !(total > 0)) return prediction;
  const model = new Map<number, number>();
  for (let k = 0; k < prediction.ids.length; k++)
    model.set(prediction.ids[k] ?? -1, Math.exp(prediction.logProbs[k] ?? -Infinity));
  if (!model.has(first.token)) model.set(first.token, target === undefined ? 0 : Math.exp(target));
  const mixed = new Map([...model].map(([token, p]) => [token, (1 - lambda) * p]));
  for (const { token, share } of tokens) mixed.set(token, (mixed.get(token) ?? 0) + (lambda * share) / total);
  const sorted = [...mixed].sort(([, a], [, b]) => b - a).slice(0, Math.max(1, prediction.ids.length));
  return {
    ids: Int32Array.from(sorted, ([token]) => token),
    logProbs: Float32Array.from(sorted, ([, p]) => Math.log(p)),
    entropy: mixedEntropy(prediction.entropy, [...model.values()], [...mixed.values()], lambda),
    targetLogProb: 0,
    ...(sorted[0]?.[0] === likeliest && { follows: true }),
  };
}

/** The rest of the vocabulary keeps its shape and is scaled by 1 − λ. */
function mixedEntropy(
  entropy: number,
  model: readonly number[],
  mixed: readonly number[],
  lambda: number,
): number {
  const rest = Math.max(0, 1 - model.reduce((sum, p) => sum + p, 0));
  const restEntropy = Math.max(0, entropy - entropyOf(model));
  const scaled =
    (1 - lambda) * restEntropy + entropyOf([(1 - lambda) * rest]) - (1 - lambda) * entropyOf([rest]);
  return Math.max(0, entropyOf(mixed) + (lambda < 1 ? scaled : 0));
}

function entropyOf(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
}
