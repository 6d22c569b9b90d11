// How many threads a pass takes on the CPU.
import os from 'node:os';

/** Small models gain nothing from more. */
const MOST = 8;

/**
 * All processors but one, which is left to the editor; at most eight. With two, both: half of them would make every answer
 * take twice as long, and typing does not lag (bench ghostTyping).
 */
export function threadCount(available: number = os.availableParallelism()): number {
  return Math.max(1, Math.min(MOST, available > 2 ? available - 1 : available));
}
