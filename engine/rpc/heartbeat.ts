// Tells a hung engine from a busy one. Counted in ticks, not by the clock: a computer that slept is no hang.

export interface HeartbeatOptions {
  /** Milliseconds of silence that are too many; asked at each tick, for more may be asked of the engine meanwhile. */
  readonly limit: () => number;
  /** Asks for a sign of life. */
  readonly probe: () => void;
  readonly onSilence: (millis: number) => void;
}

const TICKS = 4;

export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private quiet = 0;
  /** Of the ticks since it was heard last. */
  private silence = 0;

  constructor(private readonly options: HeartbeatOptions) {}

  /** Does nothing while it runs. The timer keeps no process alive. */
  start(): void {
    if (this.timer !== undefined) return;
    this.heard();
    this.next();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  heard(): void {
    this.quiet = 0;
    this.silence = 0;
  }

  private next(): void {
    const millis = this.options.limit() / TICKS;
    this.timer = setTimeout(() => this.tick(millis), millis);
    this.timer.unref();
  }

  private tick(millis: number): void {
    this.quiet++;
    this.silence += millis;
    this.next();
    // A long denoise without events is silent and well: it answers the probe between two steps.
    if (this.quiet < TICKS) this.options.probe();
    else this.options.onSilence(this.silence);
  }
}
