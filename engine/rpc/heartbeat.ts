// Tells a hung engine from a busy one. Counted in ticks, not by the clock: a computer that slept is no hang.

export interface HeartbeatOptions {
  /** Milliseconds of silence that are too many; asked at each start. */
  readonly limit: () => number;
  /** Asks for a sign of life. */
  readonly probe: () => void;
  readonly onSilence: (millis: number) => void;
}

const TICKS = 4;

export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private quiet = 0;

  constructor(private readonly options: HeartbeatOptions) {}

  /** Does nothing while it runs. The timer keeps no process alive. */
  start(): void {
    if (this.timer !== undefined) return;
    this.quiet = 0;
    const limit = this.options.limit();
    this.timer = setInterval(() => this.tick(limit), limit / TICKS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  heard(): void {
    this.quiet = 0;
  }

  private tick(limit: number): void {
    this.quiet++;
    // A long denoise without events is silent and well: it answers the probe between two steps.
    if (this.quiet < TICKS) this.options.probe();
    else this.options.onSilence(limit);
  }
}
