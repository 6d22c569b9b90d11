// What an agent hands to a tool, and what it gets back: lines and columns in, a diff out. Pure; shared with the extension.
import { structuredPatch } from 'diff';
import { indexLines } from '../canvas/position';
import { EngineError } from '../errors';
import { integer, list, object, text } from '../rpc/fields';
import { hunkHeader, quotedName } from './patch';

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

export const COUNTED = integer(1, Number.MAX_SAFE_INTEGER);
export const FILE_PATH = text(4096, 1);
const LINES = object<LineRange>(
  { startLine: COUNTED, endLine: COUNTED },
  { startColumn: COUNTED, endColumn: COUNTED },
);
export const RANGES = list(1, 16, LINES);
export const CANDIDATES = integer(1, 4);
/** Throws EngineError `option-invalid`. */
export const readToolInput = object<ToolInput>(
  { filePath: FILE_PATH, ranges: RANGES },
  { candidates: CANDIDATES },
);

/**
 * UTF-16 offsets. Without columns whole lines are meant, their indentation and line end left out.
 * @throws EngineError `option-invalid` where the text has no such lines
 */
export function offsetsOf(
  content: string,
  { startLine, startColumn, endLine, endColumn }: LineRange,
): { readonly start: number; readonly end: number } {
  const { starts } = indexLines(content);
  const standing = (line: number): string => {
    const found = lineAt(content, starts, line);
    if (found !== undefined) return found;
    throw new EngineError(
      'option-invalid',
      `There is no line ${line}: the last line of the file is ${starts.length}.`,
    );
  };
  const first = standing(startLine);
  const last = standing(endLine);
  if (endLine < startLine) {
    throw new EngineError(
      'option-invalid',
      `The range ends in line ${endLine}, before line ${startLine}, where it starts. Write the earlier line first.`,
    );
  }
  const from = startColumn === undefined ? first.length - first.trimStart().length : startColumn - 1;
  const to = endColumn === undefined ? last.trimEnd().length : endColumn - 1;
  const start = (starts[startLine - 1] ?? 0) + Math.min(from, first.length);
  return { start, end: Math.max(start, (starts[endLine - 1] ?? 0) + Math.min(to, last.length)) };
}

/** Without its end; `line` counts from 1. */
function lineAt(content: string, starts: Int32Array, line: number): string | undefined {
  const start = starts[line - 1];
  return start === undefined ? undefined : content.slice(start, starts[line]).replace(/(\r\n|\r|\n)$/, '');
}

/** A unified diff that `git apply` takes. */
export function diffOf(name: string, before: string, after: string): string {
  const { hunks } = structuredPatch(name, name, before, after, '', '', { context: 3 });
  const body = hunks.flatMap((hunk) => [hunkHeader(hunk), ...hunk.lines]);
  return [`--- ${quotedName(`a/${name}`)}`, `+++ ${quotedName(`b/${name}`)}`, ...body].join('\n');
}
