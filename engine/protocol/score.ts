// How surprising each token of a text is to a model.
import type { Priority } from './infillParams';

export interface ScoreParams {
  /** As in InfillParams, and unique among those, too. */
  readonly requestId: number;
  /** The folder that was loaded. */
  readonly model: string;
  /** Up to 20,000,000 UTF-16 units. */
  readonly text: string;
  /** VS Code's language id. Default: none. */
  readonly language?: string;
  /** Up to 4096 characters. No family reads it yet. */
  readonly fileName?: string;
  /** Part of the text that is scored, UTF-16 offsets, the end exclusive. Default: all of it. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly priority: Priority;
  /**
   * Whether a person waits for it. A model that is denoised in place and slow on this machine, or that fills in the middle from left to
   * right, then reads less of the text around each piece. Default false: the same scores on every machine.
   */
  readonly interactive?: boolean;
  /** Whether `end` is told, too, where the model can say it. Costs one step. Default false. */
  readonly withEnd?: boolean;
  /** Whether a `begun` notification is sent when it is its turn, and `scoring` ones behind its passes. Default false. */
  readonly events?: boolean;
}
export interface ScoredToken {
  /** UTF-16 offsets into the text, the end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** −ln p(token | everything else the model sees), nats. */
  readonly surprise: number;
  /** How surprised the model expects to be in this place, whatever stands there: the entropy of its prediction, nats. */
  readonly expected: number;
  /** Best other tokens with their probabilities, best first; up to 4. */
  readonly alternatives: readonly { readonly text: string; readonly probability: number }[];
}
/** What a model would do behind a range. */
export interface ScoredEnd extends Pick<ScoredToken, 'expected' | 'alternatives'> {
  /** −ln p(its line ends there), nats. */
  readonly surprise: number;
}
export interface ScoreResult {
  readonly model: string;
  /** Whether both sides were seen (`masked`) or the left one only (`causal`). */
  readonly method: 'masked' | 'causal';
  readonly forwards: number;
  readonly millis: number;
  readonly tokens: readonly ScoredToken[];
  /**
   * Where `withEnd` asks for it, of a range that ends where a token does and has text behind it. Only of models that fill in the middle from left to right: they write
   * a sign when a hole is full.
   */
  readonly end?: ScoredEnd;
}
