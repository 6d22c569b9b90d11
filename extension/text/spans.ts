// From what a person selected to what is masked.
import type { OffsetRange } from './types';

/**
 * Spans in text order, apart from each other. An empty selection takes its line. Indentation at the start and white
 * space at the end stay outside: they are not what a person wants rewritten, and the model would only have to guess them. A
 * single blank at the end of a line is left over, as behind `total = `, and goes with what stands there.
 */
export function spansOf(text: string, selections: readonly OffsetRange[]): readonly OffsetRange[] {
  const spans = selections
    .map(({ start, end }) => narrowed(text, start === end ? lineAround(text, start) : { start, end }, start))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const apart: OffsetRange[] = [];
  for (const span of spans) {
    const last = apart.at(-1);
    if (last !== undefined && (span.start < last.end || span.start === last.start)) {
      apart[apart.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else {
      apart.push(span);
    }
  }
  return apart;
}

function lineAround(text: string, offset: number): OffsetRange {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  return { start, end: newline < 0 ? text.length : newline };
}

/** Nothing but white space: the place itself, where the cursor stood. */
function narrowed(text: string, { start, end }: OffsetRange, cursor: number): OffsetRange {
  const selected = text.slice(start, end);
  const core = selected.trim();
  if (core === '') {
    const place = Math.min(Math.max(cursor, start), end);
    return { start: place, end: place };
  }
  const from = start + selected.indexOf(core);
  const to = from + core.length;
  const isLeftOver = /^ (\r?\n|$)/.test(text.slice(to, to + 3)) && to < end;
  return { start: from, end: isLeftOver ? to + 1 : to };
}
