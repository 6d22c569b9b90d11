// Globs of settings in the editor's own reading of them.
import {
  type GlobPattern,
  languages,
  RelativePattern,
  type TextDocument,
  type Uri,
  type WorkspaceFolder,
  workspace,
} from 'vscode';

/** A glob that matches a folder means all that is in it. */
export function matchesGlobs(globs: readonly string[], uri: Uri, languageId = ''): boolean {
  return matchesAny(
    globs.flatMap((glob) => [glob, `${glob}/**`]),
    uri,
    languageId,
  );
}

/** The same of a folder, none of whose parents is matched. */
export function matchesFolder(globs: readonly string[], uri: Uri): boolean {
  return matchesAny(globs, uri, '');
}

function matchesAny(globs: readonly string[], uri: Uri, languageId: string): boolean {
  const folder = workspace.getWorkspaceFolder(uri);
  // What is asked about need not be open; these two are all that a pattern is compared with.
  const asked = { uri, languageId } as TextDocument;
  return globs.some((glob) => languages.match({ pattern: patternOf(glob, folder) }, asked) > 0);
}

/** Thousands of files are compared with the same few. */
const patterns = new Map<string, RelativePattern>();
const MOST_PATTERNS = 1000;

function patternOf(glob: string, folder: WorkspaceFolder | undefined): GlobPattern {
  if (folder === undefined) return glob;
  const key = `${folder.uri.toString()}\n${glob}`;
  const pattern = patterns.get(key) ?? new RelativePattern(folder, glob);
  if (patterns.size >= MOST_PATTERNS) patterns.clear();
  patterns.set(key, pattern);
  return pattern;
}
