// What it brings that `palimpsest serve` works on several requests at a time: as many clients, each in a file of its own, and servers
// that work on one, two, four, and eight at a time, in turns.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
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
import { alone, ask, childOf, type Served, startServer, stopServer } from './served';

const GROUPS = [1, 2, 4, 8] as const;
/** Lines of a file. */
const LINES = 100;
const MAX_TOKENS = 16;

interface Turn {
  readonly millis: readonly number[];
  readonly seconds: number;
  readonly bytes: number;
}

/** A person goes down their file, and asks at the end of each line. */
async function client(served: Served, file: Place, name: string, until: number): Promise<number[]> {
  const lines = file.text.split('\n').slice(0, LINES);
  const millis: number[] = [];
  for (let line = Math.floor(lines.length / 3); performance.now() < until; line = (line + 1) % lines.length) {
    const text = lines.join('\n');
    const at = lines.slice(0, line + 1).join('\n').length;
    const { language } = file;
    const body = { text, language, spans: [{ start: at, end: at }], maxTokens: MAX_TOKENS, copying: 'off' };
    const started = performance.now();
    const { status, text: answer } = await ask(served, '/v1/infill', body, false, name);
    if (status !== 200) throw new Error(`${status}: ${answer}`);
    millis.push(performance.now() - started);
  }
  return millis;
}

async function turn(words: readonly string[], clients: number, seconds: number): Promise<Turn> {
  const served = await startServer(words);
  try {
    const files = places(clients);
    const first = files.map((file, at) => client(served, file, `client-${at}`, performance.now() + 1));
    await Promise.all(first);
    const started = performance.now();
    const until = started + 1000 * seconds;
    const all = await Promise.all(files.map((file, at) => client(served, file, `client-${at}`, until)));
    const bytes = residentMemory(childOf(served.child.pid ?? 0));
    return { millis: all.flat(), seconds: (performance.now() - started) / 1000, bytes };
  } finally {
    await stopServer(served);
  }
}

async function section(
  words: readonly string[],
  clients: number,
  seconds: number,
  rounds: number,
): Promise<string> {
  const turns = new Map<number, Turn[]>(GROUPS.map((group) => [group, []]));
  for (let round = 0; round < rounds; round++) {
    for (const group of GROUPS) {
      const done = await turn([...words, '--together', String(group)], clients, seconds);
      turns.get(group)?.push(done);
      progress(
        `${clients} clients, ${group} at a time: ${figure((60 * done.millis.length) / done.seconds)} a minute`,
      );
    }
  }
  const perMinute = (group: number) =>
    median((turns.get(group) ?? []).map(({ millis, seconds }) => (60 * millis.length) / seconds));
  const rows = GROUPS.map((group) => {
    const own = turns.get(group) ?? [];
    const millis = own.flatMap((one) => one.millis);
    return [
      String(group),
      figure(perMinute(group)),
      figure(perMinute(group) / perMinute(1)),
      ...[median(millis), percentile(millis, 0.95)].map(figure),
      mebibytes(Math.max(...own.map(({ bytes }) => bytes))),
    ];
  });
  return `## ${clients === 1 ? 'One client' : `${clients} clients`}\n\n${markdownTable(
    ['at a time', 'answers a minute', 'of one at a time', 'median ms', '95 %', 'engine, MiB'],
    rows,
  )}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: STARTER },
      clients: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
    },
  });
  execFileSync(process.execPath, ['esbuild.js'], { cwd: ROOT, stdio: 'inherit' });
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  const words = ['--model', values.model, '--provider', 'cpu', '--precision', 'int8'];
  const sections = await alone(async () => [
    await section(words, Number(values.clients), seconds, rounds),
    await section(words, 1, seconds, rounds),
  ]);
  const name = values.model === STARTER ? 'together' : `together-${path.parse(values.model).name}`;
  publish({
    name,
    title: 'Several requests at a time',
    facts: [
      `${values.model === STARTER ? 'the starter model' : path.basename(values.model)} on the CPU, int8; \`palimpsest serve --together N\``,
      `each client goes down a file of its own, of ${LINES} lines, and asks for ${MAX_TOKENS} tokens behind each line; what copies is off`,
      `${rounds} turns of ${seconds} seconds each, the medians of the turns; clients and server share the machine`,
    ],
    sections,
  });
}

runBench(main);
