// What an end takes off the screen, for those who want it back. Pure.
import type { RewriteState } from './transitions';
import type { Review } from './types';

/** A review, and the whole document that it is of. */
export interface Reviewed {
  readonly review: Review;
  readonly text: string;
}

/** Of the state before the end, when the document had `text`. What was accepted to the last hunk is of the text before that: undo leads there. */
export function reviewedLast(state: RewriteState, text: string): Reviewed | undefined {
  if (state.kind === 'reviewing') return { review: state.review, text };
  if (state.kind !== 'accepting') return undefined;
  const { review } = state;
  const first = review.moments[0] ?? { text: state.text, spans: review.spans };
  return { review: { ...review, spans: first.spans }, text: first.text };
}
