// A person may have seen enough of an answer that still comes: then what has come is the answer.
import { throwIfCancelled } from '../errors';

/** Milliseconds between two looks: a server that is silent gives no occasion for one. */
const EVERY = 50;

export class Draft {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private taken = false;
  private readonly abort = () => this.controller.abort();

  constructor(
    private readonly signal: AbortSignal | undefined,
    enough: (() => boolean) | undefined,
  ) {
    signal?.addEventListener('abort', this.abort, { once: true });
    if (signal?.aborted) this.abort();
    if (enough === undefined) return;
    this.timer = setInterval(() => {
      if (!enough()) return;
      this.taken = true;
      this.abort();
    }, EVERY);
    this.timer.unref();
  }

  get isTaken(): boolean {
    return this.taken;
  }

  /** Undefined where it was enough before the work was done. Rejects with `cancelled`, and as the work does. */
  async until<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (this.taken) return undefined;
    try {
      return await work(this.controller.signal);
    } catch (error) {
      throwIfCancelled(this.signal);
      if (this.taken) return undefined;
      throw error;
    }
  }

  dispose(): void {
    clearInterval(this.timer);
    this.signal?.removeEventListener('abort', this.abort);
  }
}
