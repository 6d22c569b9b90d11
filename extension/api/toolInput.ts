// What a language model hands to the tool, and what it gets back: lines and columns in, a diff out. Pure.
import { structuredPatch } from 'diff';
import { integer, list, object, text } from '../../engine/rpc/fields';
import { splitLines } from '../text/lineEnds';
import { lineStarts } from '../text/offsets';
import { checkedAs, invalid } from './requests';

/** Counts from 1, as editors show it; a column counts UTF-16 units, the end is exclusive. */
export interface LineRange {
  readonly startLine: number;
  readonly startColumn?: number;
  readonly endLine: number;
  readonly endColumn?: number;
}

export interface ToolInput {
  readonly filePath: string;
  readonly ranges: readonly LineRange[];
  readonly candidates?: number;
}

const COUNTED = integer(1, Number.MAX_SAFE_INTEGER);
const LINES = object<LineRange>(
  { startLine: COUNTED, endLine: COUNTED },
  { startColumn: COUNTED, endColumn: COUNTED },
);
const INPUT = object<ToolInput>(
  { filePath: text(4096, 1), ranges: list(1, 16, LINES) },
  { candidates: integer(1, 4) },
);

export function checkInput(input: unknown): ToolInput {
  return checkedAs(INPUT, input);
}

/** UTF-16 offsets. Without columns whole lines are meant, their indentation and line end left out. */
export function offsetsOf(
  text: string,
  { startLine, startColumn, endLine, endColumn }: LineRange,
): { readonly start: number; readonly end: number } {
  const lines = splitLines(text);
  const first = lines[startLine - 1];
  const last = lines[endLine - 1];
  if (first === undefined || last === undefined || endLine < startLine) {
    throw invalid(`Lines ${startLine} to ${endLine} are not in the file, which has ${lines.length}.`);
  }
  const starts = lineStarts(text);
  const from = startColumn === undefined ? first.length - first.trimStart().length : startColumn - 1;
  const to = endColumn === undefined ? last.trimEnd().length : endColumn - 1;
  const start = (starts[startLine - 1] ?? 0) + Math.min(from, first.length);
  return { start, end: Math.max(start, (starts[endLine - 1] ?? 0) + Math.min(to, last.length)) };
}

/** A unified diff that `git apply` takes. */
export function diffOf(name: string, before: string, after: string): string {
  const { hunks } = structuredPatch(name, name, before, after, '', '', { context: 3 });
  const body = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
  return [`--- a/${name}`, `+++ b/${name}`, ...body].join('\n');
}
