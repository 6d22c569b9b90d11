// How long a request takes to read what is around its spans, where the engine tells of it: it keeps that for the next one. Pure but for
// the clock.

export class ReadingTime {
  private begun: number;
  private isOver = false;
  private read = 0;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.begun = now();
  }

  /** The request is sent; its turn comes later, and the next one waits for that no more than for this. */
  begin(at = this.now()): void {
    this.begun = at;
  }

  /** A part is read. */
  goesOn(): void {
    if (!this.isOver) this.read = this.now() - this.begun;
  }

  /** A step of the answer: all is read. A model that reads in one pass with its steps tells of none. */
  end(): void {
    if (this.read > 0) this.goesOn();
    this.isOver = true;
  }

  /** 0: nothing was told of. */
  get millis(): number {
    return this.read;
  }
}
