// Whether a person still has a document open somewhere.
import { TabInputNotebook, TabInputText, TabInputTextDiff, type Uri, window } from 'vscode';
import { reviewedUri } from './review/diffEditor';

/** In a tab of its own, on a side of a diff editor, or as a cell of a notebook. */
export function isInTab(uri: Uri): boolean {
  const inputs = window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  return inputs.some((input) => {
    if (input instanceof TabInputTextDiff) {
      return [input.original, input.modified].some(
        (side) => side.toString() === uri.toString() || reviewedUri(side) === uri.toString(),
      );
    }
    // A notebook's cells have its path.
    if (input instanceof TabInputNotebook) return input.uri.path === uri.path;
    return input instanceof TabInputText && input.uri.toString() === uri.toString();
  });
}
