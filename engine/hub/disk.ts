// Whether there is room for what is about to be downloaded, and what a failed write means.
import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, isEngineError, systemCode } from '../errors';

/** Room that stays free whatever is installed: a full disk stops more than us. */
const RESERVE = 256 * 2 ** 20;

/** Bytes that an ordinary user may still write there; undefined where the file system does not say. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const space = await nearest(folder, (at) => statfs(at));
  return space !== undefined && space.blocks > 0 ? space.bavail * space.bsize : undefined;
}

/** What is known of the folder, or of the one that it would be made in. */
async function nearest<T>(folder: string, look: (at: string) => Promise<T>): Promise<T | undefined> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = await look(at).catch(() => undefined);
    if (found !== undefined || path.dirname(at) === at) return found;
  }
}

/** What is written once a model is there: its quantised weights, into the cache. */
export interface LaterBytes {
  readonly folder: string;
  readonly bytes: number;
}

/** @throws EngineError `disk-full` where so many bytes do not fit there, or `later` not behind them */
export async function requireRoom(
  folder: string,
  bytes: number,
  free = freeBytes,
  later?: LaterBytes,
): Promise<void> {
  if (bytes === 0) return;
  const isBeside = later !== undefined && (await isSameDisk(folder, later.folder));
  const more = isBeside ? later.bytes : 0;
  const room = await free(folder);
  if (room !== undefined && room < bytes + more + RESERVE) {
    const weights = more > 0 ? `, and ${gigabytes(more)} more for its quantized weights` : '';
    throw new EngineError(
      'disk-full',
      `This model needs ${gigabytes(bytes)} in ${folder}${weights}, and only ${gigabytes(Math.max(0, room))} are free. Free some space, or set PALIMPSEST_MODELS to a folder on another disk.`,
      { bytes: bytes + more, free: room, folder },
    );
  }
  if (later === undefined || isBeside) return;
  const roomLater = await free(later.folder);
  if (roomLater === undefined || roomLater >= later.bytes + RESERVE) return;
  throw new EngineError(
    'disk-full',
    `The quantized weights of this model need ${gigabytes(later.bytes)} in ${later.folder}, and only ${gigabytes(Math.max(0, roomLater))} are free. Free some space there.`,
    { bytes: later.bytes, free: roomLater, folder: later.folder },
  );
}

async function isSameDisk(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((folder) => nearest(folder, (at) => stat(at))));
  return first?.dev === second?.dev;
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
