// Globs of settings in the editor's own reading of them.
import { languages, RelativePattern, type TextDocument, type Uri, workspace } from 'vscode';

/** A glob that matches a folder means all that is in it. */
export function matchesGlobs(globs: readonly string[], uri: Uri, languageId = ''): boolean {
  const folder = workspace.getWorkspaceFolder(uri);
  // What is asked about need not be open; these two are all that a pattern is compared with.
  const asked = { uri, languageId } as TextDocument;
  return globs.some((glob) =>
    [glob, `${glob}/**`].some((one) => {
      const pattern = folder === undefined ? one : new RelativePattern(folder, one);
      return languages.match({ pattern }, asked) > 0;
    }),
  );
}
