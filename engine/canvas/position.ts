// People and VS Code speak of lines and columns, tokens and spans of offsets: this is where the two meet, exactly.
import { EngineError } from '../errors';
import type { Position, SpanRange } from '../protocol';

const BOM = 0xfeff;
const CR = 13;
const LF = 10;

/** Number of UTF-16 units of a byte order mark at the text's start: it stands on no column, as in VS Code. */
export function bomLength(text: string): number {
  return text.charCodeAt(0) === BOM ? 1 : 0;
}

/**
 * Whether a line begins at the offset. Lines end as VS Code's text model ends them: at \n, \r\n and a lone \r;
 * U+2028 and its like are ordinary characters.
 */
export function isLineStart(text: string, offset: number): boolean {
  if (offset <= bomLength(text)) return true;
  const previous = text.charCodeAt(offset - 1);
  return previous === LF || (previous === CR && text.charCodeAt(offset) !== LF);
}

/** Whether the offset falls between the two units of one character, surrogate pair or \r\n. */
export function splitsUnit(text: string, offset: number): 'surrogate pair' | 'line end' | undefined {
  if (offset <= 0 || offset >= text.length) return undefined;
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  if (before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000) return 'surrogate pair';
  return before === CR && after === LF ? 'line end' : undefined;
}

/** A text with the UTF-16 offsets at which its lines begin; the first lies behind a byte order mark. */
export interface LineIndex {
  readonly text: string;
  readonly starts: Int32Array;
}

/** One pass over the text; [number of lines] starts, at least one. */
export function indexLines(text: string): LineIndex {
  const starts = [bomLength(text)];
  for (let i = starts[0] ?? 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === CR && text.charCodeAt(i + 1) === LF) i++;
    if (unit === CR || unit === LF) starts.push(i + 1);
  }
  return { text, starts: Int32Array.from(starts) };
}

/** Offset behind the line's last character, before its line end. `line` counts from 0. */
function contentEnd({ text, starts }: LineIndex, line: number): number {
  const start = starts[line] ?? 0;
  let end = starts[line + 1] ?? text.length;
  if (line + 1 >= starts.length) return end;
  if (end > start && text.charCodeAt(end - 1) === LF) end--;
  if (end > start && text.charCodeAt(end - 1) === CR) end--;
  return end;
}

/** Throws `span-invalid` where the text has no such line or column. */
export function offsetAt(index: LineIndex, position: Position): number {
  const { line, column } = position;
  const lines = index.starts.length;
  const start = index.starts[line - 1];
  if (line < 1 || start === undefined) {
    const has = lines === 1 ? 'one line' : `${lines} lines`;
    throw new EngineError(
      'span-invalid',
      `There is no line ${line}: the text has ${has}, counted from 1. Give a line between 1 and ${lines}.`,
      { line, column, lines },
    );
  }
  const length = contentEnd(index, line - 1) - start;
  if (column < 1 || column > length + 1) {
    throw new EngineError(
      'span-invalid',
      `There is no column ${column} on line ${line}, which is ${length} long in UTF-16 units. ` +
        `Give a column between 1 and ${length + 1}.`,
      { line, column, length },
    );
  }
  return start + column - 1;
}

/** Inverse of `offsetAt`; an offset inside a line end or a byte order mark gives the nearest place on that line. */
export function positionAt(index: LineIndex, offset: number): Position {
  const { starts } = index;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const start = starts[low] ?? 0;
  const inside = Math.min(Math.max(offset, start), contentEnd(index, low));
  return { line: low + 1, column: inside - start + 1 };
}

/** Reads `L:C-L:C`; whether the text has these places is for `spanAt` to say. */
export function parseSpan(source: string): SpanRange {
  const match = /^\s*(\d{1,9}):(\d{1,9})-(\d{1,9}):(\d{1,9})\s*$/.exec(source);
  if (match === null) {
    throw new EngineError(
      'span-invalid',
      `"${source}" is not a span. Write LINE:COLUMN-LINE:COLUMN, both counted from 1 and the end exclusive, ` +
        'for instance 10:5-12:1.',
      { source },
    );
  }
  const [line = 0, column = 0, endLine = 0, endColumn = 0] = match.slice(1).map(Number);
  if (endLine < line || (endLine === line && endColumn < column)) {
    throw new EngineError(
      'span-invalid',
      `"${source}" ends before it starts. Write the earlier place first: ${endLine}:${endColumn}-${line}:${column}.`,
      { source },
    );
  }
  return { start: { line, column }, end: { line: endLine, column: endColumn } };
}

/** UTF-16 offsets of a range of lines and columns. */
export function spanAt(index: LineIndex, range: SpanRange): { readonly start: number; readonly end: number } {
  return { start: offsetAt(index, range.start), end: offsetAt(index, range.end) };
}

export function rangeAt(index: LineIndex, start: number, end: number): SpanRange {
  return { start: positionAt(index, start), end: positionAt(index, end) };
}
