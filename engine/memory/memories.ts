// The memories of an engine process. Changes are made one after the other, in slices of a few milliseconds: messages are read
// between them, and while a request runs they wait, so that nobody waits for them.
import type { CopyIndex } from '../copying/sources';
import { EngineError } from '../errors';
import type { MemoryClearParams, MemoryFacts, MemoryUpdateParams, MemoryUse } from '../protocol';
import { MemoryLookup } from './lookup';
import { MEMORY_LIMITS, Memory, type MemoryLimits } from './memory';

export interface MemoriesOptions {
  /** Whether a request runs, and when none does any more. */
  readonly isBusy: () => boolean;
  readonly idle: () => Promise<void>;
  /** Of all memories together. */
  readonly limits?: MemoryLimits;
  readonly now?: () => number;
}

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 4;
/** Milliseconds that a slice waits for a request at the most: where one follows the other, files must come in nevertheless. */
const PATIENCE = 1000;
/** Files of a change that waits no longer than that as a whole: somebody edits, and copies from there next. */
const FEW_FILES = 4;

/** A change that has not been made in whole. */
interface Turn {
  readonly memory: string;
  /** Why it is given up. */
  end: EngineError | undefined;
}

export class Memories {
  /** The one used last is last. */
  private readonly known = new Map<string, Memory>();
  private last: Promise<unknown> = Promise.resolve();
  private readonly turns = new Set<Turn>();
  private isOver = false;

  constructor(private readonly options: MemoriesOptions) {}

  /** Resolves when the files are indexed. @throws EngineError `cancelled` where the memory is cleared before */
  update({ memory: id, files, removed }: MemoryUpdateParams): Promise<MemoryFacts> {
    const turn: Turn = { memory: id, end: this.isOver ? shuttingDown() : undefined };
    this.turns.add(turn);
    const done = this.last
      .then(async () => {
        if (turn.end) throw turn.end;
        const memory = this.touch(id);
        try {
          return await this.inSlices(memory.update(files, removed), turn, files.length <= FEW_FILES);
        } finally {
          this.keepBound(memory);
          if (memory.segments.length === 0 && this.known.get(id) === memory) this.known.delete(id);
        }
      })
      .finally(() => this.turns.delete(turn));
    this.last = done.catch(() => undefined);
    return done;
  }

  /**
   * Forgets a memory at once, also one that is not known: what a person no longer wants read does not wait until a request
   * has ended. What is being indexed for it is given up.
   */
  clear({ memory }: MemoryClearParams): null {
    this.giveUp(new EngineError('cancelled', 'The memory was cleared.'), memory);
    this.known.delete(memory);
    return null;
  }

  /** What a request of so many `holes` can copy from; undefined where there is nothing. `language`: of its text. */
  index(use: MemoryUse | undefined, language: string | undefined, holes = 1): CopyIndex | undefined {
    if (use === undefined) return undefined;
    const memory = this.known.get(use.id);
    if (memory === undefined || memory.segments.length === 0) return undefined;
    this.touch(use.id);
    return new MemoryLookup(memory, { ...use, ...(language === undefined ? {} : { language }) }, holes);
  }

  /** Gives up what is being indexed, and forgets everything. */
  dispose(): void {
    this.isOver = true;
    this.giveUp(shuttingDown());
    this.known.clear();
  }

  private giveUp(end: EngineError, memory?: string): void {
    for (const turn of this.turns) if (memory === undefined || turn.memory === memory) turn.end ??= end;
  }

  private touch(id: string): Memory {
    const memory = this.known.get(id) ?? new Memory(this.limits);
    this.known.delete(id);
    this.known.set(id, memory);
    return memory;
  }

  private get limits(): MemoryLimits {
    return this.options.limits ?? MEMORY_LIMITS;
  }

  /** Of several memories the one that was used longest ago goes first. */
  private keepBound(current: Memory): void {
    let bytes = [...this.known.values()].reduce((sum, memory) => sum + memory.bytes, 0);
    for (const [id, memory] of this.known) {
      if (bytes <= this.limits.bytes) return;
      if (memory === current) continue;
      bytes -= memory.bytes;
      this.known.delete(id);
    }
  }

  private async inSlices<T>(work: Generator<void, T>, turn: Turn, isSmall: boolean): Promise<T> {
    const now = this.options.now ?? (() => performance.now());
    let isLate = false;
    for (;;) {
      if (this.options.isBusy() && !isLate) isLate = (await this.patience()) && isSmall;
      if (turn.end) throw turn.end;
      const stop = now() + SLICE;
      do {
        const step = work.next();
        if (step.done) return step.value;
      } while (now() < stop);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Whether it waited in vain. */
  private async patience(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), PATIENCE);
    });
    const isLate = await Promise.race([this.options.idle().then(() => false), late]);
    clearTimeout(timer);
    return isLate;
  }
}

function shuttingDown(): EngineError {
  return new EngineError('cancelled', 'The engine is shutting down.');
}
