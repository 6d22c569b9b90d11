// What a commit rule sees and what it answers: plain numbers, so that every rule is a pure function that can be
// tested without a model (decoding.md has the table of rules with their sources).

/** What the model proposes for one cell in this step. */
export interface Proposal {
  /** Any number that names the cell; smaller is further left. */
  readonly cell: number;
  /** The proposed token; at a committed cell the one that stands there. */
  readonly token: number;
  /** Probability of `token`, 0…1. */
  readonly confidence: number;
  /** Probability of the best token less that of the second best, 0…1. */
  readonly margin: number;
  /** The same difference in logits (nats at temperature 1). */
  readonly logitGap: number;
  /** Nats, over the whole vocabulary. */
  readonly entropy: number;
  readonly committed: boolean;
  /** Whether it is the token of the likeliest copy. */
  readonly follows?: boolean | undefined;
  /** Confidence at this cell one step earlier, where it was asked. */
  readonly previousConfidence?: number | undefined;
}

export interface RuleState {
  /** Counts from 1. */
  readonly step: number;
  /** Bound on the steps; absent: as many as it takes. */
  readonly steps?: number | undefined;
  /** Cells that are not locked, masked or committed. */
  readonly total: number;
  /** Mean confidence of the committed cells when they were committed; absent while there are none. */
  readonly committedMean?: number | undefined;
  /** Confidence from which the threshold rule commits (default 0.9). */
  readonly threshold?: number | undefined;
  /** f of the factor rule (default 1). */
  readonly factor?: number | undefined;
  /** γ of the entropy-bounded rule, nats (default 0.1). */
  readonly entropyBound?: number | undefined;
  /** Whether γ bounds the entropies of all tokens of the step; absent: of all but the last. */
  readonly boundsAll?: boolean | undefined;
}

/** Names of cells, ascending. A cell is in one of the two at most. */
export interface Decision {
  readonly commit: number[];
  readonly remask: number[];
}

/**
 * Decides one step. Every rule commits at least one cell while a masked one is left, takes back fewer cells than it
 * commits (so that denoising ends), and leaves none masked after the last step of a budget.
 */
export type Rule = (proposals: readonly Proposal[], state: RuleState) => Decision;
