// One memory: the files of a workspace, in segments, within a bound. Changes are made in small pieces (a generator yields between
// them); between two of them it can be asked, and answers from the files as they were before.
import type { MemoryFacts, MemoryFile } from '../protocol';
import { skipReason } from './admission';
import { type IndexedFile, isHeld, Segment } from './segment';

export interface MemoryLimits {
  /** Of texts and index together. */
  readonly bytes: number;
  readonly files: number;
  /** Characters of a segment that is joined with no other. */
  readonly segment: number;
}
export const MEMORY_LIMITS: MemoryLimits = { bytes: 64 * 2 ** 20, files: 20_000, segment: 3_000_000 };

/** What a file costs beside its text and its places. */
const FILE_BYTES = 512;
/** Bytes of the index for a character of code, about: a unit has four characters, a place four bytes. */
const INDEX_BYTES = 1.25;
/** Part of the bound that is left free for files that are taken out but not yet forgotten. */
const SPARE = 0.1;
/** Part of a segment that may be dead before it is written again. */
const MOST_DEAD = 0.25;
/** Segments of about the same size that are joined, and how many times as large the next size is. */
const JOINED = 4;

/** Characters that take two bytes, and make those around them do so, too. */
const WIDE = /[\u0100-\uffff]/;

type Skipped = MemoryFacts['skipped'][number];

export class Memory {
  private readonly files = new Map<string, IndexedFile>();
  private list: readonly Segment[] = [];
  private changes = 0;

  constructor(private readonly limits: MemoryLimits = MEMORY_LIMITS) {}

  get segments(): readonly Segment[] {
    return this.list;
  }

  /** A number for what is held now: with these segments, `Segment.place` finds it whatever changes later. */
  get state(): number {
    return this.changes;
  }

  file(path: string): IndexedFile | undefined {
    return this.files.get(path);
  }

  /** Of texts and index, of files that are taken out and not yet forgotten, too. */
  get bytes(): number {
    return this.list.reduce((sum, segment) => sum + segmentBytes(segment), 0);
  }

  /** Takes files in and out; yields whenever it has worked for about a millisecond. A second change has to wait for the first. */
  *update(files: readonly MemoryFile[], removed: readonly string[]): Generator<void, MemoryFacts> {
    const skipped: Skipped[] = [];
    for (const path of removed) this.remove(path);
    const fresh = new Map<string, IndexedFile>();
    for (const file of files) {
      const reason = skipReason(file);
      if (reason === undefined) fresh.set(file.path, entryOf(file));
      else {
        skipped.push({ path: file.path, reason });
        fresh.delete(file.path);
        this.remove(file.path);
      }
      yield;
    }
    for (const path of this.withoutRoom(fresh)) {
      skipped.push({ path, reason: 'no-room' });
      fresh.delete(path);
      this.remove(path);
    }
    yield;
    for (const group of groupsOf([...fresh.values()], this.limits.segment)) {
      const segment = yield* Segment.build(group);
      for (const file of group) {
        this.remove(file.path);
        this.files.set(file.path, file);
      }
      this.list = [...this.list, segment];
      this.dropDead();
    }
    // What the index took is known now: text of short units, as in tables of numbers, takes several times as much as code.
    for (const path of this.withoutRoom(new Map())) {
      skipped.push({ path, reason: 'no-room' });
      this.remove(path);
    }
    yield* this.tidy();
    return { ...this.facts(), skipped };
  }

  facts(): Omit<MemoryFacts, 'skipped'> {
    let characters = 0;
    for (const { text } of this.files.values()) characters += text.length;
    return { files: this.files.size, characters, bytes: this.bytes };
  }

  private remove(path: string): void {
    const file = this.files.get(path);
    if (file === undefined) return;
    file.goneSince = ++this.changes;
    this.files.delete(path);
  }

  /** Paths, old and new, that the bound leaves no room for: the highest rank first, then the oldest. */
  private withoutRoom(fresh: ReadonlyMap<string, IndexedFile>): string[] {
    const all = new Map([...this.files, ...fresh]);
    const room = this.limits.bytes * (1 - SPARE);
    let bytes = 0;
    for (const file of all.values()) bytes += bytesOf(file);
    if (bytes <= room && all.size <= this.limits.files) return [];
    const best = [...all.values()].sort((a, b) => a.rank - b.rank || b.modified - a.modified);
    let taken = 0;
    return best.flatMap((file, i) => {
      if (i < this.limits.files && taken + bytesOf(file) <= room) {
        taken += bytesOf(file);
        return [];
      }
      return [file.path];
    });
  }

  private dropDead(): void {
    this.list = this.list.filter(({ files }) => files.some((file) => isHeld(file)));
  }

  /** Joins small segments and writes those again of which much is dead. */
  private *tidy(): Generator<void, void> {
    this.dropDead();
    for (const worn of this.list)
      if (worn.liveCharacters < (1 - MOST_DEAD) * worn.characters) yield* this.join([worn]);
    for (let group = this.alike(); group !== undefined; group = this.alike()) yield* this.join(group);
    // What is dead goes at once where it takes the room of the bound.
    for (const worn of this.list) {
      if (this.bytes <= this.limits.bytes) return;
      if (worn.liveCharacters < worn.characters) yield* this.join([worn]);
    }
  }

  /** Segments of about the same size, where there are enough of them to be joined. */
  private alike(): readonly Segment[] | undefined {
    const classes = new Map<number, Segment[]>();
    for (const segment of this.list) {
      if (JOINED * segment.characters > this.limits.segment) continue;
      const size = Math.floor(Math.log(segment.characters + 1) / Math.log(JOINED));
      classes.set(size, [...(classes.get(size) ?? []), segment]);
    }
    return [...classes.values()].find((group) => group.length >= JOINED);
  }

  private *join(old: readonly Segment[]): Generator<void, void> {
    const live = old.flatMap(({ files }) => files.filter((file) => isHeld(file)));
    const segment = yield* Segment.build(live);
    this.list = [...this.list.filter((one) => !old.includes(one)), segment];
    this.dropDead();
  }
}

function entryOf({ path, text, language, modified = 0, rank = 0 }: MemoryFile): IndexedFile {
  const textBytes = WIDE.test(text) ? 2 * text.length : text.length;
  const indexBytes = INDEX_BYTES * text.length;
  return { path, text, language, modified, rank, textBytes, indexBytes, goneSince: Number.POSITIVE_INFINITY };
}

function bytesOf({ textBytes, indexBytes }: IndexedFile): number {
  return textBytes + indexBytes + FILE_BYTES;
}

/** In pieces of at most `most` characters, but of one file at least. */
function groupsOf(files: readonly IndexedFile[], most: number): IndexedFile[][] {
  const groups: IndexedFile[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (characters + file.text.length > most) {
      groups.push([]);
      characters = 0;
    }
    groups.at(-1)?.push(file);
    characters += file.text.length;
  }
  return groups;
}

function segmentBytes({ files, indexBytes }: Segment): number {
  return files.reduce((sum, { textBytes }) => sum + textBytes + FILE_BYTES, indexBytes);
}
