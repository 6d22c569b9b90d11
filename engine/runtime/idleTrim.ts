// When the memory of past passes is given back: once nobody has asked for anything for a while. First what is garbage, for V8 knows
// nothing of a quiet moment; then the session's, and only where it is worth the moment that a new session takes.

/** Milliseconds of quiet. */
const QUIET = 3000;
/** The same until what was collected has gone: V8 frees large arrays beside its work. */
const SETTLING = 250;
/** Of what the process takes with the model loaded: so much more may stay, and a fifth is what is promised. */
const SHARE = 0.15;
/** A process that is larger than this part of what was said holds something else. */
const MOST_ABOVE = 1.2;
/** Bytes by which a process grows and shrinks anyway: of a small model's process no more than would be given back. */
const NOISE = 2 ** 26;
const LEAST_NOISE = 2 ** 24;
/** New sessions take this part of the time at most: they cost seconds of every core, which a person who types may need. */
const MOST_TIME = 0.1;

export interface Trimmed {
  /** Bytes held for passes. */
  readonly passMemory: number;
  renew(): Promise<void>;
}

export class IdleTrim {
  private timer: NodeJS.Timeout | undefined;
  /** Requests that have begun and not ended: several wait for one another. */
  private requests = 0;
  private isOver = false;
  /** Bytes of the process with the model loaded, as it was said or as it is: no new session gives them back. */
  private readonly ownBytes: number;
  /** The same, with what a new session did not give back: the memory of a workspace, say. */
  private resting: number;
  /** Bytes behind the last collection of garbage. */
  private collected = 0;
  /** No new session before this moment. */
  private notBefore = Number.NEGATIVE_INFINITY;

  /**
   * @param saidBytes what the process is estimated to take with the model loaded, which it is, without any pass
   * @param inTurn runs work when no request does
   * @param resident bytes that the process has in main memory, as the system's own list of processes shows them: pages of mapped files
   * are among them
   * @param collect collects garbage, where the process was started so that it can
   * @param now milliseconds of a clock that never goes back
   */
  constructor(
    private readonly session: Trimmed,
    saidBytes: number,
    private readonly inTurn: (work: () => Promise<void>) => Promise<void>,
    private readonly resident: () => number = () => process.memoryUsage.rss(),
    private readonly quiet = QUIET,
    private readonly collect: () => void = () => globalThis.gc?.(),
    private readonly now: () => number = () => performance.now(),
  ) {
    this.ownBytes = Math.max(saidBytes, Math.min(resident(), MOST_ABOVE * saidBytes));
    this.resting = this.ownBytes;
  }

  /** By the size of the process: an estimate of its passes says too little about how much can be given back. */
  get isWorthwhile(): boolean {
    if (this.session.passMemory === 0 || this.grown() <= this.noise) return false;
    return this.resident() - this.ownBytes > SHARE * this.ownBytes;
  }

  private get noise(): number {
    return Math.min(NOISE, Math.max(LEAST_NOISE, SHARE * this.ownBytes));
  }

  /** Bytes beyond what the process has at rest. */
  private grown(): number {
    const resident = this.resident();
    this.resting = Math.max(this.ownBytes, Math.min(this.resting, resident));
    return resident - this.resting;
  }

  /** A request has begun: nothing is given back for now. */
  begun(): void {
    this.requests++;
    this.stop();
  }

  ended(): void {
    this.requests--;
    if (this.isOver || this.requests > 0 || this.grown() <= this.noise) return;
    // What the last collection left is no garbage.
    if (!this.isWorthwhile && this.resident() - this.collected <= this.noise) return;
    this.after(this.quiet, () => {
      this.collect();
      this.after(SETTLING, () => {
        this.collected = this.resident();
        if (this.isWorthwhile)
          this.after(this.notBefore - this.now(), () => {
            if (this.isWorthwhile) this.renew();
          });
      });
    });
  }

  /** A session that could not be made again is made by the next request, which then says why it cannot. */
  private renew(): void {
    this.inTurn(async () => {
      // While it waited for its turn, the model may have gone: a session made now would stay for good.
      if (this.isOver) return;
      const start = this.now();
      try {
        await this.session.renew();
      } finally {
        const end = this.now();
        this.notBefore = end + (end - start) * (1 / MOST_TIME - 1);
      }
      this.resting = Math.max(this.ownBytes, this.resident());
    }).catch(() => undefined);
  }

  /** One at a time; only while nobody asks for anything. */
  private after(millis: number, work: () => void): void {
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        work();
      },
      Math.max(0, millis),
    );
    this.timer.unref();
  }

  dispose(): void {
    this.isOver = true;
    this.stop();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
