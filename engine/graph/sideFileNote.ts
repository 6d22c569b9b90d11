// The note beside a side file: of which checkpoints it is, by which it is found again, listed, and cleaned away.
import { rename, stat, utimes, writeFile } from 'node:fs/promises';
import { readNote } from '../note';

/** The weight files of a checkpoint, as they were when a side file was made or found for them. */
export interface Source {
  /** For people. */
  readonly name: string;
  readonly files: readonly SourceFile[];
}

export interface SourceFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly changed: number;
}

/** Most checkpoints that a note names. */
const MOST_SOURCES = 8;

/** Path of the note beside a side file. */
export function noteOf(file: string): string {
  return `${file}.json`;
}

/** The checkpoints that a side file is of, the one that it was made of first; none where nothing is noted. */
export async function readSources(file: string): Promise<readonly Source[]> {
  try {
    const note: unknown = JSON.parse(await readNote(noteOf(file)));
    return Array.isArray(note) ? note.filter(isSource) : [];
  } catch {
    return [];
  }
}

/** When it was used last counts for what is cleaned; a note that cannot be written only costs making the file again. */
export async function noteUse(file: string, source: Source, known: readonly Source[]): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  // The time of a look is set, because not every disk keeps it by itself.
  if (found) await utimes(file, new Date(), found.mtime).catch(() => undefined);
  // The one that it was made of stays the first: the header speaks of that.
  const [first = source, ...others] = known;
  const rest = [source, ...others.filter((one) => !isAt(one, source))];
  const isFirst = isAt(first, source) && isSame(first, source);
  const note = JSON.stringify([first, ...(isFirst ? rest.slice(1) : rest)].slice(0, MOST_SOURCES));
  if (note === JSON.stringify(known)) return;
  const part = `${noteOf(file)}.${process.pid}.part`;
  try {
    await writeFile(part, note);
    await rename(part, noteOf(file));
  } catch {
    // Read-only, or full.
  }
}

/** As long and as old: a folder that was moved or renamed. */
export function isSame(one: Source, other: Source): boolean {
  return (
    one.files.length === other.files.length &&
    one.files.every(
      ({ size, changed }, i) => size === other.files[i]?.size && changed === other.files[i]?.changed,
    )
  );
}

function isAt(one: Source, other: Source): boolean {
  return one.files.every((file, i) => file.path === other.files[i]?.path);
}

function isSource(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  const { name, files } = value as Partial<Record<keyof Source, unknown>>;
  return typeof name === 'string' && Array.isArray(files) && files.length > 0 && files.every(isSourceFile);
}

function isSourceFile(value: unknown): value is SourceFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path: file, size, changed } = value as Partial<Record<keyof SourceFile, unknown>>;
  return typeof file === 'string' && typeof size === 'number' && typeof changed === 'number';
}
