// Whether a person still has a document open somewhere.
import { type Tab, Uri, window } from 'vscode';
import { CELL_SCHEME } from '../documents/cellScheme';
import { reviewedUri } from './review/diffEditor';

/** How deep the addresses of a tab lie in what the editor tells of it: several files of a multi-file diff, each with two sides. */
const DEPTH = 3;

/** In a tab of its own, on a side of a diff or merge editor, or as a cell of a notebook. */
export function isInTab(uri: Uri): boolean {
  return window.tabGroups.all.some(({ tabs }) => isIn(tabs, uri));
}

/** The same of some tabs, which may be closed by now. */
export function isIn(tabs: readonly Pick<Tab, 'input'>[], uri: Uri): boolean {
  const isShown = (shown: Uri) =>
    // A notebook's cells have its path.
    uri.scheme === CELL_SCHEME
      ? shown.path === uri.path
      : shown.toString() === uri.toString() || reviewedUri(shown) === uri.toString();
  return tabs.some(({ input }) => urisIn(input).some(isShown));
}

/** Not every kind of tab has a class in the API, as merge editors: whatever has an address of the document may show it. */
function urisIn(input: unknown, depth = DEPTH): readonly Uri[] {
  if (input instanceof Uri) return [input];
  if (typeof input !== 'object' || input === null || depth === 0) return [];
  return Object.values(input).flatMap((part) => urisIn(part, depth - 1));
}
