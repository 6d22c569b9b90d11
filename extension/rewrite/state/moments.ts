// Where undo and redo lead back to. Pure.
import { withoutPins } from './pins';
import type { RewriteEvent } from './transitions';
import type { Moment, Review } from './types';

/** One moment for one text, in the order in which they were first there. */
export function withMoment(moments: readonly Moment[], moment: Moment): readonly Moment[] {
  const known = moments.findIndex(({ text }) => text === moment.text);
  return known < 0 ? [...moments, moment] : moments.with(known, moment);
}

/**
 * Undo and redo lead back to what stood there then. What was decided meanwhile stays decided: a candidate is the whole new text
 * of a span, so a hunk that is undone is there to be taken again, and one that was rejected is not.
 */
export function turnedTo(review: Review, event: RewriteEvent & { kind: 'changed' }): Review | undefined {
  const moment = event.isTurn ? review.moments.find(({ text }) => text === event.text) : undefined;
  if (moment === undefined) return undefined;
  const { spans } = moment;
  const isSame = spans.every(({ old }, i) => old === review.spans[i]?.old);
  // Pinned words of a text that is not there any more.
  const rest = review.pinned?.side === 'old' && !isSame ? withoutPins(review) : review;
  return { ...rest, spans };
}

/** Whether something of the rewrite stands in the document. */
export function hasTaken({ moments, spans }: Review): boolean {
  const [first] = moments;
  return first?.spans.some(({ old }, i) => old !== spans[i]?.old) ?? false;
}
