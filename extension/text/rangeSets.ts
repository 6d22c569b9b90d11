// Sets of ranges: put together, taken out, found again in another text.
import { inOrder } from './edits';
import type { OffsetRange } from './types';

/** Apart and in text order; what touches becomes one. */
export function union(ranges: readonly OffsetRange[]): readonly OffsetRange[] {
  const result: OffsetRange[] = [];
  for (const range of inOrder(ranges)) {
    const last = result.at(-1);
    if (range.start === range.end) continue;
    if (last !== undefined && range.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      result.push({ start: range.start, end: range.end });
    }
  }
  return result;
}

/** Taken out where it is in already, put in where it is not. */
export function toggled(ranges: readonly OffsetRange[], one: OffsetRange): readonly OffsetRange[] {
  const isIn = ranges.some(({ start, end }) => start <= one.start && one.end <= end);
  if (!isIn) return union([...ranges, one]);
  return union(
    ranges.flatMap(({ start, end }) => [
      { start, end: Math.max(start, Math.min(end, one.start)) },
      { start: Math.min(end, Math.max(start, one.end)), end },
    ]),
  );
}

/** Where kept words stand in a new text: in the same order, each behind the one before it. */
export function found(ranges: readonly OffsetRange[], old: string, fresh: string): readonly OffsetRange[] {
  const result: OffsetRange[] = [];
  let from = 0;
  for (const { start, end } of ranges) {
    const word = old.slice(start, end);
    const at = fresh.indexOf(word, from);
    if (at < 0) continue;
    result.push({ start: at, end: at + word.length });
    from = at + word.length;
  }
  return result;
}
