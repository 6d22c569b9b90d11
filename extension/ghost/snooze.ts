// Quiet for a while: until when ghost text is not offered by itself. Ends by itself; knows nothing of vscode.
import { type Clock, WALL_CLOCK } from '../common/clock';

/** The longest that a timer can wait. */
const LONGEST = 2 ** 31 - 1;

export class Snooze {
  /** Milliseconds since the epoch; infinite: until the window is closed or a person wants it back. */
  private end: number | undefined;
  private takeBack: (() => void) | undefined;

  constructor(
    /** Called when it begins, ends, or changes. */
    private readonly changed: (until: number | undefined) => void,
    private readonly clock: Clock = WALL_CLOCK,
  ) {}

  get until(): number | undefined {
    return this.end;
  }

  /** `minutes` may be infinite. */
  start(minutes: number): void {
    this.takeBack?.();
    const millis = minutes * 60_000;
    this.end = this.clock.now() + millis;
    this.takeBack = millis > LONGEST ? undefined : this.clock.later(() => this.stop(), millis);
    this.changed(this.end);
  }

  stop(): void {
    this.takeBack?.();
    this.takeBack = undefined;
    if (this.end === undefined) return;
    this.end = undefined;
    this.changed(undefined);
  }

  dispose(): void {
    this.takeBack?.();
  }
}
