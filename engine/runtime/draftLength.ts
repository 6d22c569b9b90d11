// How many tokens are worth reading ahead. Each makes the pass longer, and is worth nothing if it, or one before it, is not what is
// written. How often that is so is learnt from what was written, by how much agreed (recall.ts). Pure.

import { LEAST_MATCH } from './recall';

/** How likely it is that a recalled token is written, where 2, 3, and more tokens before it agree: until it is known. */
const EXPECTED: readonly number[] = [0.5, 0.65, 0.75, 0.8];
/** Each answer counts so much against those before it. */
const WEIGHT = 1 / 16;
/** Of a pass over one token, that each further one adds: 0.5B in int8 on two cores. */
const USUAL_COST = 0.15;

/** Of a pass over so many tokens, in any unit; undefined where it is not known. */
export type PassCost = (width: number) => number | undefined;

/**
 * Drafts with which a pass writes most tokens in its time, at most `most`. `chanceOf`: that the draft at this place, counting from 0, is
 * written, where those before it are; `widthOf`: tokens of a pass that has so many.
 */
export function mostWorth(
  most: number,
  chanceOf: (place: number) => number,
  widthOf: (count: number) => number,
  costOf: PassCost,
): number {
  const one = costOf(1);
  let [best, bestRate] = [0, 1];
  let [written, chance] = [1, 1];
  for (let count = 1; count <= most; count++) {
    chance *= chanceOf(count - 1);
    written += chance;
    const width = widthOf(count);
    const whole = costOf(width);
    const cost =
      one === undefined || whole === undefined || one <= 0 ? 1 + USUAL_COST * (width - 1) : whole / one;
    const rate = written / Math.max(1, cost);
    if (rate > bestRate) [best, bestRate] = [count, rate];
  }
  return best;
}

/** How likely it is, behind one that was written or was not. */
export function learned(likely: number, isWritten: boolean): number {
  return likely * (1 - WEIGHT) + (isWritten ? WEIGHT : 0);
}

export class DraftLength {
  private readonly likely = [...EXPECTED];

  constructor(private readonly costOf: PassCost = () => undefined) {}

  /** Tokens to read ahead, at most `most`, where so many agree: those with which a pass writes most tokens in its time. */
  for(matchLength: number, most: number): number {
    const chanceOf = (place: number) => this.chanceOf(matchLength + place);
    return mostWorth(most, chanceOf, (count) => 1 + count, this.costOf);
  }

  /** A token that was recalled where so many agreed was written, or was not. */
  learn(matchLength: number, isAccepted: boolean): void {
    const at = this.at(matchLength);
    this.likely[at] = learned(this.chanceOf(matchLength), isAccepted);
  }

  private chanceOf(matchLength: number): number {
    return this.likely[this.at(matchLength)] ?? 0;
  }

  private at(matchLength: number): number {
    return Math.max(0, Math.min(matchLength - LEAST_MATCH, EXPECTED.length - 1));
  }
}
