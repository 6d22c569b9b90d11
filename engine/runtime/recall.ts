// Code repeats itself: what followed the last tokens where they stood before is likely to follow them again. Prompt lookup decoding
// (github.com/apoorvumang/prompt-lookup-decoding); what it says is only a draft, which a pass of the model confirms or not. Pure.

/** Fewer tokens that agree are chance. */
const LEAST_AGREEING = 2;
/** More of them say no more. */
const MOST_AGREEING = 8;

export class Recall {
  private readonly tokens: number[];

  /** `context`: what the model reads before the answer, the code behind it included where that stands in front. */
  constructor(context: ArrayLike<number>) {
    this.tokens = Array.from(context);
  }

  write(token: number): void {
    this.tokens.push(token);
  }

  /**
   * Tokens that followed the place that agrees with the end of the text for longest, the last one of several such. As many as agree,
   * for what has agreed for long goes on so; none where too few do.
   */
  next(): readonly number[] {
    const { tokens } = this;
    const end = tokens.length - 1;
    let [best, agreeing] = [-1, LEAST_AGREEING - 1];
    for (let at = end - 1; at >= 0 && agreeing < MOST_AGREEING; at--) {
      let count = 0;
      while (count < MOST_AGREEING && at - count >= 0 && tokens[at - count] === tokens[end - count]) count++;
      if (count > agreeing) [best, agreeing] = [at, count];
    }
    return best < 0 ? [] : tokens.slice(best + 1, Math.min(best + 1 + agreeing, tokens.length));
  }
}
