// One wait for ghost text: it ends when nobody wants the answer, or when it has taken too long; both say how fast the model is.
import { type BackOff, type Expected, LONGEST_WAIT } from './backOff';

export class Wait {
  private readonly controller = new AbortController();
  private begunAt: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isAnswered = false;
  /** Milliseconds of reading what is around the cursor. */
  private readMillis = 0;
  private readonly abort = () => this.controller.abort();

  /**
   * `isAsked`: a person pressed a key for it and waits as long as it takes. `isBusy`: the engine has something else to do
   * first, so that waiting says nothing about the model.
   */
  constructor(
    private readonly outer: AbortSignal,
    private readonly backOff: BackOff,
    private readonly isAsked: boolean,
    private readonly isBusy: () => boolean,
    private readonly now: () => number = () => performance.now(),
  ) {
    outer.addEventListener('abort', this.abort, { once: true });
    if (outer.aborted) this.abort();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The model is loaded, and is asked now; anew, where it had to be loaded again meanwhile. */
  begin(): void {
    clearTimeout(this.timer);
    this.begunAt = undefined;
    this.readMillis = 0;
    if (this.isBusy()) return;
    this.begunAt = this.now();
    this.arm();
  }

  /** The same, unless it is expected to take too long: then false. `estimate`: of a slow model that nothing is known of yet. */
  async beginIfWorthIt(isSlow: boolean | undefined, estimate: () => Promise<Expected>): Promise<boolean> {
    const { backOff } = this;
    if (!this.isAsked && isSlow && backOff.isNew) {
      backOff.expected(await estimate());
      if (backOff.tooSlow !== undefined) return false;
    }
    this.begin();
    return true;
  }

  /**
   * More of what is around the cursor is read: that is kept for the next key, so the wait for an answer begins behind it. What takes longer
   * than anybody waits does not: the next jump would cost as much.
   */
  read(): void {
    if (this.begunAt === undefined || this.readMillis > LONGEST_WAIT) return;
    const now = this.now();
    this.readMillis += now - this.begunAt;
    this.begunAt = now;
    this.arm();
  }

  /** `millis`: in the engine, without waiting for its turn. */
  answered(millis: number): void {
    this.isAnswered = true;
    // Several candidates, as for a key, take longer than the one that comes by itself.
    const once = this.readMillis > LONGEST_WAIT ? 0 : this.readMillis;
    if (!this.isAsked) this.backOff.answered(Math.max(0, millis - once));
  }

  private arm(): void {
    clearTimeout(this.timer);
    if (!this.isAsked) this.timer = setTimeout(this.abort, this.backOff.patience);
  }

  /** The next key came first. Where every key ends a request, that says something of the model only after a long wait. */
  typedPast(): void {
    if (this.begunAt !== undefined && this.now() - this.begunAt < LONGEST_WAIT) this.begunAt = undefined;
    this.abort();
  }

  end(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.abort);
    if (this.isAnswered || this.isAsked || this.begunAt === undefined || !this.signal.aborted) return;
    const reading = this.readMillis > LONGEST_WAIT ? this.readMillis : 0;
    if (!this.isBusy()) this.backOff.gaveUp(reading + this.now() - this.begunAt);
  }
}
