// Whether the base beside an adapter is the one that the adapter was trained on. On another one the answers would be the same and the
// drafts wrong, so that nobody would know why it is slow. Hashing takes a second a gigabyte, so what was hashed is remembered for as long
// as the file stays as it is.
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isObject, own } from '../checkpoint/json';
import { usedTensors } from '../checkpoint/tensors';
import type { Checkpoint } from '../checkpoint/types';
import { EngineError } from '../errors';
import { ensureFolder } from '../folder';
import { readNote } from '../note';
import { fileChecksum } from './checksum';

const NOTE = 'adapter-bases.json';
/** Files that are remembered. */
const MOST_KNOWN = 200;

/**
 * @param cacheFolder where the hashes are remembered
 * @throws EngineError `checkpoint-malformed` where the base is another one, `cancelled`
 */
export async function requireBase(
  { adapter, tensors }: Pick<Checkpoint, 'adapter' | 'tensors'>,
  cacheFolder: string,
  signal?: AbortSignal,
): Promise<void> {
  if (adapter === undefined) return;
  const note = path.join(cacheFolder, NOTE);
  const known = await knownHashes(note);
  const size = known.size;
  const wanted = new Set(adapter.baseFiles.values());
  for (const file of new Set(usedTensors(tensors).map((tensor) => tensor.file))) {
    // By content alone: a file may have been renamed, or be a link to a blob of the hub's cache.
    if (!wanted.has(await hashOf(file, known, signal))) throw otherBase(file);
  }
  if (known.size > size) await remember(note, cacheFolder, known);
}

async function hashOf(
  file: string,
  known: Map<string, string>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file);
  const key = [file, size, mtimeMs, ino].join('\n');
  const found = known.get(key);
  if (found !== undefined) return found;
  const { value: digits } = await fileChecksum('sha256', file, size, { signal });
  known.set(key, digits);
  return digits;
}

/** What cannot be read is nothing: then it is hashed again. */
async function knownHashes(note: string): Promise<Map<string, string>> {
  try {
    const value: unknown = JSON.parse(await readNote(note));
    if (!isObject(value)) return new Map();
    const entries = Object.keys(value).map((key) => [key, own(value, key)] as const);
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}

async function remember(note: string, folder: string, known: ReadonlyMap<string, string>): Promise<void> {
  try {
    await ensureFolder(folder);
    await writeFile(note, JSON.stringify(Object.fromEntries([...known].slice(-MOST_KNOWN))));
  } catch {
    // A disk without room costs the next load a second.
  }
}

function otherBase(file: string): EngineError {
  return new EngineError(
    'checkpoint-malformed',
    `The adapter was trained on another ${path.basename(file)} than this one: its sha256 is not in adapter.json. Use that base, or load this one by itself.`,
    { file },
  );
}
