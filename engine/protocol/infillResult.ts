// What comes of a request to fill in: its candidates, its steps while it runs, and how long it would take.
import type { Precision } from '../graph/types';
import type { ProviderName } from './models';

export interface Position {
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1, in UTF-16 units. */
  readonly column: number;
}
export interface SpanRange {
  readonly start: Position;
  /** Exclusive. */
  readonly end: Position;
}
/** Where a text stands that an answer copies. */
export interface CopySource {
  /** As the memory was given it; absent: the text that was sent. */
  readonly path?: string;
  /** Counts from 1. */
  readonly line: number;
}
export interface CandidateSpan {
  /** Where the text goes, in the text that was sent. */
  readonly range: SpanRange;
  /** The same in UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /**
   * Where the text is copied from, letter by letter or with other names: the place that weighed most. Absent where it stands
   * nowhere else, and where it stands in one of the `openTexts`.
   */
  readonly source?: CopySource;
}
/**
 * What is wrong with a candidate as its text tells: an answer to an instruction breaks off before its end (`unfinished`); it
 * writes the same over and over (`loops`) or three times in a row (`repeats`); most of what stood there is gone (`deletes`),
 * or half of it (`shortens`); brackets or quotes lose their partners; a third of its names stand nowhere else in the text; its
 * confidence is low.
 */
export type Flaw =
  | 'unfinished'
  | 'loops'
  | 'deletes'
  | 'unbalanced'
  | 'repeats'
  | 'shortens'
  | 'unknown-names'
  | 'improbable';

export interface Candidate {
  /** Mean natural-logarithm probability per token; higher is better. Locked tokens do not count. 0 from servers that give none. */
  readonly score: number;
  /**
   * Probability that the candidate is right to the letter, 0…1: calibrated unless `isUnfitted`. Else
   * the geometric mean of the tokens' probabilities, or a power of their product (docs/copying.md). Absent from servers that give none.
   */
  readonly confidence?: number;
  /** Nothing was fitted to the model, or not to how it was asked: `confidence` is not calibrated. */
  readonly isUnfitted?: boolean;
  /** Gravest first; absent: not looked at. */
  readonly flaws?: readonly Flaw[];
  /** In the order of the request. */
  readonly spans: readonly CandidateSpan[];
}
/** What `palimpsest infill --json` prints, too. */
export interface InfillResult {
  readonly model: string;
  readonly family: string;
  readonly provider: ProviderName | 'server';
  readonly precision: Precision | 'unknown';
  /** Forward passes of the model, those that encode the context included; a batch counts once. */
  readonly forwards: number;
  /** Tokens that were filled in, over all candidates. */
  readonly tokens: number;
  readonly tokensPerForward: number;
  /** In the engine, without waiting for its turn. */
  readonly millis: number;
  /** Best first; none where the model came to no answer. */
  readonly candidates: readonly Candidate[];
}

/** Of a request that was not made. */
export interface Estimate {
  /** Tokens that it would begin with, over all spans. */
  readonly masks: number;
  /** Until its first denoise step and until its answer, without waiting for its turn; absent: the model's pace is not known yet. */
  readonly firstMillis?: number;
  readonly millis?: number;
  /**
   * Of each of these times, and of `scoringMillis`: reading what is around the spans, which is done once for requests of the same place
   * that follow each other. Absent: nothing is read before, or the pace is not known.
   */
  readonly readingMillis?: number;
  /** To score once what stands in its spans, as `palimpsest/score` does; absent: not known. */
  readonly scoringMillis?: number;
  /** Of memory that it would take beside the model that is loaded; absent: not known. */
  readonly bytes?: number;
}

/** One cell of the canvas as it is shown: text, not token ids. */
export interface CellEvent {
  /** Of its token; of a masked cell its best guess, where there is one. */
  readonly text: string;
  readonly state: 'masked' | 'draft' | 'committed' | 'locked';
  /** Probability of the token, 0…1; of a masked cell that of its best guess. */
  readonly confidence: number;
}
/** What was waiting for its turn is worked on. */
export interface BegunEvent {
  readonly requestId: number;
}

/** How much of what stands there is scored: of a `score` request, or of an `infill` before its first step. */
export interface ScoringEvent {
  readonly requestId: number;
  /** 0…1 */
  readonly done: number;
}

/** How much of what an answer needs to see is read, before its first step. Not sent where a pass or less does. */
export interface ReadingEvent {
  readonly requestId: number;
  /** 0…1 */
  readonly done: number;
  /** Until the request's answer, where that can be said. */
  readonly remainingMillis?: number;
}

/**
 * `cells` is the whole span as it stands. When the reader is slow, steps are left out, never the last of a span and
 * candidate; `committed` and `remasked` tell of their own step alone.
 */
export interface DenoiseStepEvent {
  readonly requestId: number;
  /** Counts from 1 over the whole request. */
  readonly step: number;
  /** Index of the span in the request. */
  readonly span: number;
  /** Counts from 0. */
  readonly candidate: number;
  readonly cells: readonly CellEvent[];
  /** Indices into `cells` that were written in this step. */
  readonly committed: readonly number[];
  /** Indices into `cells` that were masked again in this step. */
  readonly remasked: readonly number[];
  /** Of the whole request, 0…1. */
  readonly fraction?: number;
  /** Until its answer, where that can be said. */
  readonly remainingMillis?: number;
}
