// In a diff editor of ours undo, redo, and save do what they do in the file, which is on neither of its sides to be edited.
import { commands, window } from 'vscode';
import { notebookOf } from '../documents/notebookOf';
import type { DiffReviews } from './review/diffEditor';
import type { Rewrite } from './rewrite';

/** Undo or redo in the file whose review is in the diff editor in front. */
export async function turnFile(rewrite: Rewrite, which: 'undo' | 'redo', diffs: DiffReviews): Promise<void> {
  // Right after a hunk was taken the diff editor is still being brought up to date.
  await diffs.settled();
  const { viewColumn } = window.tabGroups.activeTabGroup;
  await window.showTextDocument(rewrite.document, { viewColumn, preview: false });
  await commands.executeCommand(which);
  await rewrite.comeBack();
}

/** A cell has no file of its own: the editor saves its notebook. */
export async function saveFile({ document }: Rewrite): Promise<void> {
  await (notebookOf(document.uri) ?? document).save();
}
