// `palimpsest serve` as it is shipped: what HTTP adds to a request, how many clients it bears for how long and in how much memory.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { InfillParams, InfillResult } from '../../engine/protocol';
import { EngineClient } from '../../engine/rpc/engineClient';
import {
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
import { alone, ask, CACHE, childOf, type Served, startServer, stopServer } from './served';

const MODEL = { folder: STARTER, provider: 'cpu', precision: 'int8' } as const;
const WORDS = ['--model', STARTER, '--provider', MODEL.provider, '--precision', MODEL.precision];
const MAX_TOKENS = 16;
/** What clients do, of a hundred requests each. */
const STREAMED = 30;
const GIVEN_UP = 5;
const SCORED = 5;

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
  const served = await startServer(WORDS);
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
  const served = await startServer(WORDS);
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

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '50' },
      minutes: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '200' },
    },
  });
  execFileSync(process.execPath, ['esbuild.js'], { cwd: ROOT, stdio: 'inherit' });
  const sections = [
    await alone(() => latency(Number(values.rounds))),
    await load(Number(values.clients), Number(values.minutes)),
  ];
  publish({
    name: 'serve',
    title: 'The server',
    facts: [
      'the starter model on the CPU, int8; texts of up to 300 lines',
      'one client: with a priority above everything else on the machine; many clients: beside other work',
    ],
    sections,
  });
}

runBench(main);
