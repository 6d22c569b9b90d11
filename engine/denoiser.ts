// What stands between the denoise loops and a model: the loops speak to a model through these two interfaces alone, so
// that they can be tested without one, and copying can wrap either. Plain types; nothing here imports anything.

/** What the model says of one position: best tokens first, after bias and temperature. */
export interface Prediction {
  /** [K] */
  readonly ids: Int32Array;
  /** [K] natural logarithms of the probabilities over the whole vocabulary. */
  readonly logProbs: Float32Array;
  /** Nats, over the whole vocabulary. */
  readonly entropy: number;
  /** Natural logarithm of the probability of the `target` that was asked for (0 if none was). */
  readonly targetLogProb: number;
  /** Whether the best token is that of the likeliest copy: what one copy says of several positions belongs together. */
  readonly follows?: true;
}

/** Tokens that may not (or must) come at a position, as a row of [vocabulary] additive logit biases. */
export type LogitBias = Float32Array;

/** One position that the loop wants to hear about. */
export interface Ask {
  /** Index into the lane's tokens (in place) or into the block (block by block). */
  readonly position: number;
  /** Added to the position's logits before the temperature. Identical objects are sent once. */
  readonly bias?: LogitBias;
  /** Token whose log-probability is wanted. */
  readonly target?: number;
  /** `bias` of the position behind it, for who reads ahead. Absent: the same. */
  readonly biasAhead?: LogitBias;
  /** Tokens that stand behind `target` elsewhere: who writes token by token may read them in the same pass. */
  readonly ahead?: readonly number[];
  /** `target` and `ahead` are what will be written: more of it may be read at once. */
  readonly isSure?: true;
}

/** One candidate's canvas as it stands. */
export interface Lane {
  /**
   * Which candidate this is, counted from 0 as it was opened; absent: its place in the list. A lane that has
   * finished leaves the list, the others keep their number (each has a K/V cache of its own).
   */
  readonly lane?: number;
  readonly tokens: Int32Array;
  readonly asks: readonly Ask[];
  /** Of this lane alone, in place of the one of all (PredictOptions). */
  readonly temperature?: number;
}

export interface PredictOptions {
  /** 0 means greedy: probabilities at temperature 1. */
  readonly temperature: number;
  readonly signal?: AbortSignal;
}

/** Full bidirectional models: whole canvases in, predictions out, [lane][ask]. The K/V policy is its own affair. */
export interface InPlaceDenoiser {
  /** Lanes may differ in length. */
  predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]>;
}

/** Context of one hole: token ids before it, and behind it where the family reads both sides. */
export interface HoleContext {
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** Where the layout has more in front of the hole than its left side, or its sides in another order. Absent: as laid out. */
  readonly sides?: HoleSides;
  /** What stood in the hole. No model sees it; it is only a guess at what will be written. */
  readonly standing?: ArrayLike<number>;
  /** Most tokens that the answer has, so that there is room for them. Absent: nothing is known of it. */
  readonly most?: number;
  /** Most tokens that one pass reads. Absent: as many as are read fastest. */
  readonly run?: number | undefined;
  /** Told behind each pass that reads it: the share that is read, 0…1. Of what is known already nothing is told. */
  readonly onRead?: (done: number) => void;
}

/** The text on both sides of a hole. */
interface HoleSides {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Characters of the sides that the answer's first token begins with and its last token ends with (Hole, canvas/types.ts). */
  readonly head: string;
  readonly tail: string;
}

/** Models that denoise block by block over an exact K/V cache. */
export interface BlockDenoiser {
  readonly blockLength: number;
  /** Most blocks that a hole may have. */
  readonly maxBlocks: number;
  /**
   * Encodes the context (what is cached already is kept) and forgets committed blocks. Returns the tokens that the
   * first block begins with: where blocks are counted from position 0, the tail of the prompt shares that block.
   */
  open(context: HoleContext, lanes: number, signal?: AbortSignal): Promise<{ readonly lead: Int32Array }>;
  /**
   * One lane is one block of `blockLength` tokens (masks included), or of fewer where nothing stands behind the answer; all lanes
   * have as many. Asks index into the block.
   */
  predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]>;
  /**
   * Writes the K/V of finished blocks to the cache, one [blockLength] a lane that goes on; `lanes` are their numbers
   * (absent: 0, 1, …). A lane that is left out is over.
   */
  commit(blocks: readonly Int32Array[], lanes?: readonly number[], signal?: AbortSignal): Promise<void>;
  /**
   * Answers that begin as the hypotheses do, rescored by the model's causal head; a denoiser may have hypotheses of its own.
   * Absent, or undefined, where the model has no such head or nothing follows the hole.
   */
  rescore?(request: RescoreRequest): Promise<readonly Rescored[] | undefined>;
}

/** What speaks for a piece of text that stands elsewhere in the same context. */
export interface CopyEvidence {
  /** Lexical units on the left that agree at the best of its places. */
  readonly order: number;
  /** Units behind it that are those behind the hole; 0: it is not known where it ends. */
  readonly right: number;
  /** Its part of all that was found, 0…1. */
  readonly share: number;
}

/** One answer that a hole could have. */
export interface Hypothesis {
  readonly ids: ArrayLike<number>;
  readonly source: 'canvas' | 'causal' | 'copy' | 'analogy';
  /** Of a copy or an analogy. */
  readonly copy?: CopyEvidence;
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
  /**
   * Nats: it ends once its ln p is below this or below that of the best hypothesis, for what begins so is hardly ever chosen, and
   * each token takes a pass. −Infinity: it does not end before its length. Default −4.
   */
  readonly leastContinuation?: number | undefined;
  /** Fewest and most tokens of an answer, and fewest of one that is a cut: each hypothesis is cut behind each of these. */
  readonly least: number;
  readonly leastCut?: number;
  readonly most: number;
  /** Under which the causal head chooses and is asked: no special tokens but the `end`. */
  readonly bias: LogitBias;
  /** Token that closes an answer, of a model that reads both sides before it answers. */
  readonly end?: number | undefined;
  /** Scores over the vocabulary that one pass may hold; where there are more, there are more passes. */
  readonly logitsAtOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a finished hole holds. */
export interface HoleAnswer {
  /** Without masks, ends, expands and deletes. */
  readonly ids: Int32Array;
  /**
   * [ids.length] natural logarithm of each token's probability when it was committed, or as the causal head rescored it
   * (`choice`); 0 for locked tokens.
   */
  readonly logProbs: Float32Array;
  readonly locked: Uint8Array;
  /** Where it was chosen among rescored answers. */
  readonly choice?: AnswerChoice;
  /** An answer to a prompt that came to its bound before its end. */
  readonly isCut?: true;
}

/** What speaks for an answer that was chosen among others. */
export interface AnswerChoice extends Pick<Rescored, 'onward' | 'origins'> {
  /** Natural logarithm of its share of e^worth among all. */
  readonly logShare: number;
  /** Another one was of higher worth: this is a further candidate. */
  readonly isOther?: true;
}
