// Small files that Palimpsest keeps for itself, read so that whatever else stands in their place is neither waited for nor taken in whole.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** Flags that open a named pipe without waiting for a writer; Windows has no such flag. */
export const NON_BLOCKING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const MOST_BYTES = 4_000_000;

/** @throws the system's own error; Error where it is no regular file, or longer than 4 MB */
export async function readNote(file: string): Promise<string> {
  const handle = await open(file, NON_BLOCKING);
  try {
    requireNote(file, await handle.stat());
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** The same for whoever cannot wait. */
export function readNoteSync(file: string): string {
  const descriptor = openSync(file, NON_BLOCKING);
  try {
    requireNote(file, fstatSync(descriptor));
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function requireNote(file: string, stats: Stats): void {
  if (!stats.isFile()) throw new Error(`${file} is not a regular file`);
  if (stats.size > MOST_BYTES) throw new Error(`${file} is longer than ${MOST_BYTES} bytes`);
}
