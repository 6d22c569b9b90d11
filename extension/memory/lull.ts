// Work that nobody waits for goes on while nobody waits for anything else: not while a request is under way, nor while keys
// come. Never for ever, though: who types all day has a memory all the same, in small pieces.
import { type Clock, MONOTONIC_CLOCK } from '../common/clock';

/** Milliseconds behind a key in which the next one is likely. */
const TYPING = 400;
/** Milliseconds until a piece of work is done whatever else happens. */
const LONGEST = 3000;

export class Lull {
  private lastKey = Number.NEGATIVE_INFINITY;
  private isBusy = false;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock = MONOTONIC_CLOCK) {}

  /** Somebody has typed. */
  typed(): void {
    this.lastKey = this.clock.now();
    this.lookAgain();
  }

  /** Whether a request is under way. */
  busy(isBusy: boolean): void {
    this.isBusy = isBusy;
    this.lookAgain();
  }

  /** Resolves in the next lull, not before others had their turn; false where `signal` came first. */
  wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const since = this.clock.now();
      let takeBack: () => void = () => undefined;
      const done = (isLull: boolean) => {
        takeBack();
        this.waiting.delete(look);
        signal.removeEventListener('abort', gone);
        resolve(isLull);
      };
      const gone = () => done(false);
      const look = () => {
        takeBack();
        const now = this.clock.now();
        const longest = since + LONGEST - now;
        const still = this.isBusy ? longest : this.lastKey + TYPING - now;
        if (Math.min(still, longest) <= 0) return done(!signal.aborted);
        takeBack = this.clock.later(look, Math.min(still, longest));
      };
      this.waiting.add(look);
      signal.addEventListener('abort', gone, { once: true });
      setImmediate(() => (signal.aborted ? done(false) : look()));
    });
  }

  private lookAgain(): void {
    for (const look of [...this.waiting]) look();
  }
}
