// The command behind `./run` among the pieces (scripts/offline): everything that shows how the engine runs on this machine's devices.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROVIDERS, type ProviderName } from '../../engine/protocol';
import { ROOT } from '../harness';
import { cudaFolders } from './cudaLibraries';
import { machineFacts } from './machine';
import type { Part } from './part';
import { ALL_PARTS, PARTS } from './parts';
import { PartReport } from './report';
import { hasPassed } from './results';
import { runParts } from './runner';
import { fillDevice } from './takenMemory';

const USAGE = `./run [--results DIR] [--only PART,…] [--quick] [--patience N] [--list]
  --results DIR   where results.md, results.json and the logs go (default: results, beside the pieces)
  --only PART,…   these parts alone
  --quick         small shapes and few requests: whether everything runs, not how fast
  --patience N    gives every part N times its time
  --list          names the parts`;

/** File descriptor of a part's lines. */
const LINES = 3;

async function command(): Promise<number> {
  const [mode, name, ...rest] = process.argv.slice(2);
  if (mode === 'part') return runOne(name ?? '', rest);
  if (mode === 'fill') {
    const provider = PROVIDERS.find((one): one is ProviderName => one !== 'auto' && one === name);
    if (provider !== undefined) await fillDevice(provider);
    return 0;
  }
  return runAll();
}

async function runOne(name: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      results: { type: 'string', default: 'results' },
      seconds: { type: 'string', default: 'Infinity' },
    },
  });
  const part = ALL_PARTS.find((one) => one.name === name);
  if (part === undefined) throw new Error(`There is no part ${name}.`);
  const report = new PartReport((line) => fs.writeSync(LINES, `${JSON.stringify(line)}\n`));
  await part.run({
    report,
    isQuick: values.quick,
    results: values.results,
    secondsLeft: () => Number(values.seconds) - performance.now() / 1000,
  });
  // Native threads of a runtime must not keep a part that is done.
  process.exit(0);
}

async function runAll(): Promise<number> {
  const { values } = parseArgs({
    options: {
      results: { type: 'string', default: 'results' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      patience: { type: 'string', default: '1' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.list) {
    for (const { name, title, limit } of ALL_PARTS) console.log(`${name.padEnd(10)} ${title} (${limit} s)`);
    return 0;
  }
  const patience = Number(values.patience);
  if (!(patience > 0)) throw new Error(`--patience takes a number above 0, not ${values.patience}.`);
  const controller = new AbortController();
  // Once more changes nothing: the results are being written.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => controller.abort());
  // `run` has changed the folder.
  const results = path.resolve(process.env['RESULTS_FROM'] ?? '.', values.results);
  const cuda = cudaFolders();
  const result = await runParts(chosenParts(values.only), {
    results,
    isQuick: values.quick,
    patience,
    signal: controller.signal,
    facts: machineFacts(ROOT, cuda),
    say: (text) => console.log(text),
    command: (part, seconds) => ({
      file: process.execPath,
      args: [
        ...[__filename, 'part', part, '--seconds', String(seconds), '--results', results],
        ...(values.quick ? ['--quick'] : []),
      ],
    }),
    env: {
      ...process.env,
      ...(cuda.folders.length > 0
        ? { LD_LIBRARY_PATH: [...cuda.folders, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':') }
        : {}),
    },
  });
  console.log(`The results are in ${results}: results.md, results.json, logs.`);
  if (controller.signal.aborted) return 143;
  return hasPassed(result) ? 0 : 1;
}

function chosenParts(only: string | undefined): readonly Part[] {
  if (only === undefined) return PARTS;
  return only.split(',').map((name) => {
    const part = ALL_PARTS.find((one) => one.name === name.trim());
    if (part !== undefined) return part;
    throw new Error(`There is no part ${name}; there are ${ALL_PARTS.map((one) => one.name).join(', ')}.`);
  });
}

command().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
