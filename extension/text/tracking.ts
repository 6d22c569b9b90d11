// Where a span is after the document was edited around it, or that it was edited itself.
import type { OffsetRange, TextChange } from './types';

/** Undefined when the change touches what is inside. What is typed at either border is outside. */
export function follow<R extends OffsetRange>(range: R, change: TextChange): R | undefined {
  const end = change.offset + change.length;
  const empty = range.start === range.end;
  if (end < range.start || (end === range.start && !(empty && change.length === 0))) {
    const shift = change.text.length - change.length;
    return { ...range, start: range.start + shift, end: range.end + shift };
  }
  if (change.offset > range.end || (change.offset === range.end && !empty)) return range;
  if (empty && change.offset === range.end && change.length > 0) return range;
  return undefined;
}

/** All of them through changes that apply one after another; undefined when one was touched. */
export function followAll<R extends OffsetRange>(
  ranges: readonly R[],
  changes: readonly TextChange[],
): readonly R[] | undefined {
  let current = ranges;
  for (const change of changes) {
    const moved: R[] = [];
    for (const range of current) {
      const next = follow(range, change);
      if (next === undefined) return undefined;
      moved.push(next);
    }
    current = moved;
  }
  return current;
}
