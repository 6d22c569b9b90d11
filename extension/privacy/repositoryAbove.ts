// The repository that a folder is a part of. Pure.
import path from 'node:path';

export interface RepositoryAbove {
  /** With `.git` in it. */
  readonly top: string;
  /** Those between the folder and the top, the top among them: their ignore files count for the folder. */
  readonly folders: readonly string[];
}

/** Undefined where the folder is the top of a repository itself, or in none. `exists`: whether there is something at a path. */
export function repositoryAbove(
  folder: string,
  exists: (place: string) => boolean,
): RepositoryAbove | undefined {
  if (exists(path.join(folder, '.git'))) return undefined;
  const folders: string[] = [];
  for (let above = path.dirname(folder); above !== folders.at(-1); above = path.dirname(above)) {
    folders.push(above);
    if (exists(path.join(above, '.git'))) return { top: above, folders };
  }
  return undefined;
}
