// A stretch of text as pieces that are scored one after another: so there is something to see soon, and somewhere to stop.
import type { OffsetRange } from '../text/types';

/** Some three hundred tokens. */
const LINES = 24;
/** A line may be a whole file. */
const MOST_UNITS = 4000;

/** Whole lines, as far as they are no longer than a piece may be; together they are the range. */
export function chunksOf(text: string, { start, end }: OffsetRange): readonly OffsetRange[] {
  const chunks: OffsetRange[] = [];
  for (let from = start; from < end; ) {
    let to = from;
    for (let line = 0; line < LINES && to < end && to - from < MOST_UNITS; line++) {
      const newline = text.indexOf('\n', to);
      const behind = newline < 0 || newline >= end ? end : newline + 1;
      if (behind - from > MOST_UNITS && line > 0) break;
      to = behind;
    }
    to = Math.min(to, from + MOST_UNITS);
    if (to < end && isTorn(text, to)) to++;
    chunks.push({ start: from, end: to });
    from = to;
  }
  return chunks;
}

function isTorn(text: string, offset: number): boolean {
  return /^(?:[\ud800-\udbff][\udc00-\udfff]|\r\n)$/.test(text.slice(offset - 1, offset + 1));
}
