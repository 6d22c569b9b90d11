// In which form a candidate can be shown without touching the document.
import type { PreviewChoice } from '../../settings';
import { type Hunk, isInLine } from './hunks';
import { fitsInSigns } from './signs';

/**
 * `inline`: in the editor, changes within lines where they stand, blocks of new lines as ghost text at the cursor and as
 * signs (signs.ts) elsewhere;
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
const LONGEST = 2000;

/** One form for all candidates of a rewrite: what a person looks at does not turn into something else under their hands. */
export function formOf(candidates: readonly (readonly Hunk[])[], surroundings: Surroundings): Form {
  const { preview, plain } = surroundings;
  if (preview !== 'auto') return preview;
  return plain || !candidates.every(fitsInline) ? 'diffEditor' : 'inline';
}

/** Whether a candidate that came later can be shown in the editor at all, if not so well. */
export function canBeInline(hunks: readonly Hunk[]): boolean {
  // Ghost text follows a line; before the first one there is none.
  return hunks.every((hunk) => isInLine(hunk) || (hunk.endLine > 0 && isShort(hunk)));
}

function fitsInline(hunks: readonly Hunk[]): boolean {
  if (hunks.length > MOST_HUNKS || !canBeInline(hunks)) return false;
  const blocks = hunks.filter((hunk) => !isInLine(hunk));
  // Both sides of one must fit on a screen, and of several the new text of each.
  if (blocks.some(({ oldLines, newLines }) => oldLines.length + newLines.length > MOST_LINES)) return false;
  return blocks.length < 2 || blocks.every(fitsInSigns);
}

/** The editor shows neither ghost text nor the end of a line of many thousand characters. */
function isShort({ oldLines, newLines }: Hunk): boolean {
  return [...oldLines, ...newLines].every(({ length }) => length <= LONGEST);
}
