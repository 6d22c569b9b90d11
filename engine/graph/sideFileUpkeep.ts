// Side files can be made again, so they go by themselves: when no model needs them any more, when nobody has used them for long,
// and when all of them together take too much room. What `palimpsest cache` lists and frees.
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { noteOf, readSources } from './sideFileNote';

export interface SideFile {
  readonly file: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  /** Names of the models that it was made or found for; none: nobody noted any. */
  readonly models: readonly string[];
  /** Whether one of them is still where it was. */
  readonly isNeeded: boolean;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds without use: of a file that no model needs, and of any other. */
const UNNEEDED_FOR = DAY;
const UNUSED_FOR = 60 * DAY;
/** Bytes of all of them together. */
const MOST_BYTES = 20e9;
/** What was used so lately may be in use. */
const IN_USE_FOR = HOUR;
/** Beside weights, there may be files of others that end as ours do. */
const SIDE_FILE = /-[0-9a-f]{32}\.weights$/;
const UNFINISHED_NOTE = /\.weights\.json\.\d+\.part$/;

/** Of the folder alone: `listAllSideFiles` has those beside weights on other drives. Least lately used first. */
export async function listSideFiles(folder: string): Promise<readonly SideFile[]> {
  const names = await readdir(folder).catch(() => []);
  const all = await Promise.all(
    names
      .filter((name) => SIDE_FILE.test(name))
      .map(async (name): Promise<SideFile | undefined> => {
        const file = path.join(folder, name);
        const found = await stat(file).catch(() => undefined);
        if (!found?.isFile()) return undefined;
        const sources = await readSources(file);
        const there = await Promise.all(sources.map(({ files }) => areThere(files)));
        return {
          file,
          bytes: found.size,
          usedAt: found.atimeMs,
          models: [...new Set(sources.map((source) => source.name))],
          isNeeded: there.includes(true),
        };
      }),
  );
  return all.filter((one) => one !== undefined).sort((a, b) => a.usedAt - b.usedAt);
}

/** Those that nobody would miss. `files` as listed; `now`: milliseconds since the epoch. */
export function unused(files: readonly SideFile[], now: number): readonly SideFile[] {
  return files.filter(
    ({ usedAt, isNeeded }) => now - usedAt > UNUSED_FOR || (!isNeeded && now - usedAt > UNNEEDED_FOR),
  );
}

/** The same, and those that were used longest ago, until the others take at most so many bytes. */
export function outdated(
  files: readonly SideFile[],
  now: number,
  mostBytes = MOST_BYTES,
): readonly SideFile[] {
  const gone = new Set(unused(files, now));
  let bytes = files.reduce((sum, one) => sum + (gone.has(one) ? 0 : one.bytes), 0);
  for (const one of files) {
    if (bytes <= mostBytes) break;
    if (gone.has(one) || now - one.usedAt <= IN_USE_FOR) continue;
    gone.add(one);
    bytes -= one.bytes;
  }
  return files.filter((one) => gone.has(one));
}

/** False where it stays: Windows holds what a process has mapped. An engine that runs goes on with what it has. */
export async function removeSideFile({ file }: Pick<SideFile, 'file'>): Promise<boolean> {
  try {
    await rm(file);
  } catch {
    return false;
  }
  await rm(noteOf(file), { force: true }).catch(() => undefined);
  return true;
}

/** Makes room before another file is made. Never fails: it costs only room. */
export async function tidySideFiles(folder: string, now = Date.now()): Promise<void> {
  for (const one of outdated(await listSideFiles(folder), now)) await removeSideFile(one);
  for (const name of await readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    const isLeft =
      UNFINISHED_NOTE.test(name) && now - ((await stat(file).catch(() => undefined))?.mtimeMs ?? now) > HOUR;
    // The note of a file that was removed by hand.
    const isAlone =
      name.endsWith('.weights.json') && !(await areThere([{ path: file.slice(0, -'.json'.length) }]));
    if (isLeft || isAlone) await rm(file, { force: true }).catch(() => undefined);
  }
}

async function areThere(files: readonly { readonly path: string }[]): Promise<boolean> {
  const found = await Promise.all(files.map(({ path: file }) => stat(file).catch(() => undefined)));
  return !found.includes(undefined);
}
