// A quantised file appears whole or not at all, whoever else is writing the same one: each writer has a `.part` of its
// own, and the last step is a rename.
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EngineError, isEngineError, systemCode } from '../errors';
import { ensureFolder } from '../folder';
import { isAlive } from '../living';
import { NON_BLOCKING } from '../note';
import { checkedLength, checksums, isSound } from './quantisedWeightsCheck';
import type { WeightsLayout } from './quantisedWeightsLayout';

/** Another machine's `.part` (a shared folder) that was not touched for so long is a crash's leftover. */
const ABANDONED_AFTER_MS = 10 * 60 * 1000;
const PART = /\.weights\.([0-9a-f]{8})-(\d+)\.[0-9a-f]{8}\.part$/;
/** Names of those that this process is writing. */
const ownParts = new Set<string>();

/** Whether a whole file of exactly this layout is there, and undamaged as far as it is looked at. */
export async function holdsLayout(file: string, layout: WeightsLayout): Promise<boolean> {
  let handle: FileHandle;
  try {
    // A named pipe in its place would let the open wait for a writer.
    handle = await open(file, NON_BLOCKING);
  } catch {
    return false;
  }
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size !== checkedLength(layout.bytes)) return false;
    const begin = Buffer.alloc(layout.header.length);
    const { bytesRead } = await handle.read(begin, 0, begin.length, 0);
    if (bytesRead !== begin.length || !begin.equals(layout.header)) return false;
    return await isSound(handle, layout.bytes);
  } catch {
    // What cannot be read is made again.
    return false;
  } finally {
    await handle.close();
  }
}

/**
 * Makes the file by `fill`, which writes everything behind the header.
 * @throws EngineError `disk-full` (data: bytes, folder), `quantisation-failed`, or what `fill` throws
 */
export async function writeQuantisedWeights(
  file: string,
  layout: WeightsLayout,
  fill: (handle: FileHandle) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const folder = path.dirname(file);
  const part = `${file}.${machine()}-${process.pid}.${randomBytes(4).toString('hex')}.part`;
  ownParts.add(path.basename(part));
  let handle: FileHandle | undefined;
  try {
    await ensureFolder(folder);
    await requireSpace(folder, checkedLength(layout.bytes));
    handle = await open(part, 'wx+');
    await writeAt(handle, layout.header, 0);
    await fill(handle);
    // The last tensor may end in a gap that was never written: the length has to be right all the same.
    await handle.truncate(layout.bytes);
    await writeAt(handle, await checksums(handle, layout.bytes, signal), layout.bytes);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await settle(part, file, layout);
  } catch (error) {
    throw quantisedWeightsError(error, folder, layout.bytes);
  } finally {
    await handle?.close().catch(() => undefined);
    await rm(part, { force: true }).catch(() => undefined);
    ownParts.delete(path.basename(part));
  }
}

/** Writes all of the bytes; a write to a full disk may be short before it fails. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** Windows refuses to replace a file that another process has mapped: then that file has to be as good as ours. */
async function settle(part: string, file: string, layout: WeightsLayout): Promise<void> {
  try {
    await rename(part, file);
  } catch (error) {
    if (!(await holdsLayout(file, layout))) throw error;
  }
}

async function requireSpace(folder: string, bytes: number): Promise<void> {
  // Some network folders do not know their size; what does not fit there fails when it is written.
  const space = await statfs(folder).catch(() => undefined);
  if (space && space.blocks > 0 && space.bavail * space.bsize < bytes) throw diskFull(folder, bytes);
}

function diskFull(folder: string, bytes: number, cause?: unknown): EngineError {
  return new EngineError(
    'disk-full',
    `Quantized weights need ${Math.ceil(bytes / 1e6)} MB in ${folder}, and the disk is full. Free some space there, or load the model in fp32.`,
    { bytes, folder },
    { cause },
  );
}

/** What a failed write means to a person. */
export function quantisedWeightsError(error: unknown, folder: string, bytes: number): EngineError {
  if (isEngineError(error)) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, bytes, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError(
    'quantisation-failed',
    `Quantized weights could not be written to ${folder}: ${reason}. Make the folder writable, or load the model in fp32.`,
    { folder },
    { cause: error },
  );
}

/** Takes away what crashed writers left in the folder, as far as it may: a folder that cannot be read has none. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, owner, processId] = PART.exec(name) ?? [];
    if (owner === undefined || ownParts.has(name)) continue;
    const leftover = path.join(folder, name);
    const pid = Number(processId);
    const isGone = owner === machine() ? pid === process.pid || !isAlive(pid) : await isOld(leftover);
    if (isGone) await rm(leftover, { force: true }).catch(() => undefined);
  }
}

async function isOld(file: string): Promise<boolean> {
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Date.now() - mtimeMs > ABANDONED_AFTER_MS;
}

/** A process's number means something on its own machine only. */
function machine(): string {
  return createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8);
}
