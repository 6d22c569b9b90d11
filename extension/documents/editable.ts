// What can be edited at all: asked before a model works for a person in vain.
import { l10n, type TextDocument, window, workspace } from 'vscode';

/** Documents of these have no file system of their own, and can be edited. */
const EDITABLE = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-interactive-input', 'vscode-remote'];

/** Why a document cannot be edited by anybody; undefined where it can. */
function whyNotEditable(document: TextDocument): string | undefined {
  const { uri } = document;
  const writable = workspace.fs.isWritableFileSystem(uri.scheme);
  if (writable === false || (writable === undefined && !EDITABLE.includes(uri.scheme))) {
    return l10n.t('Palimpsest: this file is read-only.');
  }
  // The editor shows such a file as text when somebody insists; saved, it would be another one.
  if (document.getText().includes('\0'))
    return l10n.t('Palimpsest: this looks like a binary file. Nothing was changed.');
  return undefined;
}

/** Whether it can be edited; says why where it cannot. */
export function mayEdit(document: TextDocument): boolean {
  const why = whyNotEditable(document);
  if (why !== undefined) void window.showInformationMessage(why);
  return why === undefined;
}

/** A command was run where there is no text that an extension could see. */
export function sayNoEditor(): void {
  void window.showInformationMessage(
    l10n.t(
      'Palimpsest works in text editors, and none is active. VS Code does not let extensions access binary files or files larger than 50 MB.',
    ),
  );
}
