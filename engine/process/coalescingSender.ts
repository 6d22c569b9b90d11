// Back-pressure for notifications of which only the newest matters: a reader that is slow gets fewer of them, never a
// late or a missing last one, and what waits for it in this process is bounded.

/** `outstanding` messages are handed to the stream at most; behind that one is kept for each key, the newest. */
export class CoalescingSender<T> {
  private readonly held = new Map<string, T>();
  private outstanding = 0;

  constructor(
    private readonly send: (value: T) => Promise<void>,
    private readonly limit = 4,
  ) {}

  /** Number of values that wait, at most one a key. */
  get waiting(): number {
    return this.held.size;
  }

  push(key: string, value: T): void {
    // Deleted first, so that what is sent is in the order in which it happened.
    this.held.delete(key);
    this.held.set(key, value);
    this.pump();
  }

  /** Sends what waits for keys that begin with `prefix`, whatever the reader does: before the answer that ends them. */
  flush(prefix: string): void {
    for (const key of [...this.held.keys()]) if (key.startsWith(prefix)) this.take(key);
  }

  /** Forgets what waits for keys that begin with `prefix`. */
  drop(prefix: string): void {
    for (const key of [...this.held.keys()]) if (key.startsWith(prefix)) this.held.delete(key);
  }

  private pump(): void {
    for (const key of this.held.keys()) {
      if (this.outstanding >= this.limit) return;
      this.take(key);
    }
  }

  private take(key: string): void {
    const value = this.held.get(key);
    if (value === undefined) return;
    this.held.delete(key);
    this.outstanding++;
    const done = () => {
      this.outstanding--;
      this.pump();
    };
    // A stream that fails ends the process elsewhere; here it only must not throw.
    this.send(value).then(done, done);
  }
}
