// External data is named relative to one folder, and the runtime refuses whatever leads out of it. So the folder is
// the nearest one that holds every file.
import path from 'node:path';
import { EngineError } from '../errors';

export interface DataFolder {
  readonly folder: string;
  /** Path relative to the folder, with forward slashes. */
  locate(file: string): string;
}

/** Nearest common folder of absolute paths; undefined where there is none (two drives). */
export function commonFolder(files: readonly string[], paths: path.PlatformPath = path): string | undefined {
  const [first, ...others] = files.map((file) => paths.dirname(file));
  if (first === undefined) return undefined;
  let folder = first;
  while (!others.every((other) => contains(folder, other, paths))) {
    const parent = paths.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return folder;
}

function contains(folder: string, inner: string, paths: path.PlatformPath): boolean {
  const relative = paths.relative(folder, inner);
  return relative !== '..' && !relative.startsWith(`..${paths.sep}`) && !paths.isAbsolute(relative);
}

/** @throws EngineError `checkpoint-malformed` where the files share no folder. */
export function dataFolderOf(files: readonly string[], paths: path.PlatformPath = path): DataFolder {
  const folder = commonFolder(files, paths);
  if (folder === undefined) {
    throw new EngineError(
      'checkpoint-malformed',
      'The checkpoint’s weights are on different drives. Put all of its files on one drive.',
      { files },
    );
  }
  return {
    folder,
    locate: (file) => paths.relative(folder, file).split(paths.sep).join('/'),
  };
}

/** Where quantised files go: into the cache, or beside the weights where no folder could hold both (two drives). */
export function sideFolder(
  files: readonly string[],
  cacheFolder: string,
  paths: path.PlatformPath = path,
): string {
  const inCache = paths.join(cacheFolder, 'weights');
  if (commonFolder([...files, inCache], paths) !== undefined) return cacheFolder;
  return dataFolderOf(files, paths).folder;
}
