// A review and what taking or leaving a part of it makes of it. Pure: texts and offsets in, texts and offsets out.
import { applyEdits, inOrder, leastEdit, shifted } from '../../text/edits';
import { lineEdits } from '../../text/lineEdits';
import type { TextEdit } from '../../text/types';
import type { Answer, Place, PlaceEdit, Review } from './types';

/** One edit for each place that changes, in text order, without the characters that stay. */
export function editsOf(places: readonly Place[], answer: Answer): readonly TextEdit[] {
  return inOrder(
    places.flatMap(({ start, end, old }, i) => {
      const text = answer.texts[i] ?? old;
      return text === old ? [] : [{ start, end, text, old }];
    }),
  ).map(({ start, text, old }) => shifted(leastEdit(old, text), start));
}

export function answerOf({ answers, index }: Pick<Review, 'answers' | 'index'>): Answer {
  return answers[index] ?? { texts: [] };
}

/** Whether the shown candidate still changes anything. */
export function hasChanges(review: Pick<Review, 'places' | 'answers' | 'index'>): boolean {
  const { texts } = answerOf(review);
  return review.places.some(({ old }, i) => (texts[i] ?? old) !== old);
}

/** Indices of the candidates that still change something: only those are shown and counted. */
function standing(review: Pick<Review, 'places' | 'answers'>): readonly number[] {
  return review.answers.flatMap((_, index) => (hasChanges({ ...review, index }) ? [index] : []));
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
export function inDocument(places: readonly Place[], edits: readonly PlaceEdit[]): readonly TextEdit[] {
  return placesInOrder(places).flatMap(({ start: base, index }) =>
    ownEdits(edits, index).map(({ start, end, text }) => ({ start: base + start, end: base + end, text })),
  );
}

/** Edits of two places may meet at one offset: which goes first follows from the places. */
export function placesInOrder(places: readonly Place[]): readonly (Place & { readonly index: number })[] {
  return inOrder(places.map((place, index) => ({ ...place, index })));
}

/** With the edits in the document; what they wrote is old text now, and the other candidates stay as they were. */
export function afterTaking<R extends Pick<Review, 'places'>>(review: R, edits: readonly PlaceEdit[]): R {
  const places = [...review.places];
  let shift = 0;
  for (const place of placesInOrder(review.places)) {
    const old = applyEdits(place.old, ownEdits(edits, place.index));
    const start = place.start + shift;
    places[place.index] = { start, end: start + old.length, old };
    shift += old.length - place.old.length;
  }
  return { ...review, places };
}

/** The whole document with what was taken; `places` in it as it was, `taken` the same ones afterwards. */
export function textTaken(text: string, places: readonly Place[], taken: readonly Place[]): string {
  const edits = placesInOrder(places).map(({ start, end, old, index }) => ({
    start,
    end,
    text: taken[index]?.old ?? old,
  }));
  return applyEdits(text, edits);
}

/** Without the edits in the shown candidate. */
export function afterLeaving<R extends Pick<Review, 'places' | 'answers' | 'index'>>(
  review: R,
  edits: readonly PlaceEdit[],
): R {
  const texts = answerOf(review).texts.map((text, i) => {
    const left = ownEdits(edits, i);
    const old = review.places[i]?.old;
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
  return { ...review, answers: review.answers.with(review.index, { texts }) };
}

function ownEdits(edits: readonly PlaceEdit[], place: number): readonly TextEdit[] {
  return inOrder(edits.filter((edit) => edit.place === place));
}
