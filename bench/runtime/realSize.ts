// A model of real size in the real engine process, before a change and after it: memory of a request at its peak and five
// seconds later, how long until something is to be seen, how long until Escape has left the engine idle, and what ghost text
// costs that never comes. Random weights: one token a step, which is the worst case.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import esbuild from 'esbuild';
import { linearWeights } from '../../engine/graph/memory';
import { EngineClient } from '../../engine/rpc/engineClient';
import { BackOff } from '../../extension/ghost/backOff';
import type { GhostQuestion, GhostRequests } from '../../extension/ghost/requests';
import { Wait } from '../../extension/ghost/wait';
import { figure, markdownTable, median, progress, publish, ROOT, runBench } from '../harness';
import { sourceTexts } from '../precision/rows';
import { cpuMillis, forgetPeak, peakMemory, residentMemory, volunteerForTheKiller } from './processFigures';
import { DREAMON_HALF, randomDreamOn } from './randomDreamOn';
import { shapeText } from './randomModel';

const FILE_LINES = 330;
const LINES = [1, 10, 60] as const;
/** A request is given up after so many steps by default, unless it is run to its end. */
const STEPS = 5;
const REST_MILLIS = 5000;
const KEYS = 60;
const KEY_MILLIS = 180;
const GHOST_TOKENS = 32;
/** An engine that takes more is stopped, for the machine's sake. */
const MOST_BYTES = 11e9;
const SIDE = path.join(ROOT, 'node_modules', '.cache', 'palimpsest-bench');

interface Contender {
  readonly name: string;
  readonly engine: string;
  readonly ghost: string;
  /** Candidates that a rewrite asks for before anything is shown. */
  readonly candidates: number;
  /** What the extension asks for besides. */
  readonly options: { readonly interactive?: boolean };
}

async function bundle(
  name: string,
  root: string,
  { candidates, options }: Pick<Contender, 'candidates' | 'options'>,
): Promise<Contender> {
  const folder = path.join(SIDE, name);
  await esbuild.build({
    entryPoints: {
      engine: path.join(root, 'engine/process/main.ts'),
      ghost: path.join(root, 'extension/ghost/requests.ts'),
    },
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['onnxruntime-node', 'vscode'],
    logLevel: 'error',
  });
  return {
    name,
    engine: path.join(folder, 'engine.js'),
    ghost: path.join(folder, 'ghost.js'),
    candidates,
    options,
  };
}

/** The sources of another revision, where node finds our packages. */
function sourcesOf(revision: string): string {
  const folder = path.join(SIDE, 'sources', revision);
  fs.mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', revision, 'engine', 'extension', 'package.json'], {
    cwd: ROOT,
    maxBuffer: 2 ** 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  return folder;
}

function sampleText(): string {
  const all = sourceTexts()
    .filter(({ language }) => language === 'typescript')
    .flatMap(({ text }) => text.split('\n'));
  return `${all.slice(0, FILE_LINES).join('\n')}\n`;
}

/** The span of `count` whole lines in the middle, without the last line's end. */
function middleLines(text: string, count: number): { start: number; end: number } {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const first = Math.floor((FILE_LINES - count) / 2);
  return { start: starts[first] ?? 0, end: (starts[first + count] ?? text.length) - 1 };
}

interface Measured {
  readonly lines: number;
  readonly peak: number | undefined;
  readonly after: number | undefined;
  readonly first: number | undefined;
  readonly step: number | undefined;
  readonly masks: number | undefined;
  readonly toIdle: number | undefined;
  /** Milliseconds to the answer, of a request that was run to its end. */
  readonly whole?: number | undefined;
}

async function startEngine({ engine }: Contender): Promise<EngineClient> {
  const client = await EngineClient.start({
    node: process.execPath,
    script: engine,
    cacheFolder: path.join(SIDE, 'cache'),
    hangMillis: 600_000,
  });
  volunteerForTheKiller(client.pid);
  return client;
}

/** Resolves when the engine has nothing to do any more: it answers, and it takes no processor. */
async function idle(client: EngineClient): Promise<void> {
  for (;;) {
    const { running, queued } = await client.status();
    if (running + queued === 0) return;
    await sleep(10);
  }
}

async function measure(
  contender: Contender,
  folder: string,
  text: string,
  lines: number,
  { isWhole, mostSteps }: { readonly isWhole: boolean; readonly mostSteps: number },
): Promise<Measured> {
  const client = await startEngine(contender);
  let killed = false;
  const guard = setInterval(() => {
    try {
      if (residentMemory(client.pid) < MOST_BYTES) return;
      killed = true;
      process.kill(client.pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  }, 50);
  try {
    await client.loadModel({ folder, precision: 'int8', provider: 'cpu' });
    const { pid } = client;
    await sleep(500);
    forgetPeak(pid);
    const controller = new AbortController();
    const begun = performance.now();
    const times: number[] = [];
    let masks = 0;
    let escapedAt = 0;
    const request = client.infill(
      {
        model: folder,
        document: 'bench',
        priority: 'rewrite',
        text,
        language: 'typescript',
        spans: [middleLines(text, lines)],
        candidates: contender.candidates,
        ...contender.options,
      },
      {
        signal: controller.signal,
        onStep: ({ candidate, cells }) => {
          if (candidate > 0) return;
          times.push(performance.now() - begun);
          masks = Math.max(masks, cells.length);
          if (!isWhole && times.length > mostSteps && escapedAt === 0) {
            escapedAt = performance.now();
            controller.abort();
          }
        },
      },
    );
    let whole: number | undefined;
    try {
      await request;
      whole = performance.now() - begun;
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
    await idle(client);
    const toIdle = escapedAt > 0 ? performance.now() - escapedAt : undefined;
    const peak = peakMemory(pid);
    await sleep(REST_MILLIS);
    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    return {
      lines,
      peak,
      after: residentMemory(pid),
      first: times[0],
      step: median(steps),
      masks,
      toIdle,
      whole,
    };
  } catch (error) {
    if (!killed) throw error;
    return {
      lines,
      peak: Number.POSITIVE_INFINITY,
      after: undefined,
      first: undefined,
      step: undefined,
      masks: undefined,
      toIdle: undefined,
    };
  } finally {
    clearInterval(guard);
    await client.stop().catch(() => undefined);
  }
}

interface Typed {
  readonly offers: number;
  readonly cores: number;
}

/** Keys at a person's pace, each of which asks for ghost text as the editor does. */
async function typeGhost(contender: Contender, folder: string, text: string): Promise<Typed> {
  const client = await startEngine(contender);
  try {
    await client.loadModel({ folder, precision: 'int8', provider: 'cpu' });
    const { GhostRequests: Requests } = (await import(contender.ghost)) as {
      GhostRequests: typeof GhostRequests;
    };
    const at = middleLines(text, 1).end;
    // As the extension does it since.
    const backOff = contender.options.interactive ? new BackOff() : undefined;
    const options = {
      ask: async ({ before, after }: GhostQuestion, outer: AbortSignal) => {
        const wait = backOff && new Wait(outer, backOff, false, () => false);
        const signal = wait?.signal ?? outer;
        wait?.begin();
        try {
          const { candidates, millis } = await client.infill(
            {
              model: folder,
              document: 'bench',
              priority: 'ghost',
              text: before + after,
              language: 'typescript',
              spans: [{ start: before.length, end: before.length }],
              maxTokens: GHOST_TOKENS,
              ...contender.options,
            },
            { signal },
          );
          wait?.answered(millis);
          return candidates.map(({ spans: [span] }) => span?.text ?? '');
        } catch {
          return undefined;
        } finally {
          wait?.end();
        }
      },
      late: () => undefined,
      // As it was called before.
      answered: () => undefined,
    };
    const requests = new Requests(options);
    const typing = 'const remaining = items.filter((item) => !seen.has(item.id)).map((it) => it.name);';
    const cpu = cpuMillis(client.pid);
    const begun = performance.now();
    let offers = 0;
    let last = new AbortController();
    for (let key = 1; key <= KEYS; key++) {
      last.abort();
      last = new AbortController();
      const before = `${text.slice(0, at)}\n  ${typing.slice(0, key)}`;
      const question = { document: 'bench', context: '', before, after: text.slice(at), isAsked: false };
      if (backOff?.tooSlow !== undefined) {
        await sleep(KEY_MILLIS);
        continue;
      }
      void requests.find(question, 75, last.signal).then((found) => {
        if (found !== undefined && found.texts.length > 0) offers++;
      });
      await sleep(KEY_MILLIS);
    }
    const wall = performance.now() - begun;
    const cores = (cpuMillis(client.pid) - cpu) / wall;
    last.abort();
    requests.forget();
    return { offers, cores };
  } finally {
    await client.stop();
  }
}

function megabytesOf(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  return Number.isFinite(bytes) ? figure(bytes / 1e6) : `over ${figure(MOST_BYTES / 1e6)}, stopped`;
}

function seconds(millis: number | undefined): string {
  return millis === undefined ? '–' : figure(millis / 1000);
}

async function loadedMemory(contender: Contender, folder: string): Promise<number> {
  const client = await startEngine(contender);
  try {
    await client.loadModel({ folder, precision: 'int8', provider: 'cpu' });
    await sleep(REST_MILLIS);
    return residentMemory(client.pid);
  } finally {
    await client.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      before: { type: 'string' },
      whole: { type: 'boolean', default: false },
      ghost: { type: 'boolean', default: true },
      lines: { type: 'string', multiple: true },
      steps: { type: 'string', default: String(STEPS) },
    },
    allowNegative: true,
  });
  const checkpoint = await randomDreamOn();
  const { folder } = checkpoint;
  const text = sampleText();
  const contenders = [
    ...(values.before
      ? [await bundle(`before ${values.before}`, sourcesOf(values.before), { candidates: 2, options: {} })]
      : []),
    await bundle('now', ROOT, { candidates: 1, options: { interactive: true } }),
  ];
  const wanted = values.lines?.map(Number) ?? LINES;
  const rows: string[][] = [];
  const ghostRows: string[][] = [];
  for (const contender of contenders) {
    const loaded = await loadedMemory(contender, folder);
    progress(`${contender.name}: loaded ${megabytesOf(loaded)} MB`);
    for (const lines of wanted) {
      const isWhole = values.whole && contender.name === 'now';
      const one = await measure(contender, folder, text, lines, { isWhole, mostSteps: Number(values.steps) });
      const rest = one.masks !== undefined && one.step !== undefined ? (one.masks - 1) * one.step : undefined;
      const projected = one.first === undefined || rest === undefined ? undefined : one.first + rest;
      rows.push([
        contender.name,
        `${lines}`,
        megabytesOf(loaded),
        megabytesOf(one.peak),
        megabytesOf(one.after),
        seconds(one.first),
        seconds(one.step),
        `${one.masks ?? '–'}`,
        one.whole === undefined ? `${seconds(projected)} (projected)` : seconds(one.whole),
        seconds(one.toIdle),
      ]);
      progress(rows.at(-1)?.join(' | ') ?? '');
    }
    if (values.ghost) {
      const typed = await typeGhost(contender, folder, text);
      ghostRows.push([contender.name, `${KEYS}`, `${typed.offers}`, figure(typed.cores)]);
      progress(ghostRows.at(-1)?.join(' | ') ?? '');
    }
  }
  publish({
    name: 'realSize',
    title: 'A model of real size on an ordinary machine',
    facts: [
      `Random weights with DreamOn's tokens (${shapeText(DREAMON_HALF)}; ${figure(checkpoint.parameters / 1e6)} million parameters, of them ${figure(linearWeights(checkpoint.shape) / 1e6)} million in linear layers), int8, a file of ${FILE_LINES} lines`,
    ],
    sections: [
      'Memory is what the engine process has in main memory, mapped files included, in MB. *First frame*: from the request to its first denoise step. *First review*: the first candidate; random weights write one token a step, where a trained model writes several.',
      markdownTable(
        [
          'engine',
          'lines',
          'loaded',
          'peak',
          `${REST_MILLIS / 1000} s later`,
          'first frame, s',
          'a step, s',
          'masks',
          'first review, s',
          'Escape to idle, s',
        ],
        rows,
      ),
      ...(ghostRows.length > 0
        ? [
            `Ghost text: ${KEYS} keys, one every ${KEY_MILLIS} ms.`,
            markdownTable(['engine', 'keys', 'offers', 'cores busy'], ghostRows),
          ]
        : []),
    ],
  });
}

runBench(main);
