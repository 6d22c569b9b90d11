// From process start to the first denoise step, what the engine process costs while nobody asks it for anything, how much
// memory it takes, and how long ghost text takes while a person types: the real process, through its client.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import type { Precision } from '../../engine/graph/types';
import { EngineClient } from '../../engine/rpc/engineClient';
import {
  benchFolder,
  figure,
  markdownTable,
  mebibytes,
  median,
  percentile,
  progress,
  publish,
  runBench,
  STARTER,
} from '../harness';
import { sourceTexts } from '../precision/rows';
import { bundle, bundleOf, ENGINE_MAIN } from './bundle';
import { HALF, randomModel, STARTER_25M, shapeText } from './randomModel';
import { type ChildReport, peakMemory } from './startUpChild';

const LINES = 300;
const REQUESTS = 40;
const MAX_TOKENS = 12;
const IDLE_MILLIS = 5000;
/** The one that the target names, and the CPU's default. */
const STARTED: readonly Precision[] = ['q8', 'int8'];
const TYPED = 'const remaining = items.filter((item) => !seen.has(item.id)).map((item) => item.name);';

/** Tells where the time goes. */
const CHILD = path.join(__dirname, 'startUpChild.ts');
const CACHE = benchFolder('side');

/** User and system time of a process and its finished children, ms (Linux). */
function cpuOf(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Clock ticks of 10 ms: utime, stime, cutime, cstime.
  return 10 * [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field] ?? 0), 0);
}

function sampleText(lines: number): string {
  const all = sourceTexts()
    .filter(({ language }) => language === 'typescript')
    .flatMap(({ text }) => text.split('\n'));
  return `${all.slice(0, lines).join('\n')}\n`;
}

interface Start {
  readonly cpu: number;
  readonly wall: number;
}

async function startEngine(): Promise<EngineClient> {
  return EngineClient.start({ node: process.execPath, script: bundleOf(ENGINE_MAIN), cacheFolder: CACHE });
}

function ghostRequest(folder: string, text: string, at: number) {
  return {
    model: folder,
    document: 'bench',
    priority: 'ghost',
    text,
    language: 'typescript',
    spans: [{ start: at, end: at }],
    maxTokens: MAX_TOKENS,
  } as const;
}

/** Spawn → initialise → load → first denoise step. */
async function timeStart(folder: string, text: string, precision: Precision): Promise<Start> {
  const begun = performance.now();
  const client = await startEngine();
  try {
    await client.loadModel({ folder, precision });
    let reached: Start | undefined;
    await client.infill(ghostRequest(folder, text, text.indexOf('\n', text.length / 2)), {
      onStep: () => {
        reached ??= { cpu: cpuOf(client.pid), wall: performance.now() - begun };
      },
    });
    if (!reached) throw new Error('the engine told of no denoise step');
    return reached;
  } finally {
    await client.stop();
  }
}

async function runChild(kind: 'phases' | 'empty', folder: string, file: string): Promise<ChildReport> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    bundleOf(CHILD),
    kind,
    folder,
    CACHE,
    file,
  ]);
  return JSON.parse(stdout) as ChildReport;
}

interface Served {
  readonly latencies: readonly number[];
  /** Of one request, ms. */
  readonly cpu: number;
  readonly forwards: number;
  readonly tokens: number;
  /** In `IDLE_MILLIS` after the requests. */
  readonly idleCpu: number;
  readonly peaks: Peaks;
}

/** Bytes at most so far. */
interface Peaks {
  readonly loaded: number;
  readonly firstRequest: number;
  readonly allRequests: number;
}

/** Ghost text after every two typed characters, `requests` times, then nothing. */
async function serve(folder: string, text: string, requests = REQUESTS): Promise<Served> {
  const client = await startEngine();
  try {
    await client.loadModel({ folder, precision: 'q8' });
    const loaded = peakMemory(client.pid);
    const at = text.indexOf('\n', text.length / 2);
    await client.infill(ghostRequest(folder, text, at));
    const firstRequest = peakMemory(client.pid);
    const before = cpuOf(client.pid);
    const latencies: number[] = [];
    let forwards = 0;
    let tokens = 0;
    for (let request = 1; request <= requests; request++) {
      const typed = `\n  ${TYPED.slice(0, 2 * request)}`;
      const now = text.slice(0, at) + typed + text.slice(at);
      const begun = performance.now();
      const result = await client.infill(ghostRequest(folder, now, at + typed.length));
      latencies.push(performance.now() - begun);
      forwards += result.forwards;
      tokens += result.tokens;
    }
    const cpu = (cpuOf(client.pid) - before) / requests;
    await sleep(500);
    const idleFrom = cpuOf(client.pid);
    await sleep(IDLE_MILLIS);
    const idleCpu = cpuOf(client.pid) - idleFrom;
    return {
      latencies,
      cpu,
      forwards: forwards / requests,
      tokens: tokens / requests,
      idleCpu,
      peaks: { loaded, firstRequest, allRequests: peakMemory(client.pid) },
    };
  } finally {
    await client.stop();
  }
}

function startTable(starts: ReadonlyMap<Precision, readonly Start[]>): string {
  const rows = [...starts].map(([precision, list]) => {
    const cpu = list.map((start) => start.cpu);
    return [
      precision,
      figure(median(cpu)),
      `${figure(Math.min(...cpu))} – ${figure(Math.max(...cpu))}`,
      figure(median(list.map((start) => start.wall))),
      precision === 'q8' ? 'under 1000' : '',
    ];
  });
  return markdownTable(['precision', 'CPU ms', 'least – most', 'wall ms', 'wanted, CPU'], rows);
}

function phasesTable(reports: readonly ChildReport[]): string {
  const names = reports[0]?.phases.map(({ name }) => name) ?? [];
  const rows = names.map((name, index) => [
    name,
    figure(median(reports.map(({ phases }) => phases[index]?.cpu ?? 0))),
    figure(median(reports.map(({ phases }) => phases[index]?.wall ?? 0))),
  ]);
  return markdownTable(['where it goes', 'CPU ms', 'wall ms'], rows);
}

interface Occupied {
  readonly checkpoint: Checkpoint;
  readonly peaks: Peaks;
}

/** MiB above `empty`, which Node and ONNX Runtime take by themselves. */
async function memoryTable(models: readonly Occupied[], empty: number, tokens: number): Promise<string> {
  const options = { precision: 'q8', attention: 'plain', cacheOutput: 'new', topK: 24 } as const;
  const rows: string[][] = [];
  for (const { checkpoint, peaks } of models) {
    const { quantisedBytes } = await buildGraph(checkpoint, options, { cacheFolder: CACHE });
    const { vocabSize, hiddenSize, layers, kvHeads, headSize } = checkpoint.shape;
    const table = vocabSize * hiddenSize * (checkpoint.storedDtype === 'F32' ? 4 : 2);
    const window = Math.min(checkpoint.family.window ?? tokens, tokens);
    rows.push([
      checkpoint.name.replace('palimpsest-random-', ''),
      mebibytes(quantisedBytes),
      mebibytes(table),
      mebibytes(1.6 * quantisedBytes + table),
      ...[peaks.loaded, peaks.firstRequest, peaks.allRequests].map((peak) => mebibytes(peak - empty)),
      mebibytes(8 * window * layers * kvHeads * headSize),
    ]);
  }
  const header = [
    'MiB',
    'quantised file',
    'embedding table',
    '1.6 × side + table',
    'peak: loaded',
    'first request',
    'all requests',
    'K/V of the context',
  ];
  return markdownTable(header, rows);
}

function ghostRow(name: string, window: string, { latencies, cpu, forwards, tokens }: Served): string[] {
  return [
    name,
    window,
    figure(tokens),
    figure(forwards),
    figure(median(latencies)),
    figure(percentile(latencies, 0.95)),
    figure(cpu),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
  if (process.platform !== 'linux') throw new Error('This bench reads /proc: run it on Linux.');
  await bundle(ENGINE_MAIN, CHILD);
  const text = sampleText(LINES);
  const file = path.join(benchFolder('text'), 'sample.ts');
  fs.writeFileSync(file, text);
  const checkpoint = await randomModel(STARTER_25M);
  const starter = await openCheckpoint(STARTER);
  const half = await randomModel(HALF);
  progress('first starts: quantised files and probe');
  for (const precision of STARTED) await timeStart(checkpoint.folder, text, precision);
  const starts = new Map<Precision, Start[]>(STARTED.map((precision) => [precision, []]));
  const phases: ChildReport[] = [];
  const empty: ChildReport[] = [];
  const rounds = Number(values.rounds);
  for (let round = 0; round < rounds; round++) {
    for (const [precision, list] of starts) list.push(await timeStart(checkpoint.folder, text, precision));
    phases.push(await runChild('phases', checkpoint.folder, file));
    empty.push(await runChild('empty', checkpoint.folder, file));
    progress(`start ${round + 1} of ${rounds}`);
  }
  progress('serving');
  const served = await serve(checkpoint.folder, text);
  const servedStarter = await serve(starter.folder, text);
  const servedHalf = await serve(half.folder, text, 3);
  const emptyPeak = median(empty.map(({ peak }) => peak));
  const tokens = checkpoint.tokenizer.encode(text).ids.length;
  const windowOf = ({ family }: Checkpoint) => String(Math.min(tokens, family.window ?? tokens));
  publish({
    name: 'startUp',
    title: 'Starting, idling, memory and ghost text of the engine process',
    facts: [
      `25M: random weights, ${figure(checkpoint.parameters / 1e6)}M parameters (${shapeText(STARTER_25M)}), q8, quantised file and probe from earlier runs, files in the page cache`,
      `text: ${LINES} lines of this repository's TypeScript, ${tokens} tokens, cursor in the middle`,
    ],
    sections: [
      `## Start\n\nMedians of ${rounds} starts. The engine process is spawned by its client, loads the model and is asked for ghost text;
CPU is all of the process's, read when its first step has come in. Below it, the same way in one process, part by part.`,
      startTable(starts),
      phasesTable(phases),
      '## Idle',
      `CPU time in ${IDLE_MILLIS / 1000} s after ${REQUESTS} requests: ${served.idleCpu} ms (counted in steps of 10 ms).`,
      '## Memory',
      `Peak resident memory of the engine process above the ${mebibytes(emptyPeak)} MiB that Node and ONNX Runtime take with an empty
session. *Loaded*: the model is ready, which is what the bound is about. *First request*, *all requests*: with the
context's K/V (fp32) twice, apart and joined, a third time in part while it grows, and the activations of 256 tokens. In a model
this small one K/V weighs more than the weights; from half a billion parameters on, the bound holds with all of it.`,
      await memoryTable(
        [
          { checkpoint, peaks: served.peaks },
          { checkpoint: half, peaks: servedHalf.peaks },
        ],
        emptyPeak,
        tokens,
      ),
      '## Ghost text',
      `${REQUESTS} requests for at most ${MAX_TOKENS} tokens, one after every two typed characters; the context's K/V is kept from request to
request. Random weights are never sure, so the 25M model commits one token a step, the slowest it can be.`,
      markdownTable(
        ['model', 'window, tokens', 'tokens', 'forwards', 'median, wall ms', '95 %', 'CPU ms each'],
        [
          ghostRow('25M', windowOf(checkpoint), served),
          ghostRow('starter', windowOf(starter), servedStarter),
        ],
      ),
    ],
  });
}

runBench(main);
