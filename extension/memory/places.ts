// What the files of a workspace are called in its memory: their paths within their folder, with the folder's name before them
// where there are several folders.

import { Uri, type WorkspaceFolder, workspace } from 'vscode';
import { rootNames } from './rootNames';

export class Places {
  /** Of the folder, by what its paths begin with; empty for the only one. */
  private readonly byName = new Map<string, WorkspaceFolder>();

  constructor(
    all: readonly WorkspaceFolder[] = workspace.workspaceFolders ?? [],
    isWanted: (folder: WorkspaceFolder) => boolean = () => true,
  ) {
    const names = rootNames(all.map(({ name }) => name));
    for (const [i, folder] of all.entries()) {
      if (isWanted(folder)) this.byName.set(names[i] ?? '', folder);
    }
  }

  get roots(): readonly string[] {
    return [...this.byName.keys()];
  }

  get folders(): readonly WorkspaceFolder[] {
    return [...this.byName.values()];
  }

  /** Undefined for what lies in none of the folders. */
  pathOf(uri: Uri): string | undefined {
    const folder = workspace.getWorkspaceFolder(uri);
    const base = folder?.uri.path.replace(/\/$/, '');
    if (folder === undefined || base === undefined || uri.path.length <= base.length) return undefined;
    for (const [name, own] of this.byName) {
      if (own.uri.toString() !== folder.uri.toString()) continue;
      const within = uri.path.slice(base.length + 1);
      return name === '' ? within : `${name}/${within}`;
    }
    return undefined;
  }

  uriOf(path: string): Uri | undefined {
    const only = this.byName.get('');
    if (only !== undefined) return Uri.joinPath(only.uri, path);
    const [name = ''] = path.split('/', 1);
    const folder = this.byName.get(name);
    return folder === undefined ? undefined : Uri.joinPath(folder.uri, path.slice(name.length + 1));
  }
}
