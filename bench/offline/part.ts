// What a part is, and what it is given.
import type { PartReport } from './report';

export interface PartContext {
  readonly report: PartReport;
  /** Small shapes and few requests: to see that everything runs, not how fast. */
  readonly isQuick: boolean;
  /** Folder for files that belong to the results. */
  readonly results: string;
  /** Seconds until the part is cut off. */
  readonly secondsLeft: () => number;
}

export interface Part {
  readonly name: string;
  /** For people: what it shows. */
  readonly title: string;
  /** Seconds after which it is cut off. */
  readonly limit: number;
  readonly run: (context: PartContext) => Promise<void>;
}
