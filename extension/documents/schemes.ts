// Where there is text that a person edits: files of this and other machines, virtual file systems, untitled files and
// notebooks' cells. Not output channels, old revisions, commit messages and the like.

export const DOCUMENT_SCHEMES: readonly string[] = [
  'file',
  'untitled',
  'vscode-notebook-cell',
  'vscode-vfs',
  'vscode-remote',
  'memfs',
];

/** A document selector. */
export const EVERYWHERE = DOCUMENT_SCHEMES.map((scheme) => ({ scheme }));
