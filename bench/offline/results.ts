// The results of a run on disk: all of them in JSON, and a page to read. Written after every part, whole or not at all.
import fs from 'node:fs';
import path from 'node:path';
import { pageOf } from './page';
import type { Line } from './report';

/**
 * `passed`: it ended, and every check held. `left-out`: it said why there was nothing to check. `cut-off`: the whole run was ended from
 * outside.
 */
export type PartState = 'passed' | 'left-out' | 'failed' | 'timed-out' | 'crashed' | 'cut-off';

export interface PartResult {
  readonly name: string;
  readonly title: string;
  readonly state: PartState;
  /** What there is to say about `timed-out`, `crashed` and `cut-off`. */
  readonly remark?: string;
  readonly seconds: number;
  readonly lines: readonly Line[];
}

export interface RunResult {
  readonly version: string;
  readonly revision: string;
  readonly isQuick: boolean;
  /** ISO 8601. */
  readonly started: string;
  /** Processor, driver, libraries: a line each. */
  readonly machine: readonly string[];
  readonly parts: readonly PartResult[];
  /** Names of parts that have not run. */
  readonly left: readonly string[];
}

export function hasPassed({ parts, left }: RunResult): boolean {
  return left.length === 0 && parts.every(({ state }) => state === 'passed' || state === 'left-out');
}

export function writeResults(folder: string, result: RunResult): void {
  fs.mkdirSync(folder, { recursive: true });
  replaceFile(path.join(folder, 'results.json'), `${JSON.stringify(result, undefined, 1)}\n`);
  replaceFile(path.join(folder, 'results.md'), pageOf(result));
}

function replaceFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.partial`, text);
  fs.renameSync(`${file}.partial`, file);
}
