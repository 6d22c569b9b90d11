// What a language model hands to the tool, and what it gets back: lines and columns in, a diff out. Pure.
import { structuredPatch } from 'diff';
import { lineStarts } from '../text/offsets';
import { fieldsOf, invalid } from './requests';

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

const MOST_RANGES = 16;

export function checkInput(input: unknown): ToolInput {
  const { filePath, ranges, candidates } = fieldsOf(input, 'The input');
  if (typeof filePath !== 'string' || filePath === '') throw invalid('`filePath` names a file.');
  if (!Array.isArray(ranges) || ranges.length === 0 || ranges.length > MOST_RANGES) {
    throw invalid(`\`ranges\` is a list of 1 to ${MOST_RANGES} ranges of lines.`);
  }
  if (candidates !== undefined && !isWithin(candidates, 1, 4)) {
    throw invalid('`candidates` is a whole number from 1 to 4.');
  }
  return {
    filePath,
    ranges: ranges.map(checkRange),
    ...(typeof candidates === 'number' ? { candidates } : {}),
  };
}

function checkRange(value: unknown): LineRange {
  const { startLine, startColumn, endLine, endColumn } = fieldsOf(value, 'A range');
  for (const [name, one] of Object.entries({ startLine, startColumn, endLine, endColumn })) {
    if (one === undefined && name.endsWith('Column')) continue;
    if (!isWithin(one, 1, Number.MAX_SAFE_INTEGER)) throw invalid(`\`${name}\` is a whole number from 1.`);
  }
  return { startLine, startColumn, endLine, endColumn } as LineRange;
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** UTF-16 offsets. Without columns whole lines are meant, their indentation and line end left out. */
export function offsetsOf(
  text: string,
  { startLine, startColumn, endLine, endColumn }: LineRange,
): { readonly start: number; readonly end: number } {
  const lines = text.split(/\r\n|\r|\n/);
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
