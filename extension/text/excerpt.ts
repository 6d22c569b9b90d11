// A model sees some thousand tokens; a huge file need not cross the process border for that.
import type { OffsetRange } from './types';

export interface Excerpt {
  readonly text: string;
  /** Offset of the excerpt in the document. */
  readonly base: number;
}

/** UTF-16 units on each side of the spans; several times what the longest contexts of local models hold. */
const REACH = 200_000;

/** Cut at line ends, so that no character, line end or indentation is torn apart. */
export function excerptAround(text: string, spans: readonly OffsetRange[], reach = REACH): Excerpt {
  const first = Math.min(...spans.map(({ start }) => start));
  const last = Math.max(...spans.map(({ end }) => end));
  const from = first > reach ? text.lastIndexOf('\n', first - reach - 1) + 1 : 0;
  const newline = text.length - last > reach ? text.indexOf('\n', last + reach) : -1;
  const to = newline < 0 ? text.length : newline + 1;
  return { text: from === 0 && to === text.length ? text : text.slice(from, to), base: from };
}
