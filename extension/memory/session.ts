// The memory of one running engine, from its first file to its end: everything is looked at once, and what changes is brought
// after. One look at a time; what is typed goes past them. Knows nothing of vscode.
import { type EngineError, isEngineError } from '../../engine/errors';
import type { Changed } from './bursts';
import { Feed, type MemoryPort } from './feed';
import { sayOutcome } from './report';
import { Sync, type WorkspaceFiles } from './sync';

export interface SessionOptions {
  readonly id: string;
  readonly port: MemoryPort;
  /** For one look at the workspace. */
  readonly files: () => WorkspaceFiles;
  /** Resolves when nobody waits for anything; false where the signal came first. */
  readonly rest: (signal: AbortSignal) => Promise<boolean>;
  readonly log: { info(message: string): void; debug(message: string): void };
  /** Something else is held now than before. */
  readonly changed: () => void;
}

export class Session {
  readonly feed: Feed;
  private readonly controller = new AbortController();
  private isEverythingWanted = false;
  private wanted = new Set<string>();
  private looking = Promise.resolve();
  private isLooking = false;
  private looks = 0;
  /** There was more than is held, so what is near matters. */
  private isCut = false;
  /** Where somebody has worked: what is near to it was looked for. */
  private readonly folders = new Set<string>();

  constructor(private readonly options: SessionOptions) {
    this.feed = new Feed(options.id, options.port);
  }

  /** How many looks at the disk have changed what is held. */
  get epoch(): number {
    return this.looks;
  }

  /** Resolves when nothing is left to look at. */
  get settled(): Promise<void> {
    return this.looking;
  }

  /** Of files on the disk, folders included; undefined: anything may have. */
  changed(paths: Changed): void {
    if (paths === undefined) this.isEverythingWanted = true;
    else for (const path of paths) this.wanted.add(path);
    if (!this.isLooking) this.looking = this.look();
  }

  /** Somebody works in a folder now. In a workspace that is held as a whole, that changes nothing. */
  movedTo(folder: string): void {
    if (this.folders.has(folder)) return;
    this.folders.add(folder);
    if (this.isCut) this.changed(undefined);
  }

  /** Open documents were edited, or opened: at once. */
  edited(paths: Changed): void {
    if (paths === undefined) this.changed(undefined);
    if (this.controller.signal.aborted) return;
    const sync = this.sync();
    for (const path of paths ?? []) {
      void this.guarded(async () => {
        const { sent, removed } = await sync.document(path);
        if (sent + removed > 0) this.options.changed();
      });
    }
  }

  /** Nothing is sent any more. */
  end(): void {
    this.controller.abort();
    this.feed.close();
  }

  private async look(): Promise<void> {
    const { signal } = this.controller;
    this.isLooking = true;
    try {
      while (this.isEverythingWanted || this.wanted.size > 0) {
        if (!(await this.options.rest(signal))) return;
        const isEverything = this.isEverythingWanted;
        const paths = [...this.wanted];
        this.isEverythingWanted = false;
        this.wanted = new Set();
        await this.guarded(() => (isEverything ? this.everything() : this.some(paths)));
      }
    } finally {
      // In the same turn as the last look at what is wanted: a change that comes later begins a look of its own.
      this.isLooking = false;
    }
  }

  private async everything(): Promise<void> {
    const started = performance.now();
    const outcome = await this.sync().everything();
    this.isCut = outcome.left > 0 || (outcome.found !== undefined && outcome.found.end !== 'all');
    if (this.controller.signal.aborted) return;
    this.options.log.info(sayOutcome(this.feed, outcome, performance.now() - started));
    this.news(outcome.sent + outcome.removed);
  }

  private async some(paths: readonly string[]): Promise<void> {
    const sync = this.sync();
    const { sent, removed } = await sync.some(paths);
    this.news(sent + removed);
    if (sync.isOverfull) this.isEverythingWanted = true;
  }

  private news(count: number): void {
    if (count === 0) return;
    this.looks++;
    this.options.changed();
  }

  private sync(): Sync {
    const { signal } = this.controller;
    return new Sync({ files: this.options.files(), feed: this.feed, rest: () => this.options.rest(signal) });
  }

  /** An engine that ends takes its memory along; whoever starts the next one begins a new session. */
  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.controller.signal.aborted) return;
      const known: EngineError | undefined = isEngineError(error) ? error : undefined;
      const what = known === undefined ? String(error) : `${known.code}. ${known.message}`;
      this.options.log.debug(`Project memory: ${what}`);
    }
  }
}
