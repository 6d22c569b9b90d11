// Where marks are after edits, and which one is next. Pure.
import { follow } from '../text/tracking';
import type { OffsetRange, TextChange } from '../text/types';

/**
 * Marks through changes that apply one after another: those elsewhere move; those that were touched go, and so do those
 * that a change abuts, because the word that they belong to is another one now.
 */
export function followMarks<M extends OffsetRange>(
  marks: readonly M[],
  changes: readonly TextChange[],
): readonly M[] {
  return changes.reduce<readonly M[]>(
    (current, change) =>
      current.flatMap((mark) => {
        const abuts = change.offset <= mark.end && change.offset + change.length >= mark.start;
        const moved = abuts ? undefined : follow(mark, change);
        return moved === undefined ? [] : [moved];
      }),
    marks,
  );
}

/** Ranges through changes; one that is edited inside grows or shrinks. Those that become empty go. */
export function followRanges(
  ranges: readonly OffsetRange[],
  changes: readonly TextChange[],
): readonly OffsetRange[] {
  return changes.reduce<readonly OffsetRange[]>(
    (current, { offset, length, text }) =>
      current.flatMap(({ start, end }) => {
        const shift = text.length - length;
        const from = start <= offset ? start : Math.max(offset + text.length, start + shift);
        const to = end <= offset ? end : Math.max(offset, end + shift);
        return to > from ? [{ start: from, end: to }] : [];
      }),
    ranges,
  );
}

/** What of `wanted` none of the ranges covers, in order. */
export function uncovered(wanted: OffsetRange, ranges: readonly OffsetRange[]): readonly OffsetRange[] {
  let left: readonly OffsetRange[] = wanted.end > wanted.start ? [wanted] : [];
  for (const { start, end } of ranges) {
    left = left.flatMap((piece) => {
      if (end <= piece.start || start >= piece.end) return [piece];
      return [
        { start: piece.start, end: start },
        { start: end, end: piece.end },
      ].filter((rest) => rest.end > rest.start);
    });
  }
  return left;
}

/** The next mark behind (`forward`) or before the cursor, going round; undefined where there is none. */
export function nextMark<M extends OffsetRange>(
  marks: readonly M[],
  cursor: number,
  forward: boolean,
): M | undefined {
  const inOrder = [...marks].sort((a, b) => a.start - b.start);
  if (forward) return inOrder.find(({ start }) => start > cursor) ?? inOrder[0];
  return inOrder.findLast(({ start }) => start < cursor) ?? inOrder.at(-1);
}

export function markAt<M extends OffsetRange>(marks: readonly M[], offset: number): M | undefined {
  return (
    marks.find(({ start, end }) => start <= offset && offset < end) ?? marks.find(({ end }) => end === offset)
  );
}
