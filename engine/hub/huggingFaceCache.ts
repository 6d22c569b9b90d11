// Files that Hugging Face's own tools have downloaded already are used where they lie, by a link. Nothing there is changed, and
// nothing is believed: those tools compare sizes, so each file is hashed once before it is used.
import { link, readdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { ensureFolder } from '../folder';
import { fileChecksum } from './checksum';
import type { RemoteFile } from './repository';

/** Absolute path, links resolved, of a cached file with this size; undefined where there is none. */
export async function findCached(
  cache: string,
  repository: string,
  file: RemoteFile,
): Promise<string | undefined> {
  const folder = path.join(cache, `models--${repository.split('/').join('--')}`);
  const blob = file.checksum ? [path.join(folder, 'blobs', file.checksum.value)] : [];
  const snapshots = await readdir(path.join(folder, 'snapshots')).catch(() => []);
  const places = [...blob, ...snapshots.map((commit) => path.join(folder, 'snapshots', commit, file.name))];
  for (const place of places) {
    const found = await stat(place).catch(() => undefined);
    if (found?.isFile() && found.size === file.size) return realpath(place);
  }
  return undefined;
}

export interface CacheContext {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (count: number) => void;
}

/** Puts a link to a cached file in place if its checksum is right; whether it did. */
export async function linkCached(
  cached: string,
  { size, checksum }: RemoteFile,
  target: string,
  context: CacheContext,
): Promise<boolean> {
  if (checksum === undefined) return false;
  const found = await fileChecksum(checksum.kind, cached, size, context).catch((error: unknown) => {
    if (context.signal?.aborted) throw error;
    return undefined;
  });
  if (found?.value !== checksum.value) return false;
  await ensureFolder(path.dirname(target));
  await rm(target, { force: true });
  // Windows asks for a privilege to make symbolic links, but not for hard links on one disk.
  for (const make of [symlink, link]) {
    try {
      await make(cached, target);
      return true;
    } catch {
      // Then the other kind, or the download.
    }
  }
  return false;
}
