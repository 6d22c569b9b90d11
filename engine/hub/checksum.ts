// Hashes of files as the hub gives them: sha256 of large files, and git's hash of a blob (`blob SIZE`, a null byte, the bytes)
// of the small ones.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { throwIfCancelled } from '../errors';

/** How the bytes of a file are checked: sha256, or git's own hash where the hub knows no other. */
export interface Checksum {
  readonly kind: 'sha256' | 'git-sha1';
  /** Lower-case hexadecimal. */
  readonly value: string;
}

/** 64 hexadecimal digits are a sha256, 40 git's hash of a blob. Quotes, `W/` and `sha256:` before them mean nothing. */
export function asChecksum(text: unknown): Checksum | undefined {
  if (typeof text !== 'string') return undefined;
  const digits = /^(?:W\/)?"?(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{40})"?$/i.exec(text.trim())?.[1];
  if (digits === undefined) return undefined;
  return { kind: digits.length === 64 ? 'sha256' : 'git-sha1', value: digits.toLowerCase() };
}

/** A hash that bytes can be added to, in order. */
export function hasherOf(kind: Checksum['kind'], size: number): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

/** Adds the first `bytes` of a file. `onBytes` counts them as they are read. */
export async function hashFile(
  hash: Hash,
  file: string,
  bytes: number,
  {
    signal,
    onBytes,
  }: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (count: number) => void } = {},
): Promise<void> {
  if (bytes === 0) return;
  for await (const piece of createReadStream(file, { end: bytes - 1, highWaterMark: 1 << 20 })) {
    throwIfCancelled(signal);
    hash.update(piece);
    onBytes?.(piece.length);
  }
}

/** Whether the file has this length and this hash. Rejects with the system's error where it cannot be read. */
export async function fileChecksum(
  kind: Checksum['kind'],
  file: string,
  size: number,
  context: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (count: number) => void } = {},
): Promise<Checksum> {
  const hash = hasherOf(kind, size);
  await hashFile(hash, file, size, context);
  return { kind, value: hash.digest('hex') };
}
