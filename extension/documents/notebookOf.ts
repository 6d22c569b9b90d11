// The notebook that a document is a cell of.
import { type NotebookDocument, type Uri, workspace } from 'vscode';
import { CELL_SCHEME } from './cellScheme';

/** `uri`: of a document; undefined where it is in no open notebook. */
export function notebookOf(uri: Uri): NotebookDocument | undefined {
  if (uri.scheme !== CELL_SCHEME) return undefined;
  return workspace.notebookDocuments.find((notebook) =>
    notebook.getCells().some((cell) => cell.document.uri.toString() === uri.toString()),
  );
}
