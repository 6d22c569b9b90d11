// The two sides of a review: the document as it is, and the text with the shown candidate in it.

import type { OffsetRange } from '../../text/spans';
import { planAsk } from '../requestPlan';
import { answerOf, placesInOrder, type Review } from '../state/acceptance';

export type Side = 'old' | 'new';

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
  return planAsk(text, review.places, { seed: 0, texts: answerOf(review).texts }).text;
}
