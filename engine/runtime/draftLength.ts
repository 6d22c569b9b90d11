// How many tokens are worth reading ahead. Each makes the pass longer, and is worth nothing if it, or one before it, is not what is
// written. How often that is so is learnt from what was written, by how much agreed (recall.ts). Pure.

import { LEAST_MATCH } from './recall';

/** How likely it is that a recalled token is written, where 2, 3, and more tokens before it agree: until it is known. */
const EXPECTED: readonly number[] = [0.5, 0.65, 0.75, 0.8];
/** Each answer counts so much against those before it. */
const WEIGHT = 1 / 16;
/** Of a pass over one token, that each further one adds: 0.5B in int8 on two cores. */
const USUAL_COST = 0.15;

export class DraftLength {
  private readonly likely = [...EXPECTED];

  /** `costOf`: of a pass over so many tokens, in any unit; undefined where it is not known. */
  constructor(private readonly costOf: (width: number) => number | undefined = () => undefined) {}

  /** Tokens to read ahead, at most `most`, where so many agree: those with which a pass writes most tokens in its time. */
  for(matchLength: number, most: number): number {
    const one = this.costOf(1);
    let [best, bestRate] = [0, 1];
    let [written, chance] = [1, 1];
    for (let count = 1; count <= most; count++) {
      chance *= this.chanceOf(matchLength + count - 1);
      written += chance;
      const whole = this.costOf(1 + count);
      const cost =
        one === undefined || whole === undefined || one <= 0 ? 1 + USUAL_COST * count : whole / one;
      const rate = written / Math.max(1, cost);
      if (rate > bestRate) [best, bestRate] = [count, rate];
    }
    return best;
  }

  /** A token that was recalled where so many agreed was written, or was not. */
  learn(matchLength: number, isAccepted: boolean): void {
    const at = this.at(matchLength);
    this.likely[at] = this.chanceOf(matchLength) * (1 - WEIGHT) + (isAccepted ? WEIGHT : 0);
  }

  private chanceOf(matchLength: number): number {
    return this.likely[this.at(matchLength)] ?? 0;
  }

  private at(matchLength: number): number {
    return Math.max(0, Math.min(matchLength - LEAST_MATCH, EXPECTED.length - 1));
  }
}
