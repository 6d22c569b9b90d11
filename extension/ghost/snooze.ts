// Quiet for a while: until when ghost text is not offered by itself. Ends by itself; knows nothing of vscode.

export interface Alarm {
  readonly now: () => number;
  /** Gives back what takes the call back. */
  readonly later: (call: () => void, millis: number) => () => void;
}

const REAL_ALARM: Alarm = {
  now: Date.now,
  later: (call, millis) => {
    const timer = setTimeout(call, millis);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The longest that a timer can wait. */
const LONGEST = 2 ** 31 - 1;

export class Snooze {
  /** Milliseconds since the epoch; infinite: until the window is closed or a person wants it back. */
  private end: number | undefined;
  private takeBack: (() => void) | undefined;

  constructor(
    /** Called when it begins, ends, or changes. */
    private readonly changed: (until: number | undefined) => void,
    private readonly alarm: Alarm = REAL_ALARM,
  ) {}

  get until(): number | undefined {
    return this.end;
  }

  /** `minutes` may be infinite. */
  start(minutes: number): void {
    this.takeBack?.();
    const millis = minutes * 60_000;
    this.end = this.alarm.now() + millis;
    this.takeBack = millis > LONGEST ? undefined : this.alarm.later(() => this.stop(), millis);
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
