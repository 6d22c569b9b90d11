// What a rewrite consists of. Pure data: texts and offsets.
import type { OffsetRange, TextEdit } from '../../text/types';

/** A span of the document with the text that stands there until somebody accepts. */
export interface Place extends OffsetRange {
  readonly old: string;
}

/** One candidate: the new text of each place. */
export interface Answer {
  readonly texts: readonly string[];
}

export interface Review {
  readonly places: readonly Place[];
  readonly answers: readonly Answer[];
  readonly index: number;
  /** The last seed that was used. */
  readonly seed: number;
  /** What is wanted, in a person's words; it counts for more candidates, too. */
  readonly instruction?: string;
  /** Pinned words, in the old texts of the places or in those of the candidate. */
  readonly kept?: { readonly side: 'old' | 'new'; readonly ranges: PlaceRanges };
  /** What stood where before and after each acceptance, oldest first: undo and redo lead back there. */
  readonly moments: readonly Moment[];
}

/** Only texts and places: what a person has chosen, rejected or asked for since then stays as it is. */
export interface Moment {
  /** The whole document. */
  readonly text: string;
  readonly places: readonly Place[];
}

/** An edit within one place; offsets count from the place's start. */
export interface PlaceEdit extends TextEdit {
  readonly place: number;
}

/** The document as it is, or the text with the shown candidate in it. */
export type Side = 'old' | 'new';

/** Ranges within each place's text, in text order. */
export type PlaceRanges = readonly (readonly OffsetRange[])[];

export interface Ask {
  readonly seed: number;
  /** What is wanted, in a person's words, for models that take an instruction. */
  readonly instruction?: string;
  /** The text of each place as it is sent; absent: the document's own. */
  readonly texts?: readonly string[];
  /** What stays as it is in those texts. */
  readonly kept?: PlaceRanges;
  /** Only these words are masked, all of them at once; everything else stays. */
  readonly words?: PlaceRanges;
}

export type Ending = 'accepted' | 'rejected' | 'cancelled' | 'failed' | 'conflict' | 'unchanged' | 'closed';
