// The words of a review that stay as they are in the next candidate. Pure.
import { found, toggled } from '../../text/rangeSets';
import type { OffsetRange } from '../../text/types';
import { candidateOf } from './acceptance';
import type { RewriteEvent } from './transitions';
import type { Candidate, Review, SpanRanges } from './types';

/** Words are pinned on one side at a time: the model can start from the old text or from the candidate, not from both. */
export function pinsWith(
  { pinned, spans }: Review,
  { side, span, word }: RewriteEvent & { kind: 'pin' },
): NonNullable<Review['pinned']> {
  const ranges = pinned?.side === side ? pinned.ranges : spans.map(() => []);
  return { side, ranges: ranges.with(span, toggled(ranges[span] ?? [], word)) };
}

/** Pinned words stay pinned in the candidate that was made around them. */
export function pinsBehind(earlier: Review | undefined, fresh: Candidate): Pick<Review, 'pinned'> {
  if (earlier?.pinned === undefined) return {};
  const { side, ranges } = earlier.pinned;
  if (side === 'old') return { pinned: earlier.pinned };
  const { texts } = candidateOf(earlier);
  const moved = ranges.map((own, i) => found(own, texts[i] ?? '', fresh.texts[i] ?? ''));
  return { pinned: { side, ranges: moved } };
}

/** A word that is masked again is pinned no more. */
export function pinsBeside(review: Review, masked: SpanRanges): Review {
  const { pinned } = review;
  if (pinned?.side !== 'new') return review;
  const isMasked = (span: number, { start, end }: OffsetRange) =>
    (masked[span] ?? []).some((word) => word.start < end && start < word.end);
  const ranges = pinned.ranges.map((own, span) => own.filter((range) => !isMasked(span, range)));
  return { ...review, pinned: { ...pinned, ranges } };
}

export function withoutPins({ pinned: _, ...review }: Review): Review {
  return review;
}
