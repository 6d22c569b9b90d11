// How a rewrite gets into its document: in one edit and one undo step, wherever the document is shown.
import {
  EndOfLine,
  type TextDocument,
  type TextEditor,
  type Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import { offsetsOf } from '../text/offsets';
import { rangeOf } from '../text/ranges';
import type { OffsetRange, TextEdit } from '../text/types';

export function lineEndOf({ eol }: TextDocument): string {
  return eol === EndOfLine.CRLF ? '\r\n' : '\n';
}

export function editorsOf(document: TextDocument): readonly TextEditor[] {
  return window.visibleTextEditors.filter((editor) => editor.document === document);
}

/** The editor that shows a document, the active one first; undefined: any. */
export function editorOf(uri: Uri | undefined): TextEditor | undefined {
  const shows = (editor: TextEditor) =>
    uri === undefined || editor.document.uri.toString() === uri.toString();
  const active = window.activeTextEditor;
  return active !== undefined && shows(active) ? active : window.visibleTextEditors.find(shows);
}

/** Whether the cursor of somebody who looks at the document is on a line of one of the ranges; true where nobody looks. */
export function isCursorNear(document: TextDocument, ranges: readonly OffsetRange[]): boolean {
  const editor = window.activeTextEditor;
  if (editor?.document !== document) return true;
  return editor.selections.some(({ active }) =>
    ranges.some((range) => {
      const { start, end } = rangeOf(document, range);
      return start.line <= active.line && active.line <= end.line;
    }),
  );
}

/** Whether something is selected in the editor, and nothing of one of the ranges. */
export function isSelectedElsewhere(
  { document, selections }: TextEditor,
  ranges: readonly OffsetRange[],
): boolean {
  const selected = selections.filter(({ isEmpty }) => !isEmpty).map((one) => offsetsOf(document, one));
  const isOver = (one: OffsetRange) => ranges.some(({ start, end }) => one.start < end && start < one.end);
  return selected.length > 0 && !selected.some(isOver);
}

export interface EditOptions {
  /** False: what was done just before goes in the same undo step. */
  readonly undoStopBefore: boolean;
  /** An editor of the document may be one that cannot be written to: the left side of a diff editor. */
  readonly unseen: boolean;
}

/** False where the document did not take the edits; then none of them took. */
export async function editDocument(
  document: TextDocument,
  edits: readonly TextEdit[],
  { undoStopBefore, unseen }: EditOptions,
): Promise<boolean> {
  const active = window.activeTextEditor;
  const editor = active?.document === document ? active : editorsOf(document)[0];
  try {
    if (editor === undefined || unseen) return await editUnseen(document, edits);
    return await editor.edit(
      (builder) => {
        for (const edit of edits) builder.replace(rangeOf(document, edit), edit.text);
      },
      { undoStopBefore, undoStopAfter: true },
    );
  } catch {
    // The editor was closed a moment ago, and nobody had told us.
    return false;
  }
}

async function editUnseen(document: TextDocument, edits: readonly TextEdit[]): Promise<boolean> {
  const edit = new WorkspaceEdit();
  for (const one of edits) edit.replace(document.uri, rangeOf(document, one), one.text);
  return workspace.applyEdit(edit);
}
