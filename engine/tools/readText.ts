// A file's text, read so that nothing but a file of a sane size is ever opened.
import { constants } from 'node:fs';
import fs from 'node:fs/promises';

/** Bytes. */
const LONGEST = 4_000_000;
/** A link is not followed, should one have come in the meantime; a named pipe is not waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** `file` is a canonical path. */
export async function readText(
  file: string,
): Promise<{ readonly content: string } | 'unreadable' | 'too-long'> {
  try {
    const handle = await fs.open(file, FLAGS);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return 'unreadable';
      if (stat.size > LONGEST) return 'too-long';
      return { content: await handle.readFile('utf8') };
    } finally {
      await handle.close();
    }
  } catch {
    return 'unreadable';
  }
}
