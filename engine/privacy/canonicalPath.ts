// Where a path really leads. A name is judged, and a permission given, when every link is resolved and no `..` is left: a link
// with a harmless name may lead to a secret, and a path that begins in the workspace may end elsewhere.

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../errors';

/**
 * Absolute, links resolved as the system resolves them; of a file that is not there yet, its folder's.
 * @throws where it cannot be found out (a circle of links, a folder that may not be entered)
 */
export async function canonicalPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    const code = systemCode(error);
    const folder = path.dirname(file);
    if (code !== 'ENOENT' || folder === file) throw error;
    return path.join(await canonicalPath(folder), path.basename(file));
  }
}

/** The way from a folder to what lies in it, both canonical; empty for the folder itself, undefined for what lies elsewhere. */
export function pathWithin(folder: string, file: string): string | undefined {
  const relative = path.relative(folder, file);
  const isOutside = relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  return isOutside ? undefined : relative;
}
