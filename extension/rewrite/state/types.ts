// What a rewrite consists of. Pure data: texts and offsets.

import type { Quality } from '../../../engine/candidates/quality/verdict';
import type { CopySource } from '../../../engine/protocol';
import type { OffsetRange, TextEdit } from '../../text/types';

/** A span of the document with the text that stands there until somebody accepts. */
export interface Span extends OffsetRange {
  readonly old: string;
}

/** One candidate: the new text of each span. */
export interface Candidate {
  readonly texts: readonly string[];
  /** Absent: nobody has looked. */
  readonly quality?: Quality;
  /** Where it is copied from; absent: from nowhere. */
  readonly source?: CopySource;
}

export interface Review {
  readonly spans: readonly Span[];
  readonly candidates: readonly Candidate[];
  readonly index: number;
  /** The last seed that was used. */
  readonly seed: number;
  /** The seed by which all of it is still to be masked: so far, a word of it was done again. Absent: it has been. */
  readonly wholeSeed?: number;
  /** What it was asked for by; it counts for more candidates, too. */
  readonly wanted?: Wanted;
  /** What more was asked for and is not worth showing. */
  readonly heldBack?: readonly Candidate[];
  /** A person wants to see what the gate holds back, too. */
  readonly showsAll?: true;
  /** Pinned words, in the old texts of the spans or in those of the candidate. */
  readonly pinned?: { readonly side: 'old' | 'new'; readonly ranges: SpanRanges };
  /** What stood where before and after each acceptance, oldest first: undo and redo lead back there. */
  readonly moments: readonly Moment[];
}

/** Only texts and spans: what a person has chosen, rejected or asked for since then stays as it is. */
export interface Moment {
  /** The whole document. */
  readonly text: string;
  readonly spans: readonly Span[];
}

/** An edit within one span; offsets count from the span's start. */
export interface SpanEdit extends TextEdit {
  readonly span: number;
}

/** The document as it is, or the text with the shown candidate in it. */
export type Side = 'old' | 'new';

/** Ranges within each span's text, in text order. */
export type SpanRanges = readonly (readonly OffsetRange[])[];

/** What a rewrite is asked for by, besides its place. */
export interface Wanted {
  /** In a person's words; a model that takes no instruction refuses. */
  readonly instruction?: string;
  /** What a diagnostic says of the place: an instruction for models that take one, and nothing to others. */
  readonly problem?: string;
  /** Only what the model finds least likely is masked, and the answer counts only where the whole becomes likelier. */
  readonly isRepair?: true;
  /** Part of a longer selection, of which somebody was asked how to go about it. */
  readonly isPiece?: true;
  /** All of it is masked, and nobody looks at what stands there first. */
  readonly isWhole?: true;
}

export interface RewriteRequest extends Wanted {
  readonly seed: number;
  /** The text of each span as it is sent; absent: the document's own. */
  readonly texts?: readonly string[];
  /** What stays as it is in those texts. */
  readonly pinned?: SpanRanges;
  /** Only these words are masked, all of them at once; everything else stays. */
  readonly words?: SpanRanges;
  /** How often it was tried before and came to nothing that is worth showing; absent: never. */
  readonly tries?: number;
  /** Milliseconds that those tries took, and of them for reading: `TriesTime`. */
  readonly spent?: number;
  readonly read?: number;
}

/** What came back was not worth showing; a person may still ask for it. */
export interface Refusal {
  readonly spans: readonly Span[];
  readonly candidates: readonly Candidate[];
  readonly request: RewriteRequest;
  /** The line was looked at and stays as it is, and why. */
  readonly untouched?: Untouched;
}

/** The model finds nothing suspicious in what stands there; or what it does find, nothing else is likelier than. */
export type Untouched = 'unsuspicious' | 'likeliest';

export type Ending =
  | 'accepted'
  | 'rejected'
  | 'cancelled'
  | 'failed'
  /** The engine was lost in the middle of it, or replaced. */
  | 'interrupted'
  | 'conflict'
  | 'unchanged'
  | 'no-answer'
  | 'closed';
