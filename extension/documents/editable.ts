// What can be edited at all: asked before a model works for a person in vain.
import { l10n, TabInputText, type TextDocument, type Uri, window, workspace } from 'vscode';
import { CELL_SCHEME } from './cellScheme';

/** Documents of these have no file system that the editor tells of, and can be edited. */
const WITHOUT_FILES = ['untitled', CELL_SCHEME, 'vscode-interactive-input', 'vscode-remote'];

/** A document selector for providers, which ask `isEditable` then: the editor knows of more file systems than any list. */
export const EVERYWHERE = '*';

/**
 * Whether there is text that a person edits: in files of this and other machines, virtual file systems, untitled files and
 * notebooks' cells; not in output channels, old revisions, commit messages and the like.
 */
export function isEditable({ scheme }: Uri): boolean {
  return workspace.fs.isWritableFileSystem(scheme) ?? WITHOUT_FILES.includes(scheme);
}

/** Why a document cannot be edited by anybody; undefined where it can. */
function whyNotEditable(document: TextDocument): string | undefined {
  if (!isEditable(document.uri)) return readOnly();
  // The editor shows such a file as text when somebody insists; saved, it would be another one.
  if (document.getText().includes('\0'))
    return l10n.t('Palimpsest: this looks like a binary file. Nothing was changed.');
  return undefined;
}

function readOnly(): string {
  return l10n.t('Palimpsest: this file is read-only. Make it writable, or save a copy and edit that.');
}

/** Of a file that somebody has made read-only in the editor: only conditions in the manifest know that. */
export function sayReadOnly(): void {
  void window.showInformationMessage(readOnly());
}

/** Whether it can be edited; says why where it cannot. */
export function mayEdit(document: TextDocument): boolean {
  const why = whyNotEditable(document);
  if (why !== undefined) void window.showInformationMessage(why);
  return why === undefined;
}

/** A command was run where there is no text that an extension could see. */
export function sayNoEditor(): void {
  // The editor may show a file all the same, which no extension sees.
  const showsFile = window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputText;
  void window.showInformationMessage(
    showsFile
      ? l10n.t(
          'Palimpsest cannot read this file. VS Code does not let extensions access binary files or files larger than 50 MB.',
        )
      : l10n.t('Palimpsest works in text editors, and none is active. Open a file, then try again.'),
  );
}
