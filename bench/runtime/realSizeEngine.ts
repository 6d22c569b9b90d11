// Engines of this revision and of an earlier one, in a process of their own, and one request to them with its figures.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import esbuild, { type BuildOptions } from 'esbuild';
import { type SharedFacts, sharedEngine } from '../../engine/process/sharedKey';
import { readRecord, sharedPlace } from '../../engine/process/sharedPlace';
import type { InfillParams, LoadModelParams, ModelDescription } from '../../engine/protocol';
import { EngineClient } from '../../engine/rpc/engineClient';
import { median, ROOT } from '../harness';
import { sourceTexts } from '../precision/rows';
import {
  forgetPeak,
  peakMemory,
  proportionalMemory,
  residentMemory,
  volunteerForTheKiller,
} from './processFigures';

const { common }: { common: BuildOptions } = require('../../esbuild.js');

export const FILE_LINES = 330;
export const REST_MILLIS = 5000;
/** Until an engine has given back what it is going to, however short a while ago it last did (engine/runtime/idleTrim.ts). */
const SETTLED_MILLIS = 30_000;
/** An engine that takes more is stopped, for the machine's sake. */
export const MOST_BYTES = 11e9;
/** Milliseconds after which nobody waits for a first frame any more. */
export const LONGEST_FIRST = 150_000;
const SIDE = path.join(ROOT, 'node_modules', '.cache', 'palimpsest-bench');
const CACHE = path.join(SIDE, 'cache');

export interface Contender {
  readonly name: string;
  readonly engine: string;
  readonly ghost: string;
  /** Candidates that a rewrite asks for before anything is shown. */
  readonly candidates: number;
  /** Whether windows share an engine, as the extension has it with a model of this size. */
  readonly isShared: boolean;
  /** What the extension asks for besides. */
  readonly options: { readonly interactive?: boolean };
}

export interface Loadable {
  readonly folder: string;
  readonly precision: NonNullable<LoadModelParams['precision']>;
}

export async function bundle(
  name: string,
  root: string,
  { candidates, options, isShared }: Pick<Contender, 'candidates' | 'options' | 'isShared'>,
): Promise<Contender> {
  const folder = path.join(SIDE, name);
  await esbuild.build({
    entryPoints: {
      engine: path.join(root, 'engine/process/main.ts'),
      ghost: path.join(root, 'extension/ghost/requests.ts'),
    },
    outdir: folder,
    ...common,
    external: ['onnxruntime-node', 'vscode'],
    logLevel: 'error',
  });
  return {
    name,
    engine: path.join(folder, 'engine.js'),
    ghost: path.join(folder, 'ghost.js'),
    candidates,
    options,
    isShared,
  };
}

/** The sources of another revision, where node finds our packages. */
export function sourcesOf(revision: string): string {
  const folder = path.join(SIDE, 'sources', revision);
  fs.mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', revision, 'engine', 'extension', 'package.json'], {
    cwd: ROOT,
    maxBuffer: 2 ** 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  return folder;
}

export function sampleText(): string {
  const all = sourceTexts()
    .filter(({ language }) => language === 'typescript')
    .flatMap(({ text }) => text.split('\n'));
  return `${all.slice(0, FILE_LINES).join('\n')}\n`;
}

/** The span of `count` whole lines in the middle, without the last line's end. */
export function middleLines(text: string, count: number): { start: number; end: number } {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const first = Math.floor((FILE_LINES - count) / 2);
  return { start: starts[first] ?? 0, end: (starts[first + count] ?? text.length) - 1 };
}

export interface Measured {
  readonly lines: number;
  /** Bytes, as the engine estimates them. */
  readonly said: ModelDescription['memory'];
  readonly peak: number | undefined;
  readonly after: number | undefined;
  readonly first: number | undefined;
  readonly step: number | undefined;
  readonly masks: number | undefined;
  /** Milliseconds from Escape to an idle engine, at a denoise step, and at most before the first one. */
  readonly toIdle: number | undefined;
  readonly toIdleEarly: number | undefined;
  /** Milliseconds to the answer, of a request that was run to its end. */
  readonly whole?: number | undefined;
}

export async function startEngine({ engine }: Contender, facts?: SharedFacts): Promise<EngineClient> {
  const client = await EngineClient.start({
    node: process.execPath,
    script: engine,
    cacheFolder: CACHE,
    hangMillis: 600_000,
    ...(facts === undefined ? {} : { args: ['--share', JSON.stringify(facts)] }),
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

export async function measure(
  contender: Contender,
  model: Loadable,
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
    const { memory } = await load(client, model);
    const { pid } = client;
    await sleep(500);
    forgetPeak(pid);
    const controller = new AbortController();
    const begun = performance.now();
    const times: number[] = [];
    let masks = 0;
    let escapedAt = 0;
    const asked: Omit<InfillParams, 'requestId'> = {
      ...{ model: model.folder, document: 'bench', priority: 'rewrite', text, language: 'typescript' },
      spans: [middleLines(text, lines)],
      candidates: contender.candidates,
      ...contender.options,
    };
    const request = client.infill(asked, {
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
    });
    const late = setTimeout(() => times.length === 0 && controller.abort(), LONGEST_FIRST);
    let whole: number | undefined;
    try {
      await request;
      whole = performance.now() - begun;
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    } finally {
      clearTimeout(late);
    }
    await idle(client);
    const toIdle = escapedAt > 0 ? performance.now() - escapedAt : undefined;
    const peak = peakMemory(pid);
    await sleep(REST_MILLIS);
    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const after = residentMemory(pid);
    const first = times[0] ?? Number.POSITIVE_INFINITY;
    const toIdleEarly =
      isWhole || !Number.isFinite(first) ? undefined : await escapedEarly(client, asked, first);
    return {
      ...{ lines, said: memory, peak, after, first, toIdleEarly },
      step: median(steps),
      masks,
      toIdle,
      whole,
    };
  } catch (error) {
    if (!killed) throw error;
    return {
      lines,
      said: undefined,
      peak: Number.POSITIVE_INFINITY,
      after: undefined,
      first: undefined,
      step: undefined,
      masks: undefined,
      toIdle: undefined,
      toIdleEarly: undefined,
    };
  } finally {
    clearInterval(guard);
    await client.stop().catch(() => undefined);
  }
}

/** Where Escape is pressed, of the time to the first denoise step. */
const EARLY = [0.15, 0.35, 0.55, 0.75, 0.95];

/** Milliseconds from Escape to an idle engine, the longest of several requests like one whose first step comes after `first` milliseconds. */
async function escapedEarly(
  client: EngineClient,
  asked: Omit<InfillParams, 'requestId'>,
  first: number,
): Promise<number> {
  let longest = 0;
  for (const share of EARLY) {
    const controller = new AbortController();
    const request = client.infill(asked, { signal: controller.signal }).catch(() => undefined);
    await sleep(share * first);
    const escapedAt = performance.now();
    controller.abort();
    await request;
    await idle(client);
    longest = Math.max(longest, performance.now() - escapedAt);
  }
  return longest;
}

/** Bytes of main memory of a model that does nothing. */
export async function loadedMemory(contender: Contender, model: Loadable): Promise<number> {
  const client = await startEngine(contender);
  try {
    await load(client, model);
    await sleep(REST_MILLIS);
    return residentMemory(client.pid);
  } finally {
    await client.stop();
  }
}

/**
 * Bytes of main memory of one window's processes, and of two windows' with the same model: what processes share counts with its part
 * for each. Every window has had a request answered half a minute before.
 */
export async function windowsMemory(
  contender: Contender,
  model: Loadable,
  text: string,
): Promise<readonly number[]> {
  const clients: EngineClient[] = [];
  const sums: number[] = [];
  const facts = contender.isShared ? { model: model.folder, provider: 'cpu', cacheFolder: CACHE } : undefined;
  const key = facts && (await sharedEngine(facts, contender.engine))?.key;
  try {
    for (let window = 0; window < 2; window++) {
      const client = await startEngine(contender, facts);
      clients.push(client);
      await load(client, model);
      await client.infill({
        model: model.folder,
        document: 'bench',
        priority: 'rewrite',
        text,
        language: 'typescript',
        spans: [middleLines(text, 1)],
        candidates: 1,
        steps: 1,
        ...contender.options,
      });
      await sleep(SETTLED_MILLIS);
      const shared = key === undefined ? undefined : readRecord(sharedPlace(key))?.pid;
      const pids = [...clients.map(({ pid }) => pid), ...(shared === undefined ? [] : [shared])];
      sums.push(pids.reduce((sum, pid) => sum + proportionalMemory(pid), 0));
    }
    return sums;
  } finally {
    await Promise.all(clients.map((client) => client.stop().catch(() => undefined)));
  }
}

export function load(client: EngineClient, { folder, precision }: Loadable): Promise<ModelDescription> {
  return client.loadModel({ folder, precision, provider: 'cpu' });
}
