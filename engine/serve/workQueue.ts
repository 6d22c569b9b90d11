// The way of a request to the engine: it waits for its turn, is cancelled when nobody reads the answer any more, and has a time limit.
import { EngineError, throwIfCancelled } from '../errors';
import { Scheduler } from '../process/scheduler';
import type { Priority } from '../protocol';
import type { EngineKeeper } from '../rpc/engineKeeper';
import type { ReadyEngine } from '../rpc/readyEngine';
import { HttpError } from './httpError';

export interface Turn {
  /** Requests of other clients neither replace this one nor are replaced by it. */
  readonly client: string;
  readonly priority: Priority;
  readonly document?: string | undefined;
  /** Fires when nobody reads the answer any more. */
  readonly signal: AbortSignal;
  /** Called at once where it is not refused, with the number of requests that have to end before it begins. */
  readonly onAccepted?: (ahead: number) => void;
  /** When its turn has come. */
  readonly onStart?: () => void;
}

export interface QueueOptions {
  readonly keeper: EngineKeeper;
  /** Requests that may wait. */
  readonly capacity: number;
  readonly timeoutMillis: number;
}

/**
 * Where many ask, somebody waits for each request. So none gives way once it runs, for it would have to begin anew after all the
 * others, and what is in the background gets a fifth of the turns at least.
 */
const LIMITS = { passes: 4, yields: 0 } as const;
/** How much the newest request counts in the mean time of a request. */
const NEWEST = 0.2;
const LONGEST_RETRY_SECONDS = 60;

/**
 * As many requests are with the engine as it works on at a time, and the rest wait here rather than there: a crash then costs no
 * more than those. The turn of requests follows the rules of engine/process/schedule.ts, within each client.
 */
export class WorkQueue {
  private readonly scheduler: Scheduler;
  private readonly unanswered = new Set<number>();
  private lastId = 0;
  private meanMillis = 1000;
  private places = 1;
  private closed: HttpError | undefined;
  private onEmpty: (() => void) | undefined;

  constructor(private readonly options: QueueOptions) {
    this.scheduler = new Scheduler({ ...LIMITS, capacity: options.capacity });
  }

  get running(): number {
    return this.scheduler.running;
  }

  get waiting(): number {
    return this.scheduler.queued;
  }

  /** When another request is worth a try. */
  get retrySeconds(): number {
    const seconds = Math.ceil((this.meanMillis * (this.waiting + this.running)) / (1000 * this.places));
    return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, seconds));
  }

  /** So many requests are with the engine at a time from now on. Before: one */
  allow(places: number): void {
    this.places = places;
    this.scheduler.allow(places);
  }

  /**
   * Rejects with EngineError, or with HttpError `timeout` or `stopping`.
   */
  async run<T>(
    { client, priority, document, signal, onAccepted, onStart }: Turn,
    work: (engine: ReadyEngine, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.closed !== undefined) throw this.closed;
    throwIfCancelled(signal);
    const id = ++this.lastId;
    let reason: Error | undefined;
    const giveUp = (why?: Error) => {
      reason ??= why;
      this.scheduler.cancel(id, client);
    };
    const gone = () => giveUp();
    const { timeoutMillis, keeper } = this.options;
    const timer = setTimeout(() => giveUp(timeout(timeoutMillis)), timeoutMillis);
    signal.addEventListener('abort', gone, { once: true });
    const ahead = Math.max(0, this.running + this.waiting - this.places + 1);
    this.unanswered.add(id);
    try {
      const answer = this.scheduler.submit({
        ...{ requestId: id, model: '', client, priority, document },
        run: async (running) => {
          onStart?.();
          const started = performance.now();
          const answer = await keeper.use((engine) => work(engine, running), running);
          this.meanMillis += NEWEST * (performance.now() - started - this.meanMillis);
          return answer;
        },
      });
      if (this.scheduler.has(id, client)) onAccepted?.(ahead);
      return await answer;
    } catch (error) {
      throw reason ?? (this.closed !== undefined && isCancelled(error) ? this.closed : error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', gone);
      this.unanswered.delete(id);
      if (this.unanswered.size === 0) this.onEmpty?.();
    }
  }

  /** Takes nothing more, and resolves when all is answered: what is still there after `graceMillis` is refused. */
  async close(graceMillis: number): Promise<void> {
    this.closed ??= new HttpError(
      'stopping',
      'The server is stopping. Try another one, or try again later.',
      {
        headers: { 'Retry-After': '5' },
      },
    );
    if (this.unanswered.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.onEmpty = resolve;
    });
    const timer = setTimeout(
      () => this.scheduler.cancelAll(new EngineError('cancelled', 'The server is stopping.')),
      graceMillis,
    );
    await empty;
    clearTimeout(timer);
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'cancelled';
}

function timeout(millis: number): HttpError {
  return new HttpError(
    'timeout',
    `There was no answer within ${Math.round(millis / 1000)} s (--timeout). Ask for less at once, or try again when fewer requests wait.`,
  );
}
