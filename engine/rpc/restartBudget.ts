// How often a crashing engine is started again. Pure, so that minutes can be tested without waiting for them.

export interface BudgetLimits {
  readonly restarts: number;
  /** Milliseconds in which they are counted. */
  readonly within: number;
  /** Milliseconds before the first restart; doubled for each further one in the window. */
  readonly firstDelay: number;
}
export const RESTART_LIMITS: BudgetLimits = { restarts: 4, within: 180_000, firstDelay: 250 };

export class RestartBudget {
  private spent: number[] = [];

  constructor(private readonly limits: BudgetLimits = RESTART_LIMITS) {}

  /** Milliseconds to wait before the restart that a crash at `now` asks for; undefined when there were too many. */
  spend(now: number): number | undefined {
    this.spent = this.spent.filter((then) => now - then < this.limits.within);
    if (this.spent.length >= this.limits.restarts) return undefined;
    const delay = this.limits.firstDelay * 2 ** this.spent.length;
    this.spent.push(now);
    return delay;
  }

  /** A person asked for a fresh start. */
  reset(): void {
    this.spent = [];
  }
}
