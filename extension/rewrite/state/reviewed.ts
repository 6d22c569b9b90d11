// What an end takes off the screen, for those who want it back. Pure.
import { leastEdit } from '../../text/edits';
import { followAll } from '../../text/tracking';
import type { RewriteState } from './transitions';
import type { Moment, Review } from './types';

/** A review, and the whole documents that it is of: undo and redo lead from one to another. */
export interface Reviewed {
  readonly review: Review;
  /** First the one that may have been edited around the review since then. */
  readonly moments: readonly Moment[];
}

/** Of the state before the end, when the document had `text`. What was accepted to the last hunk is of the texts before that. */
export function reviewedLast(state: RewriteState, text: string): Reviewed | undefined {
  if (state.kind === 'reviewing') {
    const { review } = state;
    return { review, moments: [{ text, spans: review.spans }, ...review.moments] };
  }
  if (state.kind !== 'accepting') return undefined;
  const { review } = state;
  return { review, moments: [...review.moments, { text: state.text, spans: review.spans }] };
}

/** The review of a document that has `text` by now; undefined where what it is of was edited. */
export function reviewedIn({ review, moments }: Reviewed, text: string): Review | undefined {
  const same = moments.find((moment) => moment.text === text);
  if (same !== undefined) return { ...review, spans: same.spans };
  // What was accepted may look like something typed behind a text between.
  const [first] = moments;
  if (first === undefined) return undefined;
  const { start, end, text: added } = leastEdit(first.text, text);
  const spans = followAll(first.spans, [{ offset: start, length: end - start, text: added }]);
  return spans && { ...review, spans };
}
