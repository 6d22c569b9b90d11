// Makes folders without Node's `recursive`, which goes round for ever where a folder cannot be made below one that is there
// (in /proc, for instance), and holds the process while it does.

import { mkdirSync, statSync } from 'node:fs';
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

/**
 * The same for whoever cannot wait. `mode`: permissions of the folders that it makes, not of one that is there already.
 * @throws the system's own error
 */
export function ensureFolderSync(folder: string, mode = 0o777): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const parent = path.dirname(folder);
    if (systemCode(error) === 'ENOENT' && parent !== folder) {
      ensureFolderSync(parent, mode);
      try {
        mkdirSync(folder, { mode });
      } catch (again) {
        requireThereSync(folder, again);
      }
    } else requireThereSync(folder, error);
  }
}

/** Another process may have been faster. */
async function requireThere(folder: string, error: unknown): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw error;
}

function requireThereSync(folder: string, error: unknown): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
}
