// A damaged quantised file would still run, and write rubbish: so each block of it has a checksum behind the last one. Loading
// looks at so many blocks that a small file is checked whole and a large one is not slow, at others of it each time.
import { webcrypto } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { throwIfCancelled } from '../errors';

/** Bytes of a block; the last one may be shorter. */
const BLOCK = 1 << 20;
/** Bytes of a checksum, the first of the block's SHA-256. */
const SUM = 8;
/** Most blocks that are looked at when a file is loaded: less than 0.1 s. */
const MOST = 64;
/** Blocks that are looked at side by side, each on a thread of its own. */
const AT_ONCE = 4;

/** Length of a file whose checksums follow its first `bytes` bytes. */
export function checkedLength(bytes: number): number {
  return bytes + SUM * Math.ceil(bytes / BLOCK);
}

/** The checksums that belong behind the first `bytes` bytes of the file. @throws EngineError `cancelled` */
export async function checksums(
  handle: FileHandle,
  bytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const sums = new Uint8Array(checkedLength(bytes) - bytes);
  const room = Buffer.allocUnsafe(BLOCK);
  for (let block = 0; block * SUM < sums.length; block++) {
    throwIfCancelled(signal);
    sums.set(await checksum(handle, bytes, block, room), block * SUM);
  }
  return sums;
}

/** Whether the blocks that are looked at are as they were written. */
export async function isSound(handle: FileHandle, bytes: number, most = MOST): Promise<boolean> {
  const sums = Buffer.alloc(checkedLength(bytes) - bytes);
  if ((await handle.read(sums, 0, sums.length, bytes)).bytesRead !== sums.length) return false;
  const count = sums.length / SUM;
  const looks = Math.min(count, most);
  const shift = Math.random();
  let next = 0;
  let sound = true;
  const lookOn = async (): Promise<void> => {
    const room = Buffer.allocUnsafe(BLOCK);
    while (sound && next < looks) {
      const look = next++;
      const block = looks === count ? look : Math.floor(((look + shift) * count) / looks);
      const wanted = sums.subarray(block * SUM, (block + 1) * SUM);
      if (!wanted.equals(await checksum(handle, bytes, block, room))) sound = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lookOn));
  return sound;
}

/** `room`: for one block, used again from block to block: fresh ones would pile up until the garbage is collected. */
async function checksum(handle: FileHandle, bytes: number, block: number, room: Buffer): Promise<Uint8Array> {
  const start = block * BLOCK;
  const { bytesRead } = await handle.read(room, 0, Math.min(BLOCK, bytes - start), start);
  const digest = await webcrypto.subtle.digest('SHA-256', room.subarray(0, bytesRead));
  return new Uint8Array(digest, 0, SUM);
}
