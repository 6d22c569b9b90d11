// Time as it can be replaced in tests.

export interface Clock {
  /** Milliseconds. */
  readonly now: () => number;
  /** Returns what cancels the call. */
  readonly later: (call: () => void, millis: number) => () => void;
}

/** For intervals: goes on while somebody sets the machine's clock. */
export const MONOTONIC_CLOCK: Clock = { now: () => performance.now(), later };

/** For times of day: milliseconds since the epoch. */
export const WALL_CLOCK: Clock = { now: Date.now, later };

/** Keeps no process alive. */
function later(call: () => void, millis: number): () => void {
  const timer = setTimeout(call, millis);
  timer.unref();
  return () => clearTimeout(timer);
}
