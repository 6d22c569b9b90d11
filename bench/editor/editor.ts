// How long a person waits, measured inside a real VS Code: activation, the first frames of a denoise, cancelling, ghost text,
// and the size of what the editor has to read. The measuring is test/host/latency.suite.ts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { figure, markdownTable, median, percentile, publish, ROOT, runBench } from '../harness';

/** What the project wants to reach, on two quiet cores: milliseconds, median and 95th percentile. */
const TARGETS: Readonly<Record<string, readonly [string, string]>> = {
  'activate()': ['30', ''],
  'command to masks': ['100', ''],
  'ghost text while typing': ['150', '400'],
};

function measured(rounds: number): Record<string, readonly number[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-editor-'));
  const file = path.join(folder, 'figures.json');
  try {
    const { status } = spawnSync(process.execPath, ['scripts/hostTests.mjs', 'latency'], {
      cwd: ROOT,
      stdio: ['ignore', process.stderr, process.stderr],
      env: { ...process.env, PALIMPSEST_FIGURES: file, PALIMPSEST_ROUNDS: String(rounds) },
    });
    if (status !== 0) throw new Error('The run in VS Code failed; what it said is above.');
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

runBench(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
  const figures = measured(Number(values.rounds));
  const load = os.loadavg()[0] ?? 0;
  const kB = (bundle: string) => Math.round(fs.statSync(path.join(ROOT, 'dist', bundle)).size / 1000);
  const rows = Object.entries(figures).map(([what, millis]) => {
    const [middle = '', late = ''] = TARGETS[what] ?? [];
    return [
      what,
      String(millis.length),
      figure(median(millis)),
      middle,
      figure(percentile(millis, 0.95)),
      late,
    ];
  });
  publish({
    name: 'editor',
    title: 'What a person waits for, inside VS Code',
    facts: [
      `starter model, CPU; load average at the end ${load.toFixed(1)}`,
      'ghost text: 12 tokens at most, a file of 300 lines, without the debounce; a denoise of 46 lines',
    ],
    sections: [
      'Milliseconds, in the extension host of a real VS Code with the real engine.',
      markdownTable(['', 'times', 'median', 'wanted', 'p95', 'wanted'], rows),
      `Every window reads ${kB('extension.js')} kB of code (wanted: under 40), and ${kB('palimpsest.js')} kB more on first use (wanted: under 450). Before that no process runs: test/host/activation.suite.ts asserts it.`,
    ],
  });
});
