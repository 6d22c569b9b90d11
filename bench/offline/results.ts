// The results of a run on disk: all of them in JSON, and a page to read. Written after every part, whole or not at all.
import fs from 'node:fs';
import path from 'node:path';
import { markdownTable } from '../harness';
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

const STATE_WORDS: Readonly<Record<PartState, string>> = {
  passed: 'passed',
  'left-out': 'left out',
  failed: 'failed',
  'timed-out': 'ran out of time',
  crashed: 'crashed',
  'cut-off': 'cut off',
};

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

export function pageOf(result: RunResult): string {
  const { version, revision, started, isQuick, machine, parts, left } = result;
  const rows = [
    ...parts.map(({ name, title, state, seconds }) => [
      name,
      title,
      STATE_WORDS[state],
      `${seconds.toFixed(1)} s`,
    ]),
    ...left.map((name) => [name, '', 'has not run', '–']),
  ];
  return `${[
    '# The engine on this machine',
    `Palimpsest ${version} (${revision}), ${started}${isQuick ? ', quick: small shapes and few requests, so the times say little' : ''}.`,
    machine.map((fact) => `- ${fact}`).join('\n'),
    markdownTable(['part', 'what', 'result', 'time'], rows),
    ...parts.map(sectionOf),
  ].join('\n\n')}\n`;
}

function sectionOf({ name, title, remark, lines }: PartResult): string {
  const checks = lines.filter((line) => line.kind === 'check');
  const skipped = lines.filter((line) => line.kind === 'skipped');
  const bullet = (texts: readonly string[]) => (texts.length > 0 ? [texts.join('\n')] : []);
  return [
    `## ${name}: ${title}`,
    ...(remark === undefined ? [] : [`**${remark}**`]),
    ...bullet(checks.map((check) => `- ${check.ok ? 'ok' : '**FAILED**'}: ${check.name}. ${check.detail}`)),
    ...lines.flatMap((line) => {
      if (line.kind === 'note') return [line.text];
      if (line.kind === 'table') return [`### ${line.title}`, markdownTable(line.header, line.rows)];
      return [];
    }),
    ...bullet(skipped.map((one) => `- left out: ${one.name}. ${one.reason}`)),
  ].join('\n\n');
}
