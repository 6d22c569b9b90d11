// Who works on a model where several may: each takes a seat, with caches of its own, and has it to itself.

interface Waiter<T> {
  /** `all`: whoever waits for the whole table. */
  readonly wants: 'one' | 'all';
  /** How well a seat suits. */
  readonly fit: (seat: T) => number;
  readonly take: (seats: readonly T[]) => void;
}

export class Seats<T> {
  /** The one that has been empty for longest comes first. */
  private free: readonly T[];
  private readonly waiters: Waiter<T>[] = [];

  constructor(readonly all: readonly T[]) {
    this.free = all;
  }

  /** Runs `work` on the free seat that suits best, and among equals on the one that has been empty for longest. First come, first served. */
  use<R>(work: (seat: T) => Promise<R>, fit: (seat: T) => number = () => 0): Promise<R> {
    return this.hold('one', fit, ([seat]) => {
      if (seat === undefined) throw new RangeError('there is no seat');
      return work(seat);
    });
  }

  /** Runs `work` while nobody has a seat. */
  alone<R>(work: () => Promise<R>): Promise<R> {
    return this.hold('all', () => 0, work);
  }

  private async hold<R>(
    wants: Waiter<T>['wants'],
    fit: Waiter<T>['fit'],
    work: (seats: readonly T[]) => Promise<R>,
  ): Promise<R> {
    const seats = await new Promise<readonly T[]>((take) => {
      this.waiters.push({ wants, fit, take });
      this.grant();
    });
    try {
      return await work(seats);
    } finally {
      this.free = [...this.free, ...seats];
      this.grant();
    }
  }

  private grant(): void {
    for (;;) {
      const [next] = this.waiters;
      const seats = next && this.seatsFor(next);
      if (next === undefined || seats === undefined) return;
      this.waiters.shift();
      this.free = this.free.filter((seat) => !seats.includes(seat));
      next.take(seats);
    }
  }

  private seatsFor({ wants, fit }: Waiter<T>): readonly T[] | undefined {
    if (wants === 'all') return this.free.length === this.all.length ? this.free : undefined;
    const [first, ...others] = this.free.map((seat) => ({ seat, fit: fit(seat) }));
    if (first === undefined) return undefined;
    return [others.reduce((best, other) => (other.fit > best.fit ? other : best), first).seat];
  }
}
