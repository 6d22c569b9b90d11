// An hour of ordinary work in a real workbench, at random and the same for the same seed: how long a person waits for a first sign, a share, and an
// answer; how long nothing moves; how soon the engine rests after Escape; and what it takes of the memory beside what the editor says.
// With `--escapes`, nothing but Escape.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../engine/decoding/random';
import { figure, markdownTable, median, progress, publish, ROOT, runBench } from '../harness';
import { randomDreamOn } from '../runtime/randomDreamOn';
import { Engines } from './engines';
import type { Waits } from './screens';
import { type Done, FILE, type Window, Worker } from './worker';

/** Milliseconds between two looks at the screen. */
const LOOK_MILLIS = 50;
/** Actions between two looks at the memory. */
const BETWEEN_MEMORY = 8;

interface Memory {
  /** What the status bar's hover says. */
  readonly said: string;
  /** Bytes: at most since the look before, and five seconds after the last action. */
  readonly peak: number;
  readonly level: number;
}

interface Opened extends Window {
  readonly home: string;
  close(): Promise<void>;
}

interface Shift {
  readonly minutes: number;
  readonly seed: number;
  /** Whether nothing but Escape is looked at. */
  readonly escapes: boolean;
}

async function work(model: string, { minutes, seed, escapes }: Shift): Promise<readonly [Done[], Memory[]]> {
  const { openWorkbench } = await import('../../scripts/vscode/workbench.mjs' as string);
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-work-'));
  const folder = path.join(place, 'shop');
  fs.cpSync(path.join(ROOT, 'docs/samples'), folder, { recursive: true });
  const code = writeLong(folder);
  let window: Opened | undefined;
  try {
    window = (await openWorkbench({
      folder,
      extension: ROOT,
      viewport: { width: 1280, height: 900 },
      settings: {
        'editor.minimap.enabled': false,
        // The list of names would stand in the place of ghost text.
        'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
        'editor.suggestOnTriggerCharacters': false,
        'palimpsest.engine.provider': 'cpu',
        'palimpsest.model.path': model,
        'typescript.validate.enable': false,
      },
    })) as Opened;
    const engines = new Engines(window.home);
    const watch = await window.watch(LOOK_MILLIS);
    const worker = new Worker(window, watch, engines, seededRandom(seed), code);
    const done: Done[] = [await worker.begin()];
    const memory: Memory[] = [];
    engines.forgetPeak();
    const end = performance.now() + 60_000 * minutes;
    while (performance.now() < end) {
      const some = await (escapes ? worker.nextEscape() : worker.next());
      done.push(...some);
      for (const one of some)
        progress(`${Math.ceil((end - performance.now()) / 60_000)} min left: ${said(one)}`);
      if (done.length % BETWEEN_MEMORY < some.length || performance.now() >= end)
        memory.push(await memoryOf(window, engines));
    }
    return [done, memory];
  } finally {
    await window?.close();
    fs.rmSync(place, { recursive: true, force: true });
  }
}

/** The file that is worked on, long enough for sixty lines in many places; its lines. */
function writeLong(folder: string): readonly string[] {
  const sample = fs.readFileSync(path.join(folder, 'rateLimiter.ts'), 'utf8');
  const copies = [1, 2, 3].map((number) =>
    sample.replaceAll('RateLimiter', `RateLimiter${number}`).replaceAll('Bucket', `Bucket${number}`),
  );
  const text = copies.join('\n');
  fs.writeFileSync(path.join(folder, FILE), text);
  return text.split('\n');
}

async function memoryOf(window: Window, engines: Engines): Promise<Memory> {
  const { peak } = engines;
  await window.page.waitForTimeout(5000);
  const level = engines.memory;
  await window.page.locator('.statusbar-item[id*="palimpsest"]').first().hover();
  const hover = window.page.locator('.monaco-hover', { hasText: 'of memory' }).first();
  await hover.waitFor({ timeout: 10_000 });
  const said = /About .+ of memory[^.\n]*?requests/.exec((await hover.textContent()) ?? '')?.[0] ?? '–';
  await window.page.mouse.move(640, 300);
  engines.forgetPeak();
  return { said, peak, level };
}

function said({ kind, how, waits, idle }: Done): string {
  const { sign, share, end, silence } = waits ?? {};
  const seconds = (value: number | undefined) => (value === undefined ? '–' : `${figure(value)} s`);
  const told = `${kind}: ${how}`;
  if (waits === undefined) return `${told}, idle after ${seconds(idle)}`;
  return `${told}; sign ${seconds(sign)}, share ${seconds(share)}, end ${seconds(end)}, silence ${seconds(silence)}`;
}

function waitsTable(done: readonly Done[]): string {
  const watched = done.flatMap(({ kind, how, waits }) => (waits === undefined ? [] : [{ kind, how, waits }]));
  const kinds = [...new Set(watched.map(({ kind }) => kind))].sort();
  return markdownTable(
    ['', 'times', 'first sign, s', 'first share or mask, s', 'end, s', 'longest silence, s', 'ended as'],
    kinds.map((kind) => {
      const own = watched.filter((one) => one.kind === kind);
      const of = (key: keyof Waits) => middleAndWorst(own.flatMap(({ waits }) => waits[key] ?? []));
      const ends = [...new Set(own.map(({ how }) => how))].sort();
      const counts = ends.map((end) => `${end} ${own.filter(({ how }) => how === end).length}`);
      return [kind, `${own.length}`, of('sign'), of('share'), of('end'), of('silence'), counts.join(', ')];
    }),
  );
}

function escapeTable(done: readonly Done[]): string {
  const escapes = done.filter(({ waits }) => waits === undefined);
  const kinds = [...new Set(escapes.map(({ kind }) => kind))].sort();
  return markdownTable(
    ['', 'times', 'idle after, s', 'over before'],
    kinds.map((kind) => {
      const own = escapes.filter((one) => one.kind === kind);
      const idle = own.flatMap((one) => one.idle ?? []);
      return [kind, `${idle.length}`, middleAndWorst(idle), `${own.length - idle.length}`];
    }),
  );
}

/** Median, and in brackets the worst. */
function middleAndWorst(values: readonly number[]): string {
  return values.length === 0 ? '–' : `${figure(median(values))} (${figure(Math.max(...values))})`;
}

function memoryTable(memory: readonly Memory[]): string {
  const megabytes = (bytes: readonly number[]) => middleAndWorst(bytes.map((one) => one / 1e6));
  const sentences = [...new Set(memory.map(({ said }) => said))];
  return markdownTable(
    ['the status bar’s hover', 'times', 'peak, MB', 'five seconds after, MB'],
    sentences.map((sentence) => {
      const own = memory.filter(({ said }) => said === sentence);
      const of = (key: 'peak' | 'level') => megabytes(own.map((one) => one[key]));
      return [sentence, `${own.length}`, of('peak'), of('level')];
    }),
  );
}

runBench(async () => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      escapes: { type: 'boolean', default: false },
    },
  });
  const named = values.model && path.resolve(values.model);
  const model = named || (await randomDreamOn()).folder;
  const { escapes } = values;
  const shift = { minutes: Number(values.minutes), seed: Number(values.seed), escapes };
  const [done, memory] = await work(model, shift);
  const escaping = [
    'Seconds from Escape until the engine’s processes use no processor time, seen to a tenth. _Over before_: there was nothing to give up any more.',
    escapeTable(done),
  ];
  publish({
    name: escapes ? 'escapes' : 'ordinaryWork',
    ...(named && { model: named }),
    title: escapes ? 'Escape, until the engine rests' : 'Ordinary work, as it is seen on the screen',
    facts: [
      ...(named ? [] : ['random weights of 494 million parameters in DreamOn’s shape']),
      `${values.minutes} minutes, seed ${values.seed}; VS Code’s own workbench and extension host, CPU; load average at the end ${(os.loadavg()[0] ?? 0).toFixed(1)}`,
      `the screen is looked at every ${LOOK_MILLIS} ms; no list of names while typing, which would stand in the place of ghost text`,
    ],
    sections: escapes
      ? escaping
      : [
          'Seconds from the key, median and in brackets the worst. _End_: a review, a refusal, a question whether to wait, or what else the key is for. _Silence_: the longest time in which nothing at all changed on the screen between the key and the end. The first rewrite waits for the engine and the model.',
          waitsTable(done),
          ...escaping,
          `Memory of all engine processes: at most (RSS) in some ${BETWEEN_MEMORY} actions, and five seconds after the last of them (PSS); median and in brackets the most.`,
          memoryTable(memory),
        ],
  });
});
