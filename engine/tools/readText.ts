// A file's text, read so that nothing but a file of a sane size is ever opened.
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import fs from 'node:fs/promises';

/** Bytes. */
const LONGEST = 4_000_000;
/** A link is not followed, should one have come in the meantime; a named pipe is not waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** `file` is a canonical path. */
export async function readText(
  file: string,
): Promise<{ readonly content: string } | 'unreadable' | 'too-long' | 'encoding'> {
  try {
    const handle = await fs.open(file, FLAGS);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return 'unreadable';
      if (stat.size > LONGEST) return 'too-long';
      const bytes = await handle.readFile();
      // What has null bytes is no text in any encoding: who asks says so. A byte order mark stays: offsets and diffs are of the file as it is.
      return isUtf8(bytes) || bytes.includes(0) ? { content: bytes.toString('utf8') } : 'encoding';
    } finally {
      await handle.close();
    }
  } catch {
    return 'unreadable';
  }
}
