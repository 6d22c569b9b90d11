// What one engine holds of the workspace: sends it texts in requests that it takes, and knows what it has. An engine that is
// started again holds nothing, and gets a feed of its own. Knows nothing of vscode.

import type { MemoryFacts, MemoryFile, MemoryUpdateParams } from '../../engine/protocol';
import { ImportablePaths } from './imports';

export interface MemoryPort {
  updateMemory(params: MemoryUpdateParams): Promise<MemoryFacts>;
}

/** A text as it was at one moment. */
export interface Reading {
  readonly file: MemoryFile;
  /** The same as long as the file is. */
  readonly stamp: string;
  /** Of `ticket`, from before the text was read. */
  readonly ticket: number;
}

export interface Removal {
  readonly path: string;
  readonly ticket: number;
}

export interface Held {
  readonly stamp: string;
  /** UTF-16 units. */
  readonly characters: number;
}

/** What the engine takes in one request. */
const MOST_FILES = 256;
const MOST_CHARACTERS = 8_000_000;

export class Feed {
  private readonly files = new Map<string, Held>();
  /** What is held, as imports name it. */
  readonly importable = new ImportablePaths();
  /** By path: the ticket of what was sent last. */
  private readonly latest = new Map<string, number>();
  /** Paths of which the engine may still have a text: the request that was to replace it or take it out failed. */
  private readonly owed = new Set<string>();
  private tickets = 0;
  private total = 0;
  private isClosed = false;

  constructor(
    readonly id: string,
    private readonly port: MemoryPort,
  ) {}

  /** By path. */
  get held(): ReadonlyMap<string, Held> {
    return this.files;
  }

  /** UTF-16 units of all. */
  get characters(): number {
    return this.total;
  }

  /** Whether the next `send` has something to take out that an earlier one could not. */
  get owes(): boolean {
    return this.owed.size > 0;
  }

  /** Whoever reads a text takes one first: what was read earlier never takes the place of what was read later. */
  ticket(): number {
    return ++this.tickets;
  }

  /** Whatever is under way by then is not sent. */
  close(): void {
    this.isClosed = true;
  }

  /**
   * Gives the paths that the engine did not take, with its reasons. Rejects as requests to the engine do; what was taken
   * all the same is held.
   */
  async send(
    readings: readonly Reading[],
    removals: readonly Removal[] = [],
  ): Promise<ReadonlyMap<string, string>> {
    if (this.isClosed) return new Map();
    const fresh = readings.filter(({ file, ticket }) => this.isNews(file.path, ticket));
    const dropped = removals.filter(({ path, ticket }) => this.isNews(path, ticket) && this.drop(path));
    const removed = [...new Set([...dropped.map(({ path }) => path), ...this.owed])];
    const refused = new Map<string, string>();
    const batches = batchesOf(fresh);
    if (batches.length === 0 && removed.length > 0) batches.push([]);
    const sending = batches.map((batch, index) => {
      const held = batch.map(({ file, stamp }) => this.hold(file, stamp));
      const files = batch.map(({ file }) => file);
      const answer = this.port.updateMemory({
        memory: this.id,
        files,
        removed: index === 0 ? removed : [],
      });
      return { files, held, removed: index === 0 ? removed : [], answer };
    });
    const answers = await Promise.allSettled(sending.map(({ answer }) => answer));
    for (const [index, answer] of answers.entries()) {
      const { files = [], held = [], removed: gone = [] } = sending[index] ?? {};
      if (answer.status === 'fulfilled') {
        for (const path of [...gone, ...files.map((file) => file.path)]) this.owed.delete(path);
        for (const { path, reason } of answer.value.skipped) {
          refused.set(path, reason);
          this.drop(path);
        }
        continue;
      }
      for (const path of gone) if (!this.files.has(path)) this.owed.add(path);
      // What was not taken is sent again when it is looked at next, unless a later text of it was.
      for (const [at, { path }] of files.entries()) {
        if (this.files.get(path) !== held[at]) continue;
        this.drop(path);
        this.owed.add(path);
      }
    }
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return refused;
  }

  private isNews(path: string, ticket: number): boolean {
    if (ticket < (this.latest.get(path) ?? 0)) return false;
    this.latest.set(path, ticket);
    return true;
  }

  private hold({ path, text }: MemoryFile, stamp: string): Held {
    const held = { stamp, characters: text.length };
    const before = this.files.get(path);
    this.total += held.characters - (before?.characters ?? 0);
    if (before === undefined) this.importable.add(path);
    this.files.set(path, held);
    return held;
  }

  private drop(path: string): boolean {
    const before = this.files.get(path);
    if (before === undefined) return false;
    this.total -= before.characters;
    this.importable.delete(path);
    return this.files.delete(path);
  }
}

/** In their order, each as much as one request takes. */
export function batchesOf(readings: readonly Reading[]): Reading[][] {
  const batches: Reading[][] = [];
  let room = 0;
  for (const reading of readings) {
    const { length } = reading.file.text;
    const last = batches.at(-1);
    if (last === undefined || last.length === MOST_FILES || length > room) {
      batches.push([reading]);
      room = MOST_CHARACTERS - length;
    } else {
      last.push(reading);
      room -= length;
    }
  }
  return batches;
}
