// In which form a candidate can be shown without touching the document, and which characters of a line to mark.
import { type Hunk, isInLine } from './hunks';
import type { Side } from './sides';

/** Characters of a line that differ; `start` counts from 0, both texts lie between the same neighbours. */
export interface LineChange {
  readonly line: number;
  readonly start: number;
  readonly oldText: string;
  readonly newText: string;
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

export type PreviewChoice = 'auto' | 'diffEditor' | 'comments';

/**
 * `inline`: in the editor, changes within lines where they stand, blocks of new lines as ghost text one at a time;
 * `diffEditor`: beside each other; `comments`: a thread below each hunk.
 */
export type Form = 'inline' | 'diffEditor' | 'comments';

export interface Surroundings {
  readonly preview: PreviewChoice;
  /** Decorations would mislead or stay unheard: wrapped lines, a screen reader, ghost text switched off. */
  readonly plain: boolean;
}

const MOST_HUNKS = 8;
const MOST_LINES = 60;

export function formOf(hunks: readonly Hunk[], { preview, plain }: Surroundings): Form {
  if (preview !== 'auto') return preview;
  if (plain || hunks.length > MOST_HUNKS) return 'diffEditor';
  const blocks = hunks.filter((hunk) => !isInLine(hunk));
  // Both sides of one must fit on a screen.
  if (blocks.some(({ oldLines, newLines }) => oldLines.length + newLines.length > MOST_LINES)) {
    return 'diffEditor';
  }
  // Ghost text stands behind a line; before the first one there is none.
  return blocks.some(({ endLine }) => endLine === 0) ? 'diffEditor' : 'inline';
}

/** First line of each hunk on a side. */
export function startLines(hunks: readonly Hunk[], side: Side): readonly number[] {
  let shift = 0;
  return hunks.map(({ startLine, endLine, newLines }) => {
    const start = startLine + (side === 'new' ? shift : 0);
    shift += newLines.length - (endLine - startLine);
    return start;
  });
}

/** The hunk that somebody at a line means: the one around it, else the next, else the last. */
export function hunkAt(hunks: readonly Hunk[], line: number, side: Side): number | undefined {
  const starts = startLines(hunks, side);
  const found = hunks.findIndex(({ oldLines, newLines }, i) => {
    const length = (side === 'old' ? oldLines : newLines).length;
    return line < (starts[i] ?? 0) + Math.max(1, length);
  });
  if (found >= 0) return found;
  return hunks.length === 0 ? undefined : hunks.length - 1;
}
