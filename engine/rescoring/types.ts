// What may stand in a hole, and what the model's own causal head thinks of it (n-best rescoring).
import type { CopyEvidence } from '../copying/drafts';
import type { LogitBias } from '../decoding/types';

/** One answer that a hole could have. */
export interface Hypothesis {
  readonly ids: ArrayLike<number>;
  readonly source: 'canvas' | 'causal' | 'copy' | 'analogy';
  /** Of a copy or an analogy. */
  readonly copy?: CopyEvidence;
  /** Names exchanged in an analogy. */
  readonly exchanged?: number;
  /** Whether it goes on behind what its source takes for the answer: then it is nowhere whole. */
  readonly goesOn?: boolean;
}

/** How a rescored answer came about: a hypothesis that begins so, or is so. */
export interface Origin extends Omit<Hypothesis, 'ids' | 'goesOn'> {
  readonly isWhole: boolean;
}

/** The first tokens of one hypothesis or of several, read by the causal head between what stands around the hole. */
export interface Rescored {
  readonly ids: Int32Array;
  /** [ids.length] ln p of each token behind the prefix and those in front of it. */
  readonly logProbs: Float32Array;
  /** [at most JOIN_TOKENS] ln p of the suffix's first tokens behind all that. */
  readonly onward: readonly number[];
  readonly origins: readonly Origin[];
}

export interface RescoreRequest {
  readonly hypotheses: readonly Hypothesis[];
  /** Tokens of the causal head's own greedy continuation, which is one hypothesis more; 0: none, and no copies either. */
  readonly continuation: number;
  /** Fewest and most tokens of an answer, and fewest of one that is a cut: each hypothesis is cut behind each of these. */
  readonly least: number;
  readonly leastCut?: number;
  readonly most: number;
  /** Under which the causal head chooses and is asked: no special tokens. */
  readonly bias: LogitBias;
  /** Scores over the vocabulary that one pass may hold; where there are more, there are more passes. */
  readonly logitsAtOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
