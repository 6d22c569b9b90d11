// Limits how often something may be called: each key has a bucket of tokens that fills up over time.

export interface RateLimiterOptions {
  /** How many calls are allowed at once. */
  readonly capacity: number;
  /** Tokens added to each bucket per second. */
  readonly perSecond: number;
  /** The current time in milliseconds; tests pass their own clock. */
  readonly now?: () => number;
}

interface Bucket {
  tokens: number;
  updatedAt: number;
}

export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private readonly now: () => number;

  constructor(private readonly options: RateLimiterOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Takes a token and returns true, or returns false if the bucket is empty. */
  allow(key: string): boolean {
    const bucket = this.refill(key);
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }

  /** Milliseconds until the next call is allowed. */
  wait(key: string): number {
    const bucket = this.refill(key);
    if (bucket.tokens >= 1) {
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) / this.options.perSecond) * 1000);
  }

  reset(key: string): void {
    this.buckets.delete(key);
  }

  private refill(key: string): Bucket {
    const now = this.now();
    const bucket = this.buckets.get(key) ?? { tokens: this.options.capacity, updatedAt: now };
    const elapsed = (now - bucket.updatedAt) / 1000;
    bucket.tokens = Math.min(this.options.capacity, bucket.tokens + elapsed * this.options.perSecond);
    bucket.updatedAt = now;
    this.buckets.set(key, bucket);
    return bucket;
  }
}
