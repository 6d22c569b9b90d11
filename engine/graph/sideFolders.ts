// The folders that have side files: the cache, and those of weights on other drives, which lie where the runtime can load both. The
// cache notes them, so that `palimpsest cache` finds what lies there.
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readNote } from '../note';
import { sideFolder } from './dataFolder';
import { listSideFiles, type SideFile } from './sideFileUpkeep';

const NOTE = 'side-folders.json';
/** Folders that a note names. */
const MOST = 100;

/** Where the side files of these weights go. @throws EngineError as `sideFolder` */
export async function notedSideFolder(
  files: readonly string[],
  cacheFolder: string,
  paths: path.PlatformPath = path,
): Promise<string> {
  const folder = sideFolder(files, cacheFolder, paths);
  if (folder !== cacheFolder) await noteFolder(cacheFolder, folder);
  return folder;
}

/** Side files of the cache, and of the folders that it notes. Least lately used first. */
export async function listAllSideFiles(cacheFolder: string): Promise<readonly SideFile[]> {
  const folders = [cacheFolder, ...(await notedFolders(cacheFolder))];
  const all = await Promise.all(folders.map(listSideFiles));
  return all.flat().sort((a, b) => a.usedAt - b.usedAt);
}

/** A note that cannot be written only leaves out what lies there. */
async function noteFolder(cacheFolder: string, folder: string): Promise<void> {
  const known = await notedFolders(cacheFolder);
  if (known.includes(folder)) return;
  const file = path.join(cacheFolder, NOTE);
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, JSON.stringify([folder, ...known].slice(0, MOST)));
    await rename(part, file);
  } catch {
    // Read-only, or full.
  }
}

async function notedFolders(cacheFolder: string): Promise<readonly string[]> {
  try {
    const note: unknown = JSON.parse(await readNote(path.join(cacheFolder, NOTE)));
    return Array.isArray(note) ? note.filter((one) => typeof one === 'string' && one !== cacheFolder) : [];
  } catch {
    return [];
  }
}
