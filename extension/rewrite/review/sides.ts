// The two sides of a review: the document as it is, and the text with the shown candidate in it.
import { applyEdits } from '../../text/edits';
import type { OffsetRange } from '../../text/types';
import { candidateOf, spansInOrder } from '../state/acceptance';
import type { Review, Side } from '../state/types';

/** Where each span is on a side. */
export function sideSpans(
  review: Pick<Review, 'spans' | 'candidates' | 'index'>,
  side: Side,
): readonly OffsetRange[] {
  if (side === 'old') return review.spans;
  let shift = 0;
  const result: OffsetRange[] = [];
  const { texts } = candidateOf(review);
  for (const { start, old, index } of spansInOrder(review.spans)) {
    const text = texts[index] ?? old;
    result[index] = { start: start + shift, end: start + shift + text.length };
    shift += text.length - old.length;
  }
  return result;
}

/** The whole document as it would be with the shown candidate. */
export function textWith(text: string, review: Pick<Review, 'spans' | 'candidates' | 'index'>): string {
  const { texts } = candidateOf(review);
  const edits = spansInOrder(review.spans).map(({ start, end, old, index }) => ({
    start,
    end,
    text: texts[index] ?? old,
  }));
  return applyEdits(text, edits);
}
