// Whether the lenses above a rewrite are on the screen.
import { TabInputTextDiff, type TextDocument, window } from 'vscode';
import { showsLenses, showsLensesInDiffs } from '../../settings';

/** In a diff editor, of Git's for instance, the editor shows lenses only where `diffEditor.codeLens` says so. */
export function seesLenses(document: TextDocument): boolean {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  const isDiff =
    input instanceof TabInputTextDiff &&
    [input.original, input.modified].some((uri) => uri.toString() === document.uri.toString());
  return showsLenses(document) && (!isDiff || showsLensesInDiffs(document));
}
