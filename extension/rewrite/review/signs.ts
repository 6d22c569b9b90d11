// The new lines of a hunk that is not open, so that all of a review is seen at once: the editor has one ghost text at a time and
// no room of its own between lines, so each new line follows the old one that it is for. Pure.
import type { Hunk } from './hunks';

export interface Sign {
  readonly line: number;
  readonly text: string;
}

/** UTF-16 units of one sign, and of an old line with its sign: about what a screen has in a row. */
const LONGEST_SIGN = 100;
const LONGEST_ROW = 160;
const BETWEEN = ' ⏎ ';

/** The last old line takes all new lines that are over. Lines that are cut end in how many more there are. */
export function signsOf(hunk: Hunk): readonly Sign[] {
  return rowsOf(hunk).map(({ line, parts, room }) => {
    const whole = parts.join(BETWEEN);
    if (whole.length <= room) return { line, text: whole };
    const [first = '', ...rest] = parts;
    const text = first.length <= room ? first : `${first.slice(0, Math.max(1, room - 1))}…`;
    return { line, text: rest.length === 0 ? text : `${text} … +${rest.length}` };
  });
}

/** Whether its signs say all of it. */
export function fitsInSigns(hunk: Hunk): boolean {
  return rowsOf(hunk).every(({ parts, room }) => parts.join(BETWEEN).length <= room);
}

function rowsOf({ startLine, endLine, oldLines, newLines }: Hunk) {
  const first = endLine > startLine ? startLine : Math.max(0, endLine - 1);
  const rows = Math.max(1, endLine - startLine);
  const indent = commonIndent(newLines);
  const shown = newLines.map((line) => line.slice(indent).replace(/\t/g, '    '));
  return Array.from({ length: Math.min(rows, shown.length) }, (_, row) => {
    const parts = row === rows - 1 ? shown.slice(row) : shown.slice(row, row + 1);
    const room = Math.max(10, Math.min(LONGEST_SIGN, LONGEST_ROW - (oldLines[row]?.length ?? 0)));
    return { line: first + row, parts, room };
  });
}

function commonIndent(lines: readonly string[]): number {
  const indents = lines.flatMap((line) => (line.trim() === '' ? [] : [/^[ \t]*/.exec(line)?.[0] ?? '']));
  const [first = ''] = indents;
  let length = first.length;
  for (const indent of indents) while (!indent.startsWith(first.slice(0, length))) length--;
  return length;
}
