// What an adapter's masks say will follow, and how many masks a pass is worth: they are read behind the tokens of the pass and say what
// comes after the next token, which the pass itself says. The causal path reads their drafts in the next pass and keeps those that it
// would have written (arXiv:2507.11851). How often that is so is learnt while an answer is written. Pure.
import { learned, mostWorth, type PassCost } from './draftLength';

/** How likely it is that the mask at each depth is right, those before it being right: until it is known. */
const EXPECTED = 0.6;
/** Where no mask is worth it, one is tried all the same, each time after so many passes: what follows may be easier. */
const TRIED_AFTER = 16;

export class MaskDrafts {
  private readonly likely: number[];
  /** Behind a token that is not written yet. */
  private pending: readonly number[] = [];
  /** Passes without a mask. */
  private without = 0;
  private ready: readonly number[] = [];

  /**
   * @param most masks of one pass at most
   */
  constructor(
    most: number,
    private readonly costOf: PassCost = () => undefined,
  ) {
    this.likely = Array.from({ length: most }, () => EXPECTED);
  }

  /** What the masks of the last pass say: the tokens that follow the one that the pass says. */
  put(drafts: readonly number[]): void {
    this.pending = drafts;
    this.ready = [];
  }

  /** That token is written, whatever it is. */
  goOn(): void {
    this.ready = this.pending;
    this.pending = [];
  }

  /** What follows the token that was written last, if the masks were right; each draft is read once. */
  take(): readonly number[] {
    const { ready } = this;
    this.ready = [];
    return ready;
  }

  /** Masks behind a pass: those with which passes write most tokens in their time, where each reads the drafts of the one before. */
  next(): number {
    const best = this.best();
    this.without = best === 0 ? this.without + 1 : 0;
    if (this.without < TRIED_AFTER) return best;
    this.without = 0;
    return Math.min(1, this.likely.length);
  }

  private best(): number {
    const { likely, costOf } = this;
    return mostWorth(
      likely.length,
      (depth) => likely[depth] ?? 0,
      (count) => 1 + 2 * count,
      costOf,
    );
  }

  /** The draft at this depth, counting from 0, was read behind right ones, and was written or was not. */
  learn(depth: number, isWritten: boolean): void {
    const known = this.likely[depth];
    if (known !== undefined) this.likely[depth] = learned(known, isWritten);
  }
}
