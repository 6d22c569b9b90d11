// How a document was edited, as far as ghost text cares. Pure.

export type EditKind = 'typed' | 'deleted' | 'turned';

/** `isTurn`: by undo or redo. */
export function editKindOf(
  changes: readonly { readonly rangeLength: number; readonly text: string }[],
  isTurn: boolean,
): EditKind {
  if (isTurn) return 'turned';
  return changes.every(({ rangeLength, text }) => text === '' && rangeLength > 0) ? 'deleted' : 'typed';
}
