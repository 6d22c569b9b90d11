// From a prediction to one proposed token. Temperature is already in the probabilities (the graph applies it); here
// come the nucleus and the draw.
import type { Sampling } from '../checkpoint/family';
import type { Prediction } from '../denoiser';
import { type Random, seededRandom } from './random';

/** Sampling of one request. Same seed, same model, same provider: same result. */
export interface DecodeSampling extends Sampling {
  /** f of the factor rule. */
  readonly factor?: number;
  /** γ of the entropy-bounded rule, nats. */
  readonly entropyBound?: number;
  /** Of the first lane, where it is another one than the rest's: that candidate is then what it would be alone. */
  readonly firstTemperature?: number;
}

/** Logarithm that stands for a probability of 0 or one that is not a number, so that means stay finite. */
export const LEAST_LOG_PROB = -100;

export interface Draw {
  readonly token: number;
  /** Natural logarithm of the token's probability over the whole vocabulary, never below LEAST_LOG_PROB. */
  readonly logProb: number;
}

/** How one lane chooses among the best tokens. */
export type Drawer = (prediction: Prediction, allows: (token: number) => boolean) => Draw | undefined;

export function laneTemperature({ temperature, firstTemperature }: DecodeSampling, lane: number): number {
  return lane === 0 ? (firstTemperature ?? temperature) : temperature;
}

/** The drawer of one lane: greedy at temperature 0, else nucleus sampling by its seed. */
export function laneDrawer(sampling: DecodeSampling, seed: number, lane: number): Drawer {
  return laneTemperature(sampling, lane) <= 0 ? best : nucleus(sampling.topP, seededRandom(seed));
}

/** The most probable token that is allowed; none where no token of the prediction is. */
export const best: Drawer = (prediction, allows) => {
  for (let k = 0; k < prediction.ids.length; k++) {
    const token = prediction.ids[k];
    if (token !== undefined && allows(token)) return { token, logProb: logProbAt(prediction, k) };
  }
  return undefined;
};

/**
 * Draws from the smallest set of best tokens whose probabilities reach `topP` (Holtzman et al., arXiv:1904.09751), as far
 * as the prediction lists them. One random number a call, so that a lane's sequence does not depend on its draws.
 */
export function nucleus(topP: number, random: Random): Drawer {
  return (prediction, allows) => {
    const at = random();
    const kept: { index: number; probability: number }[] = [];
    let sum = 0;
    for (let k = 0; k < prediction.ids.length && (kept.length === 0 || sum < topP); k++) {
      const token = prediction.ids[k];
      if (token === undefined || !allows(token)) continue;
      const probability = Math.exp(logProbAt(prediction, k));
      kept.push({ index: k, probability });
      sum += probability;
    }
    let left = at * sum;
    for (const { index, probability } of kept) {
      left -= probability;
      if (left < 0) return drawAt(prediction, index);
    }
    const last = kept.at(-1);
    return last && drawAt(prediction, last.index);
  };
}

/** Finite whatever the model said. */
export function saneLogProb(logProb: number | undefined): number {
  if (logProb === undefined || Number.isNaN(logProb)) return LEAST_LOG_PROB;
  return Math.min(0, Math.max(LEAST_LOG_PROB, logProb));
}

function logProbAt(prediction: Prediction, k: number): number {
  return saneLogProb(prediction.logProbs[k]);
}

function drawAt(prediction: Prediction, k: number): Draw | undefined {
  const token = prediction.ids[k];
  return token === undefined ? undefined : { token, logProb: logProbAt(prediction, k) };
}
