// Code repeats itself: what followed the last tokens where they stood before is likely to follow them again. Prompt lookup decoding
// (github.com/apoorvumang/prompt-lookup-decoding); what it says is only a draft, which a pass of the model confirms or not. Pure.

import { MOST_AHEAD } from './foresight';

/** Fewer tokens that agree are chance. */
export const LEAST_MATCH = 2;
/** No token: nothing goes on across it. */
const BORDER = -1;
/** More of them say no more. */
const LONGEST_MATCH = 8;

export interface Recalled {
  readonly tokens: readonly number[];
  /** Tokens at the end of the text that agree. */
  readonly matchLength: number;
}

export class Recall {
  private readonly tokens: number[];

  /**
   * `context`: what the model reads before the answer, the code behind it included where that stands in front. `standing`: what the
   * answer is written in place of; much of it is often written again.
   */
  constructor(context: ArrayLike<number>, standing: ArrayLike<number> = []) {
    const read = Array.from(context);
    // As if the answer had been written once before.
    const before =
      standing.length === 0 ? [] : [...read.slice(-LEAST_MATCH), ...Array.from(standing), BORDER];
    this.tokens = [...before, ...read];
  }

  write(token: number): void {
    this.tokens.push(token);
  }

  /**
   * Tokens that followed the place that agrees with the end of the text for longest, the last one of several such, and how many agree.
   * None where too few do.
   */
  next(): Recalled {
    const { tokens } = this;
    const end = tokens.length - 1;
    let [best, matchLength] = [-1, LEAST_MATCH - 1];
    for (let at = end - 1; at >= 0 && matchLength < LONGEST_MATCH; at--) {
      let count = 0;
      while (count < LONGEST_MATCH && at - count >= 0 && tokens[at - count] === tokens[end - count]) count++;
      if (count > matchLength) [best, matchLength] = [at, count];
    }
    if (best < 0) return { tokens: [], matchLength: 0 };
    const onward = tokens.slice(best + 1, best + 1 + MOST_AHEAD);
    const border = onward.indexOf(BORDER);
    return { tokens: border < 0 ? onward : onward.slice(0, border), matchLength };
  }
}
