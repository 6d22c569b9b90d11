// Whether the lenses above a rewrite are on the screen, and whether there is room for what lies over its lines.
import { TabInputTextDiff, type TextDocument, window } from 'vscode';
import { showsLenses, showsLensesInDiffs } from '../../settings';

/** Whether what is looked at is a diff editor with the document on one of its sides, Git's for instance. */
export function isInDiff(document: TextDocument): boolean {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  if (!(input instanceof TabInputTextDiff)) return false;
  return [input.original, input.modified].some((uri) => uri.toString() === document.uri.toString());
}

/** In a diff editor the editor shows lenses only where `diffEditor.codeLens` says so. */
export function seesLenses(document: TextDocument): boolean {
  return showsLenses(document) && (!isInDiff(document) || showsLensesInDiffs(document));
}
