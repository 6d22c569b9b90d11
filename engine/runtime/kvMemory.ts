// Main memory of K/V caches, handed out again once a cache is given back: its arrays are megabytes each, and the garbage
// collector, which sees only their small handles, would let several generations of them pile up.

/** Arrays given back are kept up to this many bytes for each byte that is in use: a cache that grows goes from one array to another of its size. */
const SPARE = 1;
/** An array serves a request that needs at least this part of it. */
const LEAST_FILL = 0.5;

export class KvMemory {
  /** Longest first. */
  private readonly free: Float32Array[] = [];
  private freeLength = 0;
  private usedLength = 0;

  /** Bytes in use and bytes kept for the next cache, for tests and the bench. */
  get bytes(): { readonly used: number; readonly free: number } {
    return { used: 4 * this.usedLength, free: 4 * this.freeLength };
  }

  /**
   * `length` numbers of arbitrary content. Give the very same array back, once, when nobody reads it any more.
   * @param room numbers that a new array is made for: a cache that is going to grow to so many finds it fitting until then. Default: an
   * eighth more at most
   */
  take(length: number, room = roomFor(length)): Float32Array {
    const fitting = this.free.findLastIndex((array) => array.length >= length);
    const found = this.free[fitting];
    if (found !== undefined && length >= LEAST_FILL * found.length) {
      this.free.splice(fitting, 1);
      this.freeLength -= found.length;
      this.usedLength += found.length;
      return found.subarray(0, length);
    }
    const array = new Float32Array(Math.max(length, room));
    this.usedLength += array.length;
    return array.subarray(0, length);
  }

  /** Forgets what is kept for the next cache. */
  clear(): void {
    this.free.length = 0;
    this.freeLength = 0;
  }

  give(array: Float32Array): void {
    const whole = new Float32Array(array.buffer);
    this.usedLength -= whole.length;
    this.freeLength += whole.length;
    const at = this.free.findIndex((other) => other.length <= whole.length);
    this.free.splice(at < 0 ? this.free.length : at, 0, whole);
    while (this.freeLength > SPARE * this.usedLength) {
      const smallest = this.free.pop();
      if (smallest === undefined) break;
      this.freeLength -= smallest.length;
    }
  }
}

/** Room to grow by an eighth at most, so that a prefix that grows token by token fits the array it had before. */
function roomFor(length: number): number {
  const grain = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, length))) - 3);
  return (Math.floor(length / grain) + 1) * grain;
}
