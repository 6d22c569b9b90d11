// Where a uri really leads, spelled as the workspace spells it.
import path from 'node:path';
import { Uri, type WorkspaceFolder, workspace } from 'vscode';
import { canonicalPath, pathWithin } from '../../engine/privacy/canonicalPath';

export interface CanonicalPlace {
  readonly uri: Uri;
  /** The one that it lies in, whatever the way there began with. */
  readonly folder: WorkspaceFolder | undefined;
}

/** @throws where it cannot be found out */
export async function canonicalPlace(uri: Uri): Promise<CanonicalPlace> {
  if (uri.scheme !== 'file') {
    const plain = uri.with({ path: path.posix.normalize(uri.path) });
    return { uri: plain, folder: workspace.getWorkspaceFolder(plain) };
  }
  const file = await canonicalPath(uri.fsPath);
  for (const folder of workspace.workspaceFolders ?? []) {
    if (folder.uri.scheme !== 'file') continue;
    const root = await canonicalPath(folder.uri.fsPath).catch(() => undefined);
    const within = root === undefined ? undefined : pathWithin(root, file);
    if (within === undefined) continue;
    return { uri: Uri.joinPath(folder.uri, ...within.split(path.sep)), folder };
  }
  return { uri: Uri.file(file), folder: undefined };
}
