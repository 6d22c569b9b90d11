// `palimpsest serve` as it is shipped: what HTTP adds to a request, how many clients it bears for how long and in how much memory,
// and whether a batch of requests would take less time than one after the other.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { InfillParams, InfillResult } from '../../engine/protocol';
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
  ROOT,
  runBench,
  STARTER,
} from '../harness';
import { residentMemory } from '../runtime/processFigures';
import { type Place, places } from './places';

const CACHE = benchFolder('serve');
const MODEL = { folder: STARTER, provider: 'cpu', precision: 'int8' } as const;
const MAX_TOKENS = 16;
/** What clients do, of a hundred requests each. */
const STREAMED = 30;
const GIVEN_UP = 5;
const SCORED = 5;

interface Served {
  readonly url: URL;
  readonly child: ChildProcess;
  readonly agent: http.Agent;
}

async function startServer(): Promise<Served> {
  const words = [
    'serve',
    '--port',
    '0',
    '--model',
    STARTER,
    '--provider',
    MODEL.provider,
    '--precision',
    MODEL.precision,
  ];
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', 'cli.js'), ...words], {
    env: { ...process.env, PALIMPSEST_CACHE: CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = new URL(line.replace('Listening on ', ''));
  const served = { url, child, agent: new http.Agent({ keepAlive: true }) };
  while ((await ask(served, '/health')).status !== 200) await sleep(100);
  return served;
}

async function stopServer({ child, agent }: Served): Promise<number> {
  agent.destroy();
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await exit;
  return Number(code);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** `giveUp`: closes the connection when the first bytes have come. */
function ask({ url, agent }: Served, place: string, body?: object, giveUp = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(place, url), {
      agent,
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'Content-Type': 'application/json', 'Palimpsest-Client': 'bench' } }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk) => {
        text += chunk;
        if (giveUp) {
          request.destroy();
          resolve({ status, text });
        }
      });
      response.on('end', () => resolve({ status, text }));
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const params = ({ text, at, language }: Place, seed = 0): Omit<InfillParams, 'requestId' | 'model'> => ({
  text,
  language,
  spans: [{ start: at, end: at }],
  maxTokens: MAX_TOKENS,
  priority: 'ghost',
  seed,
});

/** The same requests through a pipe and through HTTP, in turns. */
async function latency(rounds: number): Promise<string> {
  const engine = await EngineClient.start({
    node: process.execPath,
    script: path.join(ROOT, 'dist', 'engine.js'),
    cacheFolder: CACHE,
  });
  const served = await startServer();
  try {
    await engine.loadModel(MODEL);
    const [place] = places(1);
    if (place === undefined) throw new Error('There is no text.');
    const model = STARTER;
    const ways: Readonly<Record<string, (seed: number) => Promise<unknown>>> = {
      stdio: (seed) => engine.infill({ model, ...params(place, seed) }),
      HTTP: (seed) => ask(served, '/v1/infill', params(place, seed)),
      'stdio, steps': (seed) => engine.infill({ model, ...params(place, seed) }, { onStep: () => undefined }),
      'HTTP, steps': (seed) => ask(served, '/v1/infill', { ...params(place, seed), stream: true }),
    };
    const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
    for (let round = -3; round < rounds; round++) {
      for (const [name, run] of Object.entries(ways)) {
        const started = performance.now();
        await run(Math.max(0, round));
        if (round >= 0) times.get(name)?.push(performance.now() - started);
      }
    }
    const row = (name: string) => {
      const values = times.get(name) ?? [];
      return [name, ...[median(values), percentile(values, 0.95), percentile(values, 0.99)].map(figure)];
    };
    const added = (name: string, base: string) =>
      percentile(times.get(name) ?? [], 0.95) - percentile(times.get(base) ?? [], 0.95);
    return [
      `## One client\n\n${rounds} requests for ${MAX_TOKENS} tokens, a pipe and HTTP in turns, each with an engine of its own; ms.`,
      markdownTable(['way', 'median', '95 %', '99 %'], Object.keys(ways).map(row)),
      `HTTP adds ${figure(added('HTTP', 'stdio'))} ms to the 95th percentile, ${figure(added('HTTP, steps', 'stdio, steps'))} ms with steps; wanted: at most 10.`,
    ].join('\n\n');
  } finally {
    await engine.stop();
    await stopServer(served);
  }
}

interface Tally {
  answered: number;
  givenUp: number;
  refused: number;
  lost: number;
  readonly millis: number[];
}

async function client(
  served: Served,
  texts: readonly Place[],
  until: number,
  number: number,
  tally: Tally,
): Promise<void> {
  for (let i = 0; performance.now() < until; i++) {
    const place = texts[(number * 7 + i) % texts.length];
    if (place === undefined) return;
    const kind = (number * 37 + i * 11) % 100;
    const started = performance.now();
    try {
      const isScore = kind < SCORED;
      const gaveUp = kind >= 100 - GIVEN_UP;
      const isStream = gaveUp || kind < SCORED + STREAMED;
      const { status, text } = isScore
        ? await ask(served, '/v1/score', { text: place.text.slice(0, 2000), language: place.language })
        : await ask(
            served,
            '/v1/infill',
            { ...params(place, i), ...(isStream ? { stream: true } : {}) },
            gaveUp,
          );
      if (status === 429) tally.refused++;
      else if (gaveUp && status === 200) tally.givenUp++;
      else if (status === 200 && isWhole(text, isStream && !isScore)) tally.answered++;
      else tally.lost++;
    } catch {
      tally.lost++;
    }
    tally.millis.push(performance.now() - started);
  }
}

function isWhole(text: string, isStream: boolean): boolean {
  if (isStream) return /^event: result\ndata: \{.*\}\n\n$/m.test(text.slice(text.lastIndexOf('event: ')));
  const value: Partial<InfillResult> & { tokens?: unknown } = JSON.parse(text);
  return value.candidates !== undefined || value.tokens !== undefined;
}

async function load(clients: number, minutes: number): Promise<string> {
  const served = await startServer();
  const texts = places(200);
  const tally: Tally = { answered: 0, givenUp: 0, refused: 0, lost: 0, millis: [] };
  const started = performance.now();
  const until = started + 60_000 * minutes;
  const engine = childOf(served.child.pid ?? 0);
  const memory: string[][] = [];
  let running = true;
  const watch = async () => {
    while (running) {
      const minute = (performance.now() - started) / 60_000;
      const [own, its] = [residentMemory(served.child.pid ?? 0), residentMemory(engine)];
      memory.push([figure(minute), mebibytes(own), mebibytes(its), String(tally.answered)]);
      progress(`${minute.toFixed(1)} min: ${tally.answered} answered, ${tally.lost} lost`);
      await sleep(Math.min(60_000, (60_000 * minutes) / 5));
    }
  };
  const watching = watch();
  await Promise.all(Array.from({ length: clients }, (_, i) => client(served, texts, until, i, tally)));
  running = false;
  const health = await ask(served, '/health');
  const metrics = await ask(served, '/metrics');
  const held = /^palimpsest_held_bytes (\d+)$/m.exec(metrics.text)?.[1];
  const code = await stopServer(served);
  void watching;
  return [
    `## ${clients} clients at a time\n\nFor ${minutes} minutes each client asks, waits for the answer, and asks again: ${STREAMED} % with steps, ${SCORED} % scores, and ${GIVEN_UP} % close the connection after the first event. Texts are this repository's own.`,
    markdownTable(
      ['answered', 'given up by the client', 'refused (429)', 'lost', 'median ms', '95 %', 'longest'],
      [
        [
          ...[tally.answered, tally.givenUp, tally.refused, tally.lost].map(String),
          ...[median(tally.millis), percentile(tally.millis, 0.95), Math.max(...tally.millis)].map(figure),
        ],
      ],
    ),
    markdownTable(['minute', 'server, MiB', 'engine, MiB', 'answered'], memory),
    `Afterwards: ${health.text}, ${held} bytes of requests held; exit code ${code} after SIGTERM.`,
  ].join('\n\n');
}

function childOf(pid: number): number {
  const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return Number(list.trim().split(/\s+/)[0]);
}

/** Denoise steps of several rows against as many steps of one: what a batch of requests could gain at most. */
async function batching(rounds: number): Promise<string> {
  const engine = await EngineClient.start({
    node: process.execPath,
    script: path.join(ROOT, 'dist', 'engine.js'),
    cacheFolder: CACHE,
  });
  try {
    await engine.loadModel(MODEL);
    const [place] = places(1);
    if (place === undefined) throw new Error('There is no text.');
    const sizes = [1, 2, 4, 8] as const;
    const steps = new Map<number, number[]>(sizes.map((size) => [size, []]));
    for (let round = -1; round < rounds; round++) {
      for (const candidates of sizes) {
        const started = performance.now();
        const seen = new Map<number, number>();
        await engine.infill(
          {
            model: STARTER,
            ...params({ ...place, text: `${place.text}\n// ${round} ${candidates}` }, round + 1),
            // Some lines anew, so that there are enough steps.
            spans: [{ start: place.at, end: Math.min(place.text.length, place.at + 300) }],
            ...{ maxTokens: 48, candidates, temperature: 1, copying: 'off', rule: 'top-k' },
          },
          { onStep: ({ step }) => seen.set(step, performance.now()) },
        );
        const times = [...seen.values()];
        const [first = started, last = started] = [times[0], times.at(-1)];
        if (round < 0) continue;
        if (times.length > 4) steps.get(candidates)?.push((last - first) / (times.length - 1));
      }
    }
    const one = median(steps.get(1) ?? []);
    const known = await ordinary(engine, one, rounds, () => place);
    const others = places(rounds + 1);
    const unknown = await ordinary(engine, one, rounds, (round) => others[round + 1] ?? place);
    const rows = sizes.map((size) => {
      const step = median(steps.get(size) ?? []);
      const gain = (size * one) / step;
      // Reading takes as long as before, and every step is shared: no request waits for another one's, and nothing is padded or copied.
      const atMost = ({ reading, denoising }: Ordinary) =>
        (reading + denoising) / (reading + denoising / Math.max(1, gain));
      return [String(size), figure(step), figure(gain), figure(atMost(known)), figure(atMost(unknown))];
    });
    const told = ({ reading, denoising }: Ordinary) => `${figure(reading)} ms and ${figure(denoising)} ms`;
    return [
      `## Batches\n\nA denoise step of several rows (candidates of one request) on ${MODEL.provider}, and how many times as long the same rows take one after the other. _Requests_: how many times as fast requests for ${MAX_TOKENS} tokens could be answered at most, if so many shared every step and nobody waited for anybody, in a text that was read before, and in another one each.`,
      markdownTable(
        ['rows', 'ms a step', 'one after the other', 'requests, same text', 'requests, other texts'],
        rows,
      ),
      `Such a request takes ${told(known)} before and for its steps in a text that was read before, ${told(unknown)} in another one.`,
    ].join('\n\n');
  } finally {
    await engine.stop();
  }
}

/** Milliseconds of a request, median: until its first step, and from there on. */
interface Ordinary {
  readonly reading: number;
  readonly denoising: number;
}

/** Requests as clients make them; `step`: milliseconds of a step, as they are told when they are done. */
async function ordinary(
  engine: EngineClient,
  step: number,
  rounds: number,
  placeOf: (round: number) => Place,
): Promise<Ordinary> {
  const reading: number[] = [];
  const denoising: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const started = performance.now();
    let first: number | undefined;
    await engine.infill(
      { model: STARTER, ...params(placeOf(round), round + 1) },
      { onStep: () => (first ??= performance.now()) },
    );
    const ended = performance.now();
    if (round < 0) continue;
    const begun = Math.max(started, (first ?? ended) - step);
    reading.push(begun - started);
    denoising.push(ended - begun);
  }
  return { reading: median(reading), denoising: median(denoising) };
}

/** Before whatever else runs on this machine, where that is allowed: what is started keeps it. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  const usual = os.getPriority();
  try {
    os.setPriority(-15);
  } catch {
    progress('Other processes are not kept out: that takes a privilege.');
  }
  try {
    return await work();
  } finally {
    os.setPriority(usual);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '50' },
      minutes: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '200' },
    },
  });
  execFileSync(process.execPath, ['esbuild.js'], { cwd: ROOT, stdio: 'inherit' });
  const sections = await alone(async () => [
    await latency(Number(values.rounds)),
    await batching(Math.ceil(Number(values.rounds) / 10)),
  ]);
  sections.push(await load(Number(values.clients), Number(values.minutes)));
  publish({
    name: 'serve',
    title: 'The server',
    facts: [
      'the starter model on the CPU, int8; texts of up to 300 lines',
      'one client and batches: with a priority above everything else on the machine; many clients: beside other work',
    ],
    sections,
  });
}

runBench(main);
