// Lets through the newest of many values, at most so many a second: an editor that repaints for each denoise step would
// be busy with nothing else.
import { type Clock, MONOTONIC_CLOCK } from './clock';

export class Throttle<T> {
  private waiting: { readonly value: T } | undefined;
  private takeBack: (() => void) | undefined;
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly show: (value: T) => void,
    /** Milliseconds between two. */
    private readonly interval: number,
    private readonly clock: Clock = MONOTONIC_CLOCK,
  ) {}

  offer(value: T): void {
    this.waiting = { value };
    if (this.takeBack !== undefined) return;
    const wait = this.last + this.interval - this.clock.now();
    if (wait <= 0) this.flush();
    else this.takeBack = this.clock.later(() => this.flush(), wait);
  }

  /** What waits is dropped. */
  clear(): void {
    this.takeBack?.();
    this.takeBack = undefined;
    this.waiting = undefined;
  }

  private flush(): void {
    const { waiting } = this;
    this.clear();
    if (waiting === undefined) return;
    this.last = this.clock.now();
    this.show(waiting.value);
  }
}
