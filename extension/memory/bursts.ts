// Many changes in a moment are one: a branch that is switched, a folder that is renamed, a build. Paths are collected until it
// is quiet, and given away together. Knows nothing of vscode.
import { type Clock, MONOTONIC_CLOCK } from '../common/clock';

export interface BurstLimits {
  /** Milliseconds without a change that end a burst. */
  readonly quiet: number;
  /** Milliseconds that one lasts at most. */
  readonly longest: number;
}
/** Of changes on the disk. */
export const DISK_BURSTS: BurstLimits = { quiet: 300, longest: 3000 };
/** Of keys: what was typed is in the memory before the next thought. */
export const KEY_BURSTS: BurstLimits = { quiet: 60, longest: 600 };
/** More of them are a change of everything: looking at the workspace as a whole costs less. */
const MOST_PATHS = 200;

/** Undefined: too many to name them. */
export type Changed = ReadonlySet<string> | undefined;

export class Bursts {
  private paths = new Set<string>();
  private isEverything = false;
  private since: number | undefined;
  private takeBack: () => void = () => undefined;

  constructor(
    private readonly changed: (paths: Changed) => void,
    private readonly limits: BurstLimits = DISK_BURSTS,
    private readonly clock: Clock = MONOTONIC_CLOCK,
  ) {}

  add(path: string): void {
    this.paths.add(path);
    if (this.paths.size > MOST_PATHS) this.isEverything = true;
    this.wait();
  }

  /** What changed has no name, or too many. */
  everything(): void {
    this.isEverything = true;
    this.wait();
  }

  dispose(): void {
    this.takeBack();
    this.paths.clear();
    this.isEverything = false;
    this.since = undefined;
  }

  private wait(): void {
    this.takeBack();
    const now = this.clock.now();
    this.since ??= now;
    const { quiet, longest } = this.limits;
    const millis = Math.max(0, Math.min(quiet, this.since + longest - now));
    this.takeBack = this.clock.later(() => this.give(), millis);
  }

  private give(): void {
    const paths = this.isEverything ? undefined : this.paths;
    this.paths = new Set();
    this.isEverything = false;
    this.since = undefined;
    this.changed(paths);
  }
}
