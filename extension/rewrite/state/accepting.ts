// What may happen while the editor carries out an edit. Pure.
import { leastEdit } from '../../text/edits';
import { followAll } from '../../text/tracking';
import { hasChanges, textTaken } from './acceptance';
import { end, note, stay, toReview } from './decisions';
import { hasTaken, withMoment } from './moments';
import type { Decision, RewriteEvent, RewriteState } from './transitions';

export function whileAccepting(state: RewriteState & { kind: 'accepting' }, event: RewriteEvent): Decision {
  const { review, next, text } = state;
  if (event.kind === 'closed') return end('closed');
  if (event.kind === 'cancel' || event.kind === 'reject') return stay({ ...state, isLast: true });
  if (event.kind !== 'applied') return stay(state);
  if (!event.done) {
    // Somebody else was faster; whether the spans still hold their text is not for sure any more.
    if (event.text !== text) return end('conflict', note('conflict'));
    if (state.isLast) return end(hasTaken(review) ? 'accepted' : 'rejected', note('not-applied'));
    return toReview(review, note('not-applied'));
  }
  if (state.isLast || !hasChanges(next)) return end('accepted');
  const spans = arrivedIn(event.text, state);
  if (spans === undefined) return end('conflict', note('conflict'));
  const before = withMoment(review.moments, { text, spans: review.spans });
  return toReview({ ...next, spans, moments: withMoment(before, { text: event.text, spans }) });
}

/** Where the spans are once their edit is done: what was typed before that was told is in the text, too. */
function arrivedIn(text: string, { text: before, review, next }: RewriteState & { kind: 'accepting' }) {
  const expected = textTaken(before, review.spans, next.spans);
  if (expected === text) return next.spans;
  const { start, end, text: added } = leastEdit(expected, text);
  return followAll(next.spans, [{ offset: start, length: end - start, text: added }]);
}
