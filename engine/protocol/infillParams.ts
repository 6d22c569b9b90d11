// What is to be filled in, and how: the options with their ranges and defaults.
import type { RuleName } from '../checkpoint/family';
import type { MemoryUse } from './memory';

/** UTF-16 offsets into `text`; `end` is exclusive. An empty span is a place where text is inserted. */
export interface SpanParams {
  readonly start: number;
  readonly end: number;
  /** Pieces of the span that stay as they are. */
  readonly locked?: readonly { readonly start: number; readonly end: number }[];
}

/** Whether text from elsewhere in the file is copied: not at all, mixed into the model's predictions, or without the model. */
export const COPYING = ['off', 'mixed', 'alone'] as const;
export type CopyingChoice = (typeof COPYING)[number];

/** In this order: a person waits for a rewrite, types on over ghost text, and does not see the background. */
export const PRIORITIES = ['rewrite', 'ghost', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How the K/V of the canvas is kept while it is denoised in place. */
export const CACHES = ['dual', 'exact'] as const;
type CacheChoice = (typeof CACHES)[number];

/** How a span is filled. Every option may be left out; the ranges are what the engine accepts. */
export interface InfillOptions {
  /**
   * Seed of the random draws; a whole number from 0, default 0. The same seed, model, provider and precision give the same
   * answer. Candidate n has the seed + n. Without a temperature it changes nothing. At 0, further candidates are the next best of
   * those that the first one was chosen among, where the model has such (docs/decisions/rescoring.md): nothing is drawn.
   */
  readonly seed?: number;
  /** Commit rule: which proposals of a denoise step are written (docs/decoding.md). Default: the family's. */
  readonly rule?: RuleName;
  /**
   * 0 to 100; 0 always takes the most likely token. Default: the family's; where there are several candidates, at least 0.4
   * for all but the first.
   */
  readonly temperature?: number;
  /** Nucleus sampling: draw from the most likely tokens that add up to this much. Above 0, up to 1. Default: the family's. */
  readonly topP?: number;
  /**
   * The rule's bound, 0 to 1000: least confidence (`threshold`), f (`factor`), or entropy in nats (`entropy-bounded`). Default:
   * the family's, else 0.9, 1, and 0.1. Other rules have none.
   */
  readonly threshold?: number;
  /** Most denoise steps, 1 to 100,000; shared out where a span has several blocks. Default: as many as there are masks. */
  readonly steps?: number;
  /** How many answers are made, 1 to 64, default 1. Equal ones come back as one. */
  readonly candidates?: number;
  /** Part of each span's tokens that is masked, the least likely first; 0 to 1, default 1: all. At least one is. */
  readonly strength?: number;
  /**
   * Most tokens in the answer of a span, 1 to 1,000,000. Default: 128, or half again as many as the span has, whichever is
   * more. The model's context can set a lower bound.
   */
  readonly maxTokens?: number;
  /**
   * For families that are denoised in place. `exact` encodes the whole window each step; `dual`, the default, reuses its K/V
   * and refreshes it every 16 steps.
   */
  readonly cache?: CacheChoice;
  /**
   * Whether a person waits for it. A model that is slow on this machine then takes in less of the canvas at once, denoises it
   * from left to right, and writes all tokens that are sure in one step; one that reads the code before it writes reads less of
   * it, and may end ghost text with a line. Default false: the same answer on every machine.
   */
  readonly interactive?: boolean;
  /**
   * Most tokens of the canvas in one pass, 64 to 1,000,000. Default: the family's window. For families that read the code before they
   * write, most tokens of it, and only where `interactive`.
   */
  readonly window?: number;
  /**
   * Whether text from elsewhere in the same file, from `openTexts`, and from the `memory` is copied. Default: `mixed`, but `off`
   * for models that answer prompts and have no calibration.json (docs/copying.md).
   */
  readonly copying?: CopyingChoice;
  /** Candidates of less `confidence` are left out; 0 to 1, default 0: none. */
  readonly gate?: number;
  /**
   * What is wanted, in a person's words; up to 4000 characters, default none. The error `option-invalid` for models that take
   * none (`takesInstruction`).
   */
  readonly instruction?: string;
}

export interface InfillParams extends InfillOptions {
  /** The client's own number, unique among its unanswered requests (those of `score` included); a whole number from 0. */
  readonly requestId: number;
  /** The folder that was loaded. */
  readonly model: string;
  /** Up to 8192 characters. A request supersedes an older one of the same document and priority. Default: none does. */
  readonly document?: string;
  readonly priority: Priority;
  /** Up to 20,000,000 UTF-16 units. Only the window around the spans is read by the model; copying searches further. */
  readonly text: string;
  /** VS Code's language id. Default: none; the starter model reads it, prompts name it. */
  readonly language?: string;
  /** Up to 4096 characters. No family reads it yet. */
  readonly fileName?: string;
  /** 1 to 1024, apart from each other, in any order. */
  readonly spans: readonly SpanParams[];
  /**
   * Texts of other open files, most recently seen first: read by copying alone, never by the model. Up to 64, each of up to
   * 2,000,000 UTF-16 units. Default: none.
   */
  readonly openTexts?: readonly string[];
  /** What else may be copied from (docs/memory.md). Default: none. */
  readonly memory?: MemoryUse;
  /**
   * Whether a `begun` notification is sent when it is its turn, `scoring` ones while it is chosen what to keep,
   * `reading` ones while what is around the spans is read, and a `denoiseStep` one for each step. Default false.
   */
  readonly events?: boolean;
}
