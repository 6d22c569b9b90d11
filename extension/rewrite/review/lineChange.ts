// Which characters of a line to mark, where one line gives way to one other.

/** Characters of a line that differ; `start` counts from 0, both texts lie between the same neighbours. */
export interface LineChange {
  readonly line: number;
  readonly start: number;
  readonly oldText: string;
  readonly newText: string;
}

/** Old lines `startLine`…`endLine` (exclusive, counting from 0) give way to `newLines`. */
export interface ChangedLines {
  readonly startLine: number;
  readonly endLine: number;
  readonly oldLines: readonly string[];
  readonly newLines: readonly string[];
}

/** Of a hunk of one line for one line. */
export function lineChange(line: number, old: string, fresh: string): LineChange {
  const most = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < most && old[start] === fresh[start]) start++;
  let tail = 0;
  while (tail < most - start && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  // Whole words are easier to read than the letters that happen to differ.
  while (start > 0 && isWord(old[start - 1]) && (isWord(old[start]) || isWord(fresh[start]))) start--;
  while (tail > 0 && isWord(old[old.length - tail]) && isWordEnd(old, fresh, tail, start)) tail--;
  return {
    line,
    start,
    oldText: old.slice(start, old.length - tail),
    newText: fresh.slice(start, fresh.length - tail),
  };
}

/** Columns of a line of the document, UTF-16 units from 0; `end` is exclusive. */
export interface Columns {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/**
 * What has to be in view of a change, which may begin beyond the right edge of the window: of the changed lines, the one that changes
 * furthest to the left, from there to where the longer one of both texts ends. Where lines only come or go, they are seen from
 * their beginning.
 */
export function changedColumns({ startLine, endLine, oldLines, newLines }: ChangedLines): Columns {
  const atStart = { line: startLine, start: 0, end: 0 };
  if (oldLines.length !== newLines.length) return endLine > startLine ? atStart : before(startLine);
  const changes = oldLines.flatMap((old, i) => {
    const fresh = newLines[i] ?? '';
    return old === fresh ? [] : [{ ...lineChange(startLine + i, old, fresh), length: old.length }];
  });
  const [first] = changes.sort((a, b) => a.start - b.start);
  if (first === undefined) return atStart;
  const { line, start, oldText, newText, length } = first;
  // New text stands in the line behind the old one, or in a line of its own below.
  return { line, start, end: Math.min(length, start + oldText.length + newText.length) };
}

/** New lines alone are seen below the line in front of them. */
function before(line: number): Columns {
  return { line: Math.max(0, line - 1), start: 0, end: 0 };
}

/**
 * Whether somebody at a place of the document means the hunk: at the characters that change, or on a line that goes, behind
 * its indentation. In front of them Tab indents, as ever.
 */
export function isAtChange(
  { startLine, endLine, oldLines, newLines }: ChangedLines,
  { line, character }: { readonly line: number; readonly character: number },
): boolean {
  const old = oldLines[line - startLine];
  if (old === undefined || line >= endLine) return false;
  const [fresh] = newLines;
  if (fresh === undefined) return character >= old.length - old.trimStart().length;
  const { start, oldText } = lineChange(line, old, fresh);
  return start <= character && character <= start + oldText.length;
}

function isWordEnd(old: string, fresh: string, tail: number, start: number): boolean {
  const before = (text: string) => text.length - tail - 1;
  return (
    (before(old) >= start && isWord(old[before(old)])) ||
    (before(fresh) >= start && isWord(fresh[before(fresh)]))
  );
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
