// Makes folders without Node's `recursive`, which goes round for ever where a folder cannot be made below one that is there
// (in /proc, for instance), and holds the process while it does.

import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './errors';

/** Makes the folder and those above it, as far as they are missing. @throws the system's own error */
export async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = systemCode(error);
    const parent = path.dirname(folder);
    if (code === 'ENOENT' && parent !== folder) {
      await ensureFolder(parent);
      await mkdir(folder).catch((again: unknown) => requireThere(folder, again));
    } else await requireThere(folder, error);
  }
}

/** Another process may have been faster. */
async function requireThere(folder: string, error: unknown): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw error;
}
