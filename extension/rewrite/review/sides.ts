// The two sides of a review: the document as it is, and the text with the shown candidate in it.
import { applyEdits } from '../../text/edits';
import type { OffsetRange } from '../../text/types';
import { answerOf, placesInOrder } from '../state/acceptance';
import type { Review, Side } from '../state/types';

/** Where each place is on a side. */
export function sidePlaces(
  review: Pick<Review, 'places' | 'answers' | 'index'>,
  side: Side,
): readonly OffsetRange[] {
  if (side === 'old') return review.places;
  let shift = 0;
  const result: OffsetRange[] = [];
  const { texts } = answerOf(review);
  for (const { start, old, index } of placesInOrder(review.places)) {
    const text = texts[index] ?? old;
    result[index] = { start: start + shift, end: start + shift + text.length };
    shift += text.length - old.length;
  }
  return result;
}

/** The whole document as it would be with the shown candidate. */
export function textWith(text: string, review: Pick<Review, 'places' | 'answers' | 'index'>): string {
  const { texts } = answerOf(review);
  const edits = placesInOrder(review.places).map(({ start, end, old, index }) => ({
    start,
    end,
    text: texts[index] ?? old,
  }));
  return applyEdits(text, edits);
}
