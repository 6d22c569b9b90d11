// Whether there is room for what is about to be downloaded, and what a failed write means.
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, isEngineError, systemCode } from '../errors';

/** Room that stays free whatever is installed: a full disk stops more than us. */
const RESERVE = 256 * 2 ** 20;

/** Bytes that an ordinary user may still write there; undefined where the file system does not say. */
async function freeBytes(folder: string): Promise<number | undefined> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const space = await statfs(at).catch(() => undefined);
    if (space) return space.blocks > 0 ? space.bavail * space.bsize : undefined;
    if (path.dirname(at) === at) return undefined;
  }
}

/** @throws EngineError `disk-full` where so many bytes do not fit there */
export async function requireRoom(folder: string, bytes: number, free = freeBytes): Promise<void> {
  const room = await free(folder);
  if (bytes === 0 || room === undefined || room >= bytes + RESERVE) return;
  throw new EngineError(
    'disk-full',
    `This model needs ${gigabytes(bytes)} in ${folder}, and only ${gigabytes(Math.max(0, room))} are free. Free some space, or set PALIMPSEST_MODELS to a folder on another disk.`,
    { bytes, free: room, folder },
  );
}

/** What a failed write means to a person. */
export function diskError(error: unknown, folder: string, bytes: number): unknown {
  if (isEngineError(error)) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new EngineError(
      'disk-full',
      `The disk of ${folder} is full. Free some space and install the model again; the download continues where it stopped.`,
      { bytes, folder },
      { cause: error },
    );
  }
  if (code === undefined) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new EngineError(
    'file-unreadable',
    `${folder} cannot be written (${why}). Check its permissions, or set PALIMPSEST_MODELS to another folder.`,
    { folder },
    { cause: error },
  );
}

/** `4.2 GB`, `812 MB`: as file managers count. */
export function gigabytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(bytes >= 1e10 ? 0 : 1)} GB`;
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}
