// In which form a candidate can be shown without touching the document.
import type { PreviewChoice } from '../../settings';
import { type Hunk, isInLine } from './hunks';

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
