// Memory as the engine estimates it, beside what its process takes: loaded, and at the peak of requests whose size is known.
// Each request has an engine of its own, since the runtime keeps what a pass has needed. An interrupted run goes on where it stopped.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { InfillParams, InfillResult, LoadModelParams } from '../../engine/protocol';
import type { EngineClient } from '../../engine/rpc/engineClient';
import { availableMemory } from '../../engine/runtime/availableMemory';
import { benchFolder, figure, markdownTable, progress, publish, ROOT, revision, runBench } from '../harness';
import { forgetPeak, peakMemory, residentMemory } from './processFigures';
import { DREAMON_GROWING, DREAMON_PARTING, DREAMON_SEVEN, randomDreamOn } from './randomDreamOn';
import { AUTOREGRESSIVE, BLOCKS, FULL, HALF, type ModelShape, randomModel, TEN_MILLION } from './randomModel';
import { bundle, type Contender, load, middleLines, sampleText, startEngine } from './realSizeEngine';

type Precision = NonNullable<LoadModelParams['precision']>;

interface Subject {
  readonly name: string;
  readonly folder: () => Promise<string>;
  /** Bytes that have to be free. */
  readonly room?: number;
  readonly precisions: readonly Precision[];
  /** By which a request has made its largest passes; absent: it is run to its end. */
  readonly steps?: number;
  /** Lines, candidates, and whether the request is adapted to the machine. */
  readonly requests: readonly Asked[];
}
type Asked = readonly [lines: number, candidates: number, interactive: boolean];

const ALL: readonly Precision[] = ['int8', 'q8', 'q4', 'fp32'];
/** A pass takes in the whole window or what is adapted to the machine, however many lines are asked about. */
const EVERY: readonly Asked[] = [1, 3].flatMap((candidates): Asked[] => [
  [1, candidates, true],
  [1, candidates, false],
  [10, candidates, true],
  [10, candidates, false],
  [60, candidates, true],
]);
const SOME: readonly Asked[] = [
  [1, 1, false],
  [10, 3, true],
  [60, 3, false],
];
/** Milliseconds of quiet after loading. */
const SETTLED = 700;
/** A request is ended after so many milliseconds. */
const LONGEST = 600_000;

const random = (shape: ModelShape) => async () => (await randomModel(shape)).folder;

const DREAMON = { name: '494M, DreamOn', steps: 12 };
/** One candidate expands its masks at once. Three would do that alike: another model's part at the first step. */
const GROWING = { ...DREAMON, folder: async () => (await randomDreamOn(DREAMON_GROWING)).folder };
const PARTING = { ...DREAMON, steps: 6, folder: async () => (await randomDreamOn(DREAMON_PARTING)).folder };
const [ONE, THREE] = [1, 3].map((wanted) => EVERY.filter(([, candidates]) => candidates === wanted));
const FEW: readonly Precision[] = ['q8', 'q4', 'fp32'];

/** The starter's end token, which no mask becomes. */
const ENDLESS = { row: 4, of: 1, times: -8 };

const SUBJECTS: readonly Subject[] = [
  { ...GROWING, precisions: ['int8'], requests: ONE ?? [] },
  { ...PARTING, precisions: ['int8'], requests: THREE ?? [] },
  { ...GROWING, precisions: FEW, requests: SOME.slice(0, 1) },
  { ...PARTING, precisions: FEW, requests: SOME.slice(1, 2) },
  {
    ...{ name: '7B, DreamOn', precisions: ['q4'], requests: [[1, 1, true]], steps: 4, room: 10e9 },
    folder: async () => (await randomDreamOn(DREAMON_SEVEN)).folder,
  },
  {
    ...{ name: '494M, autoregressive', precisions: ['int8', 'q4'], requests: SOME },
    folder: random({ ...HALF, ...AUTOREGRESSIVE, name: 'half-autoregressive', isSparse: true }),
  },
  {
    ...{ name: '494M, block diffusion', precisions: ['int8'], requests: SOME },
    folder: random({ ...HALF, ...BLOCKS, name: 'half-blocks', isSparse: true }),
  },
  {
    ...{ name: '135M, coder', precisions: ALL, requests: SOME },
    folder: async () => path.join(ROOT, 'models', 'coder'),
  },
  {
    ...{ name: '11M, starter', precisions: ALL, requests: SOME.slice(0, 2) },
    folder: async () => path.join(ROOT, 'models', 'starter'),
  },
  {
    ...{ name: '11M, canvas', precisions: ALL, requests: SOME.slice(0, 2) },
    folder: random({ ...TEN_MILLION, name: '11M-canvas-endless', window: 512, echo: ENDLESS }),
  },
  {
    ...{ name: '11M, full attention', precisions: ['int8'], requests: SOME, steps: 20 },
    folder: random({ ...TEN_MILLION, ...FULL, name: '11M-full' }),
  },
];

interface Sides {
  /** Bytes. */
  readonly said: number;
  readonly measured: number;
}

async function measure(
  engine: Contender,
  model: { readonly folder: string; readonly precision: Precision },
  [lines, candidates, interactive]: Asked,
  steps: number | undefined,
): Promise<{ readonly loaded: Sides; readonly peak: Sides; readonly tokens?: number }> {
  const client = await startEngine(engine);
  try {
    const { memory } = await load(client, model);
    await sleep(SETTLED);
    const { pid } = client;
    const said = (memory?.weights ?? Number.NaN) + (memory?.process ?? Number.NaN);
    const loaded = { said, measured: residentMemory(pid) };
    const text = sampleText();
    const asked: Omit<InfillParams, 'requestId'> = {
      ...{ model: model.folder, document: 'bench', priority: 'rewrite', text, language: 'typescript' },
      ...{ spans: [middleLines(text, lines)], candidates, interactive, copying: 'off' },
    };
    const { bytes = Number.NaN } = await client.estimate(asked);
    forgetPeak(pid);
    const result = await ask(client, asked, steps);
    const peak = { said: said + bytes, measured: peakMemory(pid) };
    return { loaded, peak, ...(result ? { tokens: result.tokens } : {}) };
  } finally {
    await client.stop().catch(() => undefined);
  }
}

/** Runs the request until it has made its largest passes. */
async function ask(
  client: EngineClient,
  asked: Omit<InfillParams, 'requestId'>,
  most = Number.POSITIVE_INFINITY,
): Promise<InfillResult | undefined> {
  const controller = new AbortController();
  let steps = 0;
  const late = setTimeout(() => controller.abort(), LONGEST);
  const onStep = ({ candidate }: { readonly candidate: number }) => {
    if (candidate === 0 && ++steps > most) controller.abort();
  };
  try {
    return await client.infill(asked, { signal: controller.signal, onStep });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  } finally {
    clearTimeout(late);
    // A pass cannot be ended.
    while ((await client.status()).running > 0) await sleep(20);
  }
  return undefined;
}

function cellsOf({ said, measured }: Sides): string[] {
  const percent = 100 * (said / measured - 1);
  return [
    figure(said / 1e6),
    figure(measured / 1e6),
    `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(0)} %`,
  ];
}

/** Rows of a run at this commit that did not come to its end. */
class KeptRows {
  private readonly file = path.join(benchFolder('memory'), 'rows.json');
  private readonly commit = revision();
  readonly rows: Record<string, string[]> = {};

  constructor() {
    if (!fs.existsSync(this.file)) return;
    const kept = JSON.parse(fs.readFileSync(this.file, 'utf8')) as Pick<KeptRows, 'rows'> & {
      commit: string;
    };
    if (kept.commit === this.commit) this.rows = kept.rows;
  }

  keep(key: string, row: string[]): void {
    this.rows[key] = row;
    fs.writeFileSync(this.file, JSON.stringify({ commit: this.commit, rows: this.rows }));
  }

  forget(): void {
    fs.rmSync(this.file, { force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, name: { type: 'string' }, dry: { type: 'boolean' } },
  });
  const wanted = new RegExp(values.only ?? '');
  const engine = await bundle('memory', ROOT, { candidates: 1, isShared: false, options: {} });
  const rows: string[][] = [];
  const kept = new KeptRows();
  for (const { name, folder, precisions, requests, steps, room = 0 } of SUBJECTS) {
    for (const precision of precisions) {
      if (!wanted.test(`${name} ${precision}`) || availableMemory() < room) continue;
      const model = { folder: await folder(), precision };
      let isMade = false;
      for (const asked of requests) {
        const key = [name, precision, ...asked].join(', ');
        const known = kept.rows[key];
        if (known !== undefined) {
          rows.push(known);
          continue;
        }
        // Once for the files that are made of the weights.
        if (!isMade) await measure(engine, model, [1, 1, true], 1);
        isMade = true;
        const { loaded, peak, tokens } = await measure(engine, model, asked, steps);
        const [lines, candidates, interactive] = asked;
        const request = [`${lines}`, `${candidates}`, interactive ? 'yes' : 'no', `${tokens ?? '–'}`];
        rows.push([`${name}, ${precision}`, ...cellsOf(loaded), ...request, ...cellsOf(peak)]);
        kept.keep(key, rows.at(-1) ?? []);
        progress(rows.at(-1)?.join(' | ') ?? '');
      }
    }
  }
  const loaded = ['loaded: said', 'measured', 'difference'];
  const header = [
    'model',
    ...loaded,
    'lines',
    'candidates',
    'adapted',
    'tokens written',
    'peak: said',
    'measured',
    'difference',
  ];
  kept.forget();
  if (values.dry) return console.log(markdownTable(header, rows));
  publish({
    name: values.name === undefined ? 'memoryEstimate' : `memoryEstimate-${values.name}`,
    title: 'Memory as estimated and as measured',
    sections: [
      'MB of main memory of the engine process, mapped files included. *Said*: as the engine estimates it before the request. *Adapted*: to the pace of the machine, as the editor asks; otherwise passes take in the whole window. The random models of these shapes fill the answer that a request may have; of the random DreamOn models, the one that writes one candidate expands its masks at once, and the candidates of the other part in the first steps, so that what is measured is what was estimated: an answer that ends sooner takes less, and so do candidates that never part. *coder* and *starter* are trained: they end where they think it right, and what is said of them is a bound; *canvas* is a random model of the starter’s shape. _Tokens written_, over all candidates: none where the request is ended, once its largest passes are made or after ten minutes.',
      markdownTable(header, rows),
    ],
  });
}

runBench(main);
