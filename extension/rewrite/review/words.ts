// Which words somebody means who points into a text, told as ranges within the spans of a rewrite.
import { union } from '../../text/rangeSets';
import type { OffsetRange } from '../../text/types';
import type { SpanRanges } from '../state/types';

const WORD = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]+/gu;

/** What is selected, without white space around it; where nothing is, the word at the cursor. */
export function wordsAt(text: string, selections: readonly OffsetRange[]): readonly OffsetRange[] {
  return union(
    selections.flatMap(({ start, end }) => {
      if (start === end) return wordAround(text, start) ?? [];
      const selected = text.slice(start, end);
      const from = start + selected.length - selected.trimStart().length;
      return { start: from, end: Math.max(from, start + selected.trimEnd().length) };
    }),
  );
}

/** Letters are meant before signs where both touch the cursor. */
function wordAround(text: string, offset: number): OffsetRange | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const line = text.slice(lineStart, newline < 0 ? text.length : newline);
  const touching = [...line.matchAll(WORD)]
    .map((match) => ({ start: lineStart + match.index, end: lineStart + match.index + match[0].length }))
    .filter(({ start, end }) => start <= offset && offset <= end);
  return touching.find(({ start }) => /[\p{L}\p{N}_]/u.test(text.slice(start, start + 2))) ?? touching[0];
}

/** The parts of the ranges that lie in spans, counted from each span's start. */
export function withinSpans(ranges: readonly OffsetRange[], spans: readonly OffsetRange[]): SpanRanges {
  return spans.map((span) =>
    union(
      ranges.flatMap(({ start, end }) => {
        const from = Math.max(start, span.start);
        const to = Math.min(end, span.end);
        return from < to ? { start: from - span.start, end: to - span.start } : [];
      }),
    ),
  );
}
