// Ghost text that comes too late to be read is not asked for by itself: the processor would be busy for nothing. After a pause it
// is tried again, for the machine may have been busy: after a short one where it was fast enough before. Pure but for the clock.
import type { Estimate } from '../protocol';

/** Milliseconds after which nobody waits any more. */
export const LONGEST_WAIT = 1500;
/** The first request of a model does what is done for the first time. */
const FIRST_WAIT = 2 * LONGEST_WAIT;
/** A shorter wait says nothing about the model. */
const LEAST_WAIT = 250;
/** Milliseconds of work for nothing, in several waits of a model that has not answered yet, that are as good a reason as one long wait. */
const MOST_WASTED = 2 * LONGEST_WAIT;
/** A wait that ends is over long before that: the machine slept meanwhile. */
const NO_WAIT = 60_000;
/** Tokens of a step of a trained model: what is expected to take longer than anybody waits is not begun. */
export const TOKENS_A_STEP = 2;
/** Behind an answer in time: the machine is busy for a moment. */
const SHORT_PAUSE = 10_000;
const FIRST_PAUSE = 60_000;
const LONGEST_PAUSE = 30 * 60_000;

export type Expected = Pick<Estimate, 'firstMillis' | 'millis' | 'readingMillis'>;

export class BackOff {
  private latency: number | undefined;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private pause = FIRST_PAUSE;
  private isHitch = false;
  /** Whether the last answer was late, or never came, and the one before it was in time. */
  private isLate = false;
  /** Milliseconds of work since the last answer that nobody waited for to the end, and the longest wait among them. */
  private wasted = 0;
  private longest = 0;

  /** What a server says that does not answer for now, and until when it is not asked. */
  private refusal: string | undefined;
  private refusedUntil = Number.NEGATIVE_INFINITY;
  private refusalPause = SHORT_PAUSE;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** How long an answer takes about, in milliseconds, as long as that is a reason not to ask; undefined: ask. */
  get tooSlow(): number | undefined {
    return this.now() < this.pausedUntil ? this.latency : undefined;
  }

  /** Why nothing is asked now. What was fast enough just before says nothing of the model. */
  get silence(): 'busy' | { readonly slow: number } | { readonly refused: string } | undefined {
    if (this.refusal !== undefined && this.now() < this.refusedUntil) return { refused: this.refusal };
    const slow = this.tooSlow;
    if (slow === undefined) return undefined;
    return this.isHitch ? 'busy' : { slow };
  }

  /** How long the next request may take before it is given up. */
  get patience(): number {
    return this.latency === undefined ? FIRST_WAIT : LONGEST_WAIT;
  }

  /** Whether nothing is known of the model yet, so that it is worth asking how long an answer would take. */
  get isNew(): boolean {
    return this.latency === undefined;
  }

  /**
   * An answer would take this long, as the engine estimates it for one token a step: where that is too long, nothing is asked. What is read once
   * for all keys at one place counts by itself.
   */
  expected({ firstMillis = 0, millis = 0, readingMillis = 0 }: Expected): void {
    const writing = firstMillis - readingMillis + Math.max(0, millis - firstMillis) / TOKENS_A_STEP;
    const about = Math.max(readingMillis, writing);
    if (about <= LONGEST_WAIT) return;
    this.latency = about;
    this.rest();
  }

  /**
   * A server does not answer: it is not asked again for as long as it wants, in milliseconds, or else for a while that grows. `sentence`: why, for
   * people.
   */
  refused(sentence: string, after = 0): void {
    this.refusal = sentence;
    this.refusedUntil = this.now() + Math.max(after, this.refusalPause);
    this.refusalPause = Math.min(LONGEST_PAUSE, 2 * this.refusalPause);
  }

  /** An answer came. `millis`: without what is read once for all keys at one place. */
  answered(millis: number): void {
    this.refusal = undefined;
    this.refusalPause = SHORT_PAUSE;
    if (millis > NO_WAIT) return;
    this.wasted = 0;
    this.longest = 0;
    this.latency = this.latency === undefined ? millis : (this.latency + millis) / 2;
    if (millis <= LONGEST_WAIT) {
      // What the person sees now counts, not how it was.
      this.latency = Math.min(this.latency, LONGEST_WAIT);
      this.pausedUntil = Number.NEGATIVE_INFINITY;
      this.pause = SHORT_PAUSE;
      this.isLate = false;
    } else this.rest();
  }

  /**
   * No answer came in this time: it would have taken longer. Of a model that has not answered yet, waits that were ended early
   * are together work for nothing like a single long one.
   */
  gaveUp(millis: number): void {
    if (millis < LEAST_WAIT || millis > NO_WAIT) return;
    // An answer would have been there in time, as those before it were: who edits here and there did not wait for it.
    if (millis < LONGEST_WAIT && this.latency !== undefined && this.latency <= LONGEST_WAIT) return;
    this.wasted += millis;
    this.longest = Math.max(this.longest, millis);
    if (this.longest < LONGEST_WAIT && this.wasted < MOST_WASTED) return;
    this.latency = Math.max(this.latency ?? 0, this.longest, LONGEST_WAIT);
    this.wasted = 0;
    this.longest = 0;
    this.rest();
  }

  private rest(): void {
    const wasFast = this.pause === SHORT_PAUSE && !this.isLate;
    this.isLate = true;
    // One long answer among those in time says nothing: the next one is asked for.
    if (wasFast) return;
    this.isHitch = this.pause === SHORT_PAUSE;
    this.pausedUntil = this.now() + this.pause;
    this.pause = this.isHitch ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, 2 * this.pause);
  }
}
