// The CPU forward pass beside llama.cpp's and PyTorch's at equal work: the same weights, the same tokens, the same causal
// mask, the same rows through the head, the same number of threads, in one run and in turns.
import { parseArgs } from 'node:util';
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { Precision } from '../../engine/graph/types';
import { GGUF_TYPES } from '../contenders/gguf';
import { LlamaCpp } from '../contenders/llamaCpp';
import { LlamaNative } from '../contenders/llamaNative';
import { torchContender } from '../contenders/torch';
import {
  type Contender,
  figure,
  inTurns,
  markdownTable,
  medianCpu,
  medianRatio,
  medianWall,
  progress,
  publish,
  ratio,
  runBench,
  type Sample,
  timed,
} from '../harness';
import { engineSession, lastRows, promptIds, promptRequest } from './engineSession';
import { HALF, type ModelShape, randomModel, SMALL, shapeText } from './randomModel';

const PRECISIONS: readonly Precision[] = ['fp32', 'int8', 'q8', 'q4'];
const DTYPES = ['fp32', 'bf16'] as const;
const ROWS = 32;

interface Party extends Contender {
  /** Likeliest token of the last row. */
  readonly best: number;
  dispose(): void | Promise<void>;
}
interface Absent {
  readonly name: string;
  readonly reason: string;
}

async function ours(checkpoint: Checkpoint, ids: Int32Array, threads: number): Promise<Party[]> {
  const parties: Party[] = [];
  for (const precision of PRECISIONS) {
    const { session } = await engineSession(checkpoint, { precision, threads });
    const request = promptRequest(checkpoint, ids, ROWS, 'causal');
    const { predictions } = await session.run(request);
    parties.push({
      name: `Palimpsest ${precision}`,
      best: predictions.at(-1)?.ids[0] ?? -1,
      run: () => timed(() => session.run(request)),
      dispose: () => session.dispose(),
    });
  }
  return parties;
}

async function llamas(
  checkpoint: Checkpoint,
  ids: Int32Array,
  threads: number,
  llama: LlamaCpp,
): Promise<Party[]> {
  const parties: Party[] = [];
  for (const type of GGUF_TYPES) {
    progress(`${checkpoint.name}: llama.cpp ${type}`);
    const work = { ids, rows: lastRows(ids.length, ROWS), threads };
    const contender = await llama.contender(checkpoint, type, 'qwen2', work);
    parties.push({ ...contender, best: await contender.best() });
  }
  return parties;
}

async function nativeLlamas(
  checkpoint: Checkpoint,
  ids: Int32Array,
  threads: number,
  native: LlamaNative | undefined,
): Promise<Party[]> {
  const parties: Party[] = [];
  const work = { ids, rows: lastRows(ids.length, ROWS), threads };
  if (native) for (const type of GGUF_TYPES) parties.push(await native.contender(checkpoint, type, work));
  return parties;
}

async function torches(
  checkpoint: Checkpoint,
  tokens: number,
  threads: number,
): Promise<{ parties: Party[]; absent: Absent[]; version: string | undefined }> {
  const parties: Party[] = [];
  const absent: Absent[] = [];
  let version: string | undefined;
  for (const dtype of DTYPES) {
    progress(`${checkpoint.name}: PyTorch ${dtype}`);
    const work = { dtype, device: 'cpu', threads, tokens, rows: Math.min(ROWS, tokens), past: 0 } as const;
    const party = await torchContender(checkpoint, work);
    if (typeof party === 'string') absent.push({ name: `PyTorch ${dtype}`, reason: party });
    else {
      parties.push(party);
      version = party.version;
    }
  }
  return { parties, absent, version };
}

interface Llamas {
  /** Prebuilt, or why it is not there. */
  readonly llama: LlamaCpp | string;
  readonly native: LlamaNative | undefined;
}

interface Measured {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly parties: readonly Party[];
  readonly absent: readonly Absent[];
  readonly version: string | undefined;
}

async function measure(
  checkpoint: Checkpoint,
  tokens: number,
  threads: number,
  rounds: number,
  { llama, native }: Llamas,
): Promise<Measured> {
  const ids = promptIds(tokens, checkpoint.shape.vocabSize);
  const torch = await torches(checkpoint, tokens, threads);
  const parties = [
    ...(await ours(checkpoint, ids, threads)),
    ...(typeof llama === 'string' ? [] : await llamas(checkpoint, ids, threads, llama)),
    ...(await nativeLlamas(checkpoint, ids, threads, native)),
    ...torch.parties,
  ];
  progress(`${checkpoint.name}, ${tokens} tokens`);
  const samples = await inTurns(parties, rounds);
  for (const party of parties) await party.dispose();
  const missing =
    typeof llama === 'string' ? GGUF_TYPES.map((type) => ({ name: `llama.cpp ${type}`, reason: llama })) : [];
  return { samples, parties, absent: [...missing, ...torch.absent], version: torch.version };
}

function timesTable(lengths: readonly number[], columns: readonly Measured[]): string {
  const [first] = columns;
  if (!first) return '';
  const fp32 = first.parties[0]?.best;
  const rows = first.parties.map(({ name, best }) => [
    name,
    ...columns.flatMap(({ samples }) => [
      figure(medianCpu(samples.get(name))),
      figure(medianWall(samples.get(name))),
    ]),
    best === fp32 ? 'yes' : 'no',
  ]);
  const gone = first.absent.map(({ name, reason }) => [
    `${name}: not installed (${reason})`,
    ...lengths.flatMap(() => ['–', '–']),
    '–',
  ]);
  const header = [
    'ms',
    ...lengths.flatMap((length) => [`${length} tokens, CPU`, 'wall']),
    "fp32's best token",
  ];
  return markdownTable(header, [...rows, ...gone]);
}

/** Ratios of the CPU time, round by round. */
function ratiosTable(lengths: readonly number[], columns: readonly Measured[]): string {
  const pairs = [
    ['Palimpsest int8', 'llama.cpp Q8_0', '0.75'],
    ['Palimpsest int8', 'llama.cpp BF16', '1.00'],
    ['Palimpsest int8', 'llama.cpp Q8_0, built here', '0.75'],
    ['Palimpsest int8', 'llama.cpp BF16, built here', '1.00'],
    ['Palimpsest int8', 'PyTorch bf16', ''],
    ['Palimpsest int8', 'Palimpsest fp32', ''],
    ['Palimpsest q8', 'llama.cpp Q8_0', ''],
    ['Palimpsest q4', 'llama.cpp Q4_0', ''],
    ['Palimpsest fp32', 'llama.cpp F32', ''],
    ['Palimpsest fp32', 'PyTorch fp32', ''],
  ] as const;
  const measured = pairs.filter((pair) => pair.slice(0, 2).every((name) => columns[0]?.samples.has(name)));
  const rows = measured.map(([of, to, most]) => [
    `${of} / ${to}`,
    ...columns.map(({ samples }) => ratio(medianRatio(samples.get(of), samples.get(to)))),
    most,
  ]);
  return markdownTable(['CPU time', ...lengths.map((length) => `${length} tokens`), 'wanted: at most'], rows);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      shape: { type: 'string', multiple: true, default: ['small', 'half'] },
      tokens: { type: 'string', multiple: true, default: ['32', '128', '512'] },
      rounds: { type: 'string', default: '5' },
      threads: { type: 'string', default: '1' },
    },
  });
  const shapes = [SMALL, HALF].filter(({ name }) => values.shape.includes(name));
  const lengths = values.tokens.map(Number);
  const threads = Number(values.threads);
  const rounds = Number(values.rounds);
  const llama = await LlamaCpp.open();
  const llamas = { llama, native: LlamaNative.open() };
  const sections: string[] = [intro(rounds)];
  let torchVersion: string | undefined;
  for (const shape of shapes) {
    const columns = await measureShape(shape, lengths, threads, rounds, llamas);
    torchVersion ??= columns[0]?.version;
    sections.push(
      `## ${shape.name}: ${shapeText(shape)}`,
      timesTable(lengths, columns),
      ratiosTable(lengths, columns),
    );
  }
  publish({
    name: threads === 1 ? 'forward' : `forward-${threads}-threads`,
    title: 'The CPU forward pass at equal work',
    facts: [
      typeof llama === 'string'
        ? `llama.cpp: not installed (${llama})`
        : `${llama.version}, prebuilt, with ${llama.instructions}${llamas.native ? '; and the same release built here with GGML_NATIVE' : ''}`,
      torchVersion === undefined ? 'PyTorch: not installed' : `PyTorch ${torchVersion}, eager`,
      `${threads} ${threads === 1 ? 'thread' : 'threads'} each`,
    ],
    sections,
  });
}

async function measureShape(
  shape: ModelShape,
  lengths: readonly number[],
  threads: number,
  rounds: number,
  llamas: Llamas,
): Promise<Measured[]> {
  const checkpoint = await randomModel(shape);
  const columns: Measured[] = [];
  for (const tokens of lengths) columns.push(await measure(checkpoint, tokens, threads, rounds, llamas));
  return columns;
}

function intro(rounds: number): string {
  return `Medians of ${rounds} rounds; in a round everyone runs once, one after the other. Random weights, the same for
everyone; every number is for one pass over so many tokens without a cache, with the causal mask (which is what
llama.cpp computes for its autoregressive models; the same work for us as a full one), and the last ${ROWS} rows through
the head. Ours goes further than the others: it turns these rows into the ${24} best tokens, log-probabilities and
entropy. CPU is user and system time of all threads, less disturbed by other programs than wall time is.
*fp32's best token*: whether the last row's likeliest token is that of our fp32, which shows that the same model is
computed; rounding may change it, since random weights have many nearly equal tokens.`;
}

runBench(main);
