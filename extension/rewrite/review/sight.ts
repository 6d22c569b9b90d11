// What is in sight of a review, and what is the same to look at.
import { l10n, Range, type TextEditor } from 'vscode';
import { positionOf } from '../state/acceptance';
import type { Review } from '../state/types';
import type { Hunk } from './hunks';
import type { Ghost } from './inlineView';
import { changedColumns } from './lineChange';

/** Whether something of these lines is. */
export function isInSight({ visibleRanges }: TextEditor, first: number, last: number): boolean {
  return visibleRanges.some(({ start, end }) => start.line <= last && first <= end.line);
}

/** Brings the change into view, both ways; what is there already does not move. `anchor`: the line that its new lines are shown below. */
export function revealHunk(editor: TextEditor, hunk: Hunk, anchor: number): void {
  const first = Math.min(hunk.startLine, anchor);
  // The new lines push those below them down: they have to be in view with them.
  const below = Math.min(anchor + hunk.newLines.length + 1, editor.document.lineCount - 1);
  const isThere = editor.visibleRanges.some(({ start, end }) => start.line <= first && below <= end.line);
  // Several lines at once are revealed from their first column on, wherever the change is.
  if (!isThere) editor.revealRange(new Range(first, 0, below, 0));
  const { line, start, end } = changedColumns(hunk);
  editor.revealRange(new Range(line, start, line, end));
}

export function openGhost(
  { selection }: TextEditor,
  ghosts: readonly { readonly ghost: Ghost; readonly hunk: Hunk }[],
): Hunk | undefined {
  if (!selection.isEmpty) return undefined;
  return ghosts.find(({ ghost }) => ghost.anchor.isEqual(selection.active))?.hunk;
}

export function isSame(one: Hunk | undefined, other: Hunk): boolean {
  return one?.startLine === other.startLine && one.newLines.join('\n') === other.newLines.join('\n');
}

/** Which candidate it is, of several, and how good it looks. */
export function markOf(review: Review, words: string | undefined): string | undefined {
  const { number, count } = positionOf(review);
  if (count < 2) return words;
  const which = l10n.t('candidate {0} of {1}', number, count);
  return words === undefined ? which : `${which} – ${words}`;
}
