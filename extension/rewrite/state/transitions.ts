// The states of a rewrite, what can happen to it, and what is to be done: the words in which machine.ts decides.
import type { EngineError } from '../../../engine/errors';
import type { OffsetRange, TextChange, TextEdit } from '../../text/types';
import type {
  Candidate,
  Ending,
  Refusal,
  Review,
  RewriteRequest,
  Span,
  SpanEdit,
  SpanRanges,
  Untouched,
} from './types';

export type RewriteState =
  | {
      readonly kind: 'denoising';
      readonly spans: readonly Span[];
      /** Since the text was sent: candidates speak of the text as it was then. */
      readonly changes: readonly TextChange[];
      readonly request: RewriteRequest;
      /** The draft was taken as it was: who wants that sees it, whatever it is. */
      readonly isTaken?: true;
      /** Not worth showing, of earlier tries. */
      readonly held?: readonly Candidate[];
      /** What there was to look at before more was asked for. */
      readonly earlier?: Review;
    }
  | { readonly kind: 'reviewing'; readonly review: Review }
  /** Nothing was worth showing. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The edit is under way; changes to the document are our own. */
  | {
      readonly kind: 'accepting';
      readonly review: Review;
      /** What is left to look at once it is done, and the text that it was decided on. */
      readonly next: Review;
      readonly text: string;
      /** Somebody left the review meanwhile: it ends with the edit. */
      readonly isLast?: true;
    }
  | { readonly kind: 'ended'; readonly how: Ending };

export type RewriteEvent =
  /** `spans` in the text that was sent; `millis`: what the request took, where it was measured, and of that `readMillis` for reading. */
  | {
      readonly kind: 'answered';
      readonly spans: readonly Span[];
      readonly candidates: readonly Candidate[];
      readonly millis?: number;
      readonly readMillis?: number;
      /** A word was done again before all of it would have been. */
      readonly isRepaired?: true;
      /** What a look at the line came to: that all of it was masked is a guess. */
      readonly guess?: Untouched;
    }
  /** What stands there was looked at, and nothing was masked; `spans` as in `answered`. */
  | { readonly kind: 'untouched'; readonly spans: readonly Span[]; readonly why: Untouched }
  /** The text as it is now, and the spans in it, are sent: what was typed before is in both. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly error: EngineError }
  /** `text`: the whole document as it is now; `isTurn`: by undo or redo. */
  | {
      readonly kind: 'changed';
      readonly changes: readonly TextChange[];
      readonly text: string;
      readonly isTurn: boolean;
    }
  /** How good the candidates `of` the review look by now. */
  | {
      readonly kind: 'looked';
      readonly of: readonly Candidate[];
      readonly candidates: readonly Candidate[];
    }
  /** `text`: the whole document as the edit left it. */
  | { readonly kind: 'applied'; readonly done: boolean; readonly text: string }
  | { readonly kind: 'reject' | 'cancel' | 'next' | 'previous' | 'again' | 'take' | 'show-anyway' | 'closed' }
  /** The engine goes away, for another one. */
  | { readonly kind: 'interrupted' }
  /** All tries have taken as long as they may. */
  | { readonly kind: 'late' }
  /** All of the candidate, or one hunk of it; `text`: the whole document. */
  | { readonly kind: 'accept'; readonly text: string }
  | { readonly kind: 'accept-hunk'; readonly edits: readonly SpanEdit[]; readonly text: string }
  | { readonly kind: 'reject-hunk'; readonly edits: readonly SpanEdit[] }
  /** The editor's own ghost text was taken: a hunk's new lines stand in the document already. */
  | { readonly kind: 'inserted'; readonly edits: readonly SpanEdit[]; readonly text: string }
  /** A word is pinned, or not any more. */
  | {
      readonly kind: 'pin';
      readonly side: 'old' | 'new';
      readonly span: number;
      readonly word: OffsetRange;
    }
  /** Words of the candidate are done again, everything else in it stays. */
  | { readonly kind: 'redo'; readonly words: SpanRanges };

export type Note =
  | 'unchanged'
  /** Somebody said what to change, and the model leaves the text as it is. */
  | 'not-followed'
  | 'no-answer'
  | 'nothing-new'
  | 'nothing-good'
  | 'nothing-to-repair'
  | 'conflict'
  | 'not-applied';

export type RewriteEffect =
  | { readonly kind: 'request'; readonly request: RewriteRequest }
  /** The engine takes what it has after the step that runs. */
  | { readonly kind: 'enough' }
  | { readonly kind: 'abort' }
  /** Take away everything that is shown. */
  | { readonly kind: 'clear' }
  /** Take away what is shown in the text; more is on its way. */
  | { readonly kind: 'hide' }
  /** `fresh`: there is something else to look at, so the cursor goes there. */
  | { readonly kind: 'review'; readonly review: Review; readonly fresh: boolean }
  /** Say that there is nothing good, with what can be done about it; `fresh`: it is news. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly fresh: boolean }
  | { readonly kind: 'apply'; readonly edits: readonly TextEdit[]; readonly text: string }
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'error'; readonly error: EngineError };

export interface Decision {
  readonly state: RewriteState;
  readonly effects: readonly RewriteEffect[];
}
