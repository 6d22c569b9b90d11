// The score of an answer: what the model itself says of it, before anything is fitted.
import type { HoleAnswer } from '../denoiser';

/**
 * Score of an answer without a token of the model's own (an emptied hole, or one that was locked throughout): nothing is
 * known of it, so it stands where a guess among some twenty thousand tokens would.
 */
export const UNSCORED = -10;

/** Mean natural-logarithm probability per token over all holes; locked tokens do not count. */
export function scoreOf(answers: readonly Pick<HoleAnswer, 'logProbs' | 'locked'>[]): number {
  let sum = 0;
  let count = 0;
  for (const { logProbs, locked } of answers) {
    for (const [i, logProb] of logProbs.entries()) {
      if (locked[i] === 1) continue;
      sum += logProb;
      count++;
    }
  }
  return count === 0 || !Number.isFinite(sum) ? UNSCORED : sum / count;
}
