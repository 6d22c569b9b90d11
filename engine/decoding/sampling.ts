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
  /** Probability from which a mask goes along with another one of the same copy (default 0.5); above 1: none does. */
  readonly leastCopied?: number;
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

/** At which one lane's tokens are drawn. */
export function laneTemperature({ temperature, firstTemperature }: DecodeSampling, lane: number): number {
  return lane === 0 ? (firstTemperature ?? temperature) : temperature;
}

/** At which the model is asked for one lane's probabilities; 0 is as 1 there. */
export function askedTemperature(sampling: DecodeSampling, lane: number): number {
  return sampling.plainConfidence ? 0 : laneTemperature(sampling, lane);
}

/** The drawer of one lane: greedy at temperature 0, else nucleus sampling by its seed. */
export function laneDrawer(sampling: DecodeSampling, seed: number, lane: number): Drawer {
  const temperature = laneTemperature(sampling, lane);
  if (temperature <= 0) return best;
  const random = seededRandom(seed);
  return sampling.plainConfidence
    ? tempered(temperature, sampling.topP, random)
    : nucleus(sampling.topP, random);
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

/**
 * The same for probabilities at temperature 1: tokens are drawn as the temperature has it, among those that the prediction lists,
 * and keep the probability that the model gave them.
 */
export function tempered(temperature: number, topP: number, random: Random): Drawer {
  return (prediction, allows) => {
    const top = saneLogProb(prediction.logProbs[0]);
    const weightOf = (index: number) => Math.exp((logProbAt(prediction, index) - top) / temperature);
    const listed = [...prediction.ids.keys()].filter((index) => allows(prediction.ids[index] ?? -1));
    const total = listed.reduce((sum, index) => sum + weightOf(index), 0);
    const kept: number[] = [];
    let sum = 0;
    for (const index of listed) {
      if (kept.length > 0 && sum >= topP * total) break;
      kept.push(index);
      sum += weightOf(index);
    }
    let left = random() * sum;
    const drawn = kept.find((index) => {
      left -= weightOf(index);
      return left < 0;
    });
    const index = drawn ?? kept.at(-1);
    return index === undefined ? undefined : drawAt(prediction, index);
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
