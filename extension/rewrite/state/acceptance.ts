// A review and what taking or leaving a part of it makes of it. Pure: texts and offsets in, texts and offsets out.

import type { Quality } from '../../../engine/candidates/quality/verdict';
import { applyEdits, inOrder, leastEdit, shifted } from '../../text/edits';
import { lineEdits } from '../../text/lineEdits';
import type { TextEdit } from '../../text/types';
import type { Candidate, Review, Span, SpanEdit } from './types';

/** One edit for each span that changes, in text order, without the characters that stay. */
export function editsOf(spans: readonly Span[], candidate: Candidate): readonly TextEdit[] {
  return inOrder(
    spans.flatMap(({ start, end, old }, i) => {
      const text = candidate.texts[i] ?? old;
      return text === old ? [] : [{ start, end, text, old }];
    }),
  ).map(({ start, text, old }) => shifted(leastEdit(old, text), start));
}

export function candidateOf({ candidates, index }: Pick<Review, 'candidates' | 'index'>): Candidate {
  return candidates[index] ?? { texts: [] };
}

/** Whether the shown candidate still changes anything. */
export function hasChanges(review: Pick<Review, 'spans' | 'candidates' | 'index'>): boolean {
  const { texts } = candidateOf(review);
  return review.spans.some(({ old }, i) => (texts[i] ?? old) !== old);
}

/** Indices of the candidates that still change something: only those are shown and counted. */
function standing(review: Pick<Review, 'spans' | 'candidates'>): readonly number[] {
  return review.candidates.flatMap((_, index) => (hasChanges({ ...review, index }) ? [index] : []));
}

/** The candidate that comes next, or before it; the same where there is no other. */
export function neighbour(review: Review, direction: 1 | -1): number {
  const all = standing(review);
  if (direction > 0) return all.find((index) => index > review.index) ?? all[0] ?? review.index;
  return all.findLast((index) => index < review.index) ?? all.at(-1) ?? review.index;
}

/** "2 of 3", both counting from 1. */
export function positionOf(review: Review): { readonly number: number; readonly count: number } {
  const all = standing(review);
  return { number: all.indexOf(review.index) + 1, count: all.length };
}

/** The edits in the document's own offsets, in text order. */
export function inDocument(spans: readonly Span[], edits: readonly SpanEdit[]): readonly TextEdit[] {
  return spansInOrder(spans).flatMap(({ start: base, index }) =>
    ownEdits(edits, index).map(({ start, end, text }) => ({ start: base + start, end: base + end, text })),
  );
}

/** Edits of two spans may meet at one offset: which goes first follows from the spans. */
export function spansInOrder(spans: readonly Span[]): readonly (Span & { readonly index: number })[] {
  return inOrder(spans.map((span, index) => ({ ...span, index })));
}

/** With the edits in the document; what they wrote is old text now, and the other candidates stay as they were. */
export function afterTaking<R extends Pick<Review, 'spans'>>(review: R, edits: readonly SpanEdit[]): R {
  const spans = [...review.spans];
  let shift = 0;
  for (const span of spansInOrder(review.spans)) {
    const old = applyEdits(span.old, ownEdits(edits, span.index));
    const start = span.start + shift;
    spans[span.index] = { start, end: start + old.length, old };
    shift += old.length - span.old.length;
  }
  return { ...review, spans };
}

/** The whole document with what was taken; `spans` in it as it was, `taken` the same ones afterwards. */
export function textTaken(text: string, spans: readonly Span[], taken: readonly Span[]): string {
  const edits = spansInOrder(spans).map(({ start, end, old, index }) => ({
    start,
    end,
    text: taken[index]?.old ?? old,
  }));
  return applyEdits(text, edits);
}

/** Without the edits in the shown candidate. */
export function afterLeaving<R extends Pick<Review, 'spans' | 'candidates' | 'index'>>(
  review: R,
  edits: readonly SpanEdit[],
): R {
  const texts = candidateOf(review).texts.map((text, i) => {
    const left = ownEdits(edits, i);
    const old = review.spans[i]?.old;
    if (left.length === 0 || old === undefined) return text;
    const isLeft = (edit: TextEdit) =>
      left.some(
        ({ start, end, text: added }) => start === edit.start && end === edit.end && added === edit.text,
      );
    return applyEdits(
      old,
      lineEdits(old, text).filter((edit) => !isLeft(edit)),
    );
  });
  const { quality } = candidateOf(review);
  const rest = { texts, ...(quality === undefined ? {} : { quality: ofARest(quality) }) };
  return { ...review, candidates: review.candidates.with(review.index, rest) };
}

/** What the model said was said of all of it. */
function ofARest({ isLikelier: _, confidence: __, ...quality }: Quality): Quality {
  return { ...quality, isUnfitted: true };
}

function ownEdits(edits: readonly SpanEdit[], span: number): readonly TextEdit[] {
  return inOrder(edits.filter((edit) => edit.span === span));
}
