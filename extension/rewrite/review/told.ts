// What the editor was told to ask for a review's sake, until it has asked: by then the review may be over, and nobody has pressed a key.
// Pure but for the clock.

/** Milliseconds in which the editor asks again, once it has asked. */
const PROMPT = 1000;
/** A busy window may take so long to ask at all. */
const LATEST = 5000;
/** It has done what it was told to, and may have had no reason to ask. */
const AFTERWARDS = 250;

interface Telling {
  readonly at: number;
  askedAt: number | undefined;
  doneAt: number | undefined;
}

export class Told {
  private tellings: Telling[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Call what is returned when the editor is done with it. */
  begin(): () => void {
    const telling: Telling = { at: this.now(), askedAt: undefined, doneAt: undefined };
    this.tellings.push(telling);
    return () => {
      telling.doneAt = this.now();
    };
  }

  /** The editor asks, as it does when somebody presses a key. Whether that is for what it was told, so far as that can be known. */
  isAsking(): boolean {
    this.tellings = this.tellings.filter((one) => this.isOpen(one));
    const [first] = this.tellings;
    if (first === undefined) return false;
    // In their order: one question answers one of them.
    (this.tellings.find(({ askedAt }) => askedAt === undefined) ?? first).askedAt ??= this.now();
    return true;
  }

  private isOpen({ at, askedAt, doneAt }: Telling): boolean {
    const now = this.now();
    if (doneAt !== undefined) return askedAt === undefined && now - doneAt < AFTERWARDS;
    return askedAt === undefined ? now - at < LATEST : now - askedAt < PROMPT;
  }
}
