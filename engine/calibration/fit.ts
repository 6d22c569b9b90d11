// The part of a calibration that one request needs, with what takes its place where nothing was fitted: the only place that
// asks whether a model has one.

import type { Family } from '../checkpoint/family';
import type { HoleAnswer } from '../denoiser';
import { ownLogProbs, plainConfidence, wholeConfidence } from './confidence';
import { logistic } from './logistic';
import { type MixtureWeight, mixtureWeight, PRIOR_MIXTURE } from './mixtureWeight';
import type { Calibration } from './types';

type Copying = 'off' | 'mixed' | 'alone';

export interface Fit {
  readonly mixture: MixtureWeight;
  /** In the order of CHOICE_FEATURES; undefined where answers are not chosen by a fit. */
  readonly choice: readonly number[] | undefined;
  /** Probability that a candidate is right, 0…1. `features`: in the order of CONFIDENCE_FEATURES. */
  readonly confidence: (lane: readonly HoleAnswer[], features: readonly number[]) => number;
  /** 0…1: the part of several selected lines that an answer has at least, in tokens. */
  readonly leastShare: number;
}

/**
 * How a request copies that does not say so. An answer to a prompt is no piece of the text around the hole, so only a fit
 * could tell what copies are worth there.
 */
export function defaultCopying(
  calibration: Calibration | undefined,
  { infill }: Pick<Family, 'infill'>,
): Copying {
  return calibration || infill.kind !== 'prompt' ? 'mixed' : 'off';
}

export function fitFor(
  calibration: Calibration | undefined,
  copying: Copying,
  { attention, infill }: Pick<Family, 'attention' | 'infill'>,
): Fit {
  const isLeftToRight = attention.kind !== 'full' && attention.blockLength === 1;
  const prior = PRIOR_MIXTURE[isLeftToRight ? 'leftToRight' : 'denoised'];
  const confidence = calibration?.confidence[copying];
  return {
    mixture: mixtureWeight(calibration?.mixture ?? prior),
    // No other family has a head that compares answers.
    choice:
      copying === 'alone' || attention.kind !== 'cached-canvas' ? undefined : calibration?.choice[copying],
    confidence: (lane, features) => {
      if (confidence) return logistic(confidence, features);
      // An answer to a prompt is longer by its nature, and most of it is what stood there.
      const isWhole = isLeftToRight && infill.kind !== 'prompt';
      return isWhole ? wholeConfidence(ownLogProbs(lane)) : plainConfidence(lane);
    },
    leastShare: calibration?.leastShare ?? 0,
  };
}
