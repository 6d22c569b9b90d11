// What each precision costs in agreement with fp32 on a trained model, beside what it saves: the default of the CPU is
// chosen by this table and forward.ts (docs/decisions/precision.md).
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { Precision } from '../../engine/graph/types';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { DecoderRun } from '../../test/engine/decoderRun';
import {
  benchFolder,
  figure,
  inTurns,
  markdownTable,
  mebibytes,
  medianCpu,
  percentile,
  progress,
  publish,
  ROOT,
  runBench,
  STARTER,
  timed,
} from '../harness';
import { engineSession, promptIds, promptRequest } from '../runtime/engineSession';
import { type MaskedSequence, maskedSequences, ROW_KINDS, type RowKind } from './rows';

const QUANTISED: readonly Precision[] = ['int8', 'q8', 'q4'];
/** A row is sure where fp32 gives its best token at least this. */
const SURE = 0.5;

interface Comparison {
  rows: number;
  agree: number;
  sure: number;
  sureAgree: number;
  /** Nats, one a row. */
  readonly divergences: number[];
}

/** Adds the rows of one sequence to what is known of each kind. */
function compare(
  { kinds }: MaskedSequence,
  reference: Float32Array,
  other: Float32Array,
  vocabulary: number,
  into: ReadonlyMap<RowKind, Comparison>,
): void {
  kinds.forEach((kind, row) => {
    const comparison = kind && into.get(kind);
    if (!comparison) return;
    const p = logProbs(reference.subarray(row * vocabulary, (row + 1) * vocabulary));
    const q = logProbs(other.subarray(row * vocabulary, (row + 1) * vocabulary));
    let divergence = 0;
    for (let id = 0; id < vocabulary; id++) {
      const value = p.values[id] ?? 0;
      divergence += Math.exp(value) * (value - (q.values[id] ?? 0));
    }
    const agrees = p.best === q.best ? 1 : 0;
    const sure = (p.values[p.best] ?? 0) >= Math.log(SURE) ? 1 : 0;
    comparison.rows++;
    comparison.agree += agrees;
    comparison.sure += sure;
    comparison.sureAgree += sure * agrees;
    comparison.divergences.push(Math.max(0, divergence));
  });
}

function logProbs(logits: Float32Array): { readonly values: Float64Array; readonly best: number } {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] ?? 0) > (logits[best] ?? 0)) best = id;
  const top = logits[best] ?? 0;
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += Math.exp((logits[id] ?? 0) - top);
  const total = top + Math.log(sum);
  return { values: Float64Array.from(logits, (logit) => logit - total), best };
}

async function compareAll(
  checkpoint: Checkpoint,
  sequences: readonly MaskedSequence[],
): Promise<ReadonlyMap<Precision, ReadonlyMap<RowKind, Comparison>>> {
  const results = new Map(
    QUANTISED.map((precision) => [precision, new Map(ROW_KINDS.map((kind) => [kind, emptyComparison()]))]),
  );
  const open = async (precision: Precision) =>
    DecoderRun.create(checkpoint, benchFolder('side'), await precisionHere(precision));
  const fp32 = await open('fp32');
  const others = await Promise.all(
    QUANTISED.map(async (precision) => ({ precision, run: await open(precision) })),
  );
  for (const [index, sequence] of sequences.entries()) {
    const all = [...sequence.ids.keys()];
    const reference = await fp32.part(sequence, all);
    for (const { precision, run } of others) {
      const { logits } = await run.part(sequence, all);
      compare(
        sequence,
        reference.logits,
        logits,
        checkpoint.shape.vocabSize,
        results.get(precision) ?? new Map(),
      );
    }
    if (index % 20 === 19) progress(`${index + 1} of ${sequences.length} sequences`);
  }
  for (const { release } of [fp32, ...others.map(({ run }) => run)].map((run) => ({
    release: () => run.release(),
  })))
    await release();
  return results;
}

function emptyComparison(): Comparison {
  return { rows: 0, agree: 0, sure: 0, sureAgree: 0, divergences: [] };
}

function agreementTable(results: ReadonlyMap<Precision, ReadonlyMap<RowKind, Comparison>>): string {
  const rows = [...results].flatMap(([precision, kinds]) =>
    [...kinds].flatMap(([kind, { rows, agree, sure, sureAgree, divergences }]) =>
      rows === 0
        ? []
        : [
            [
              precision,
              kind,
              String(rows),
              percent(agree, rows),
              `${percent(sureAgree, sure)} of ${sure}`,
              small(divergences.reduce((sum, value) => sum + value, 0) / rows),
              small(percentile(divergences, 0.95)),
            ],
          ],
    ),
  );
  const header = ['precision', 'rows', 'number', 'same best token', 'where fp32 is sure', 'mean KL', '95 %'];
  return markdownTable(header, rows);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

function small(value: number): string {
  return value >= 0.001 ? value.toPrecision(2) : value.toExponential(0);
}

async function costTable(
  checkpoint: Checkpoint,
  tokens: number,
  rounds: number,
  threads: number,
): Promise<string> {
  const ids = promptIds(tokens, checkpoint.shape.vocabSize);
  const parties = [];
  for (const precision of ['fp32', ...QUANTISED] as const) {
    const { session, graph } = await engineSession(checkpoint, { precision, threads });
    const request = promptRequest(checkpoint, ids, 32, 'full');
    const run = () => timed(() => session.run(request));
    parties.push({ name: precision, bytes: graph.quantisedBytes, run, dispose: () => session.dispose() });
  }
  const samples = await inTurns(parties, rounds);
  for (const party of parties) await party.dispose();
  const rows = parties.map(({ name, bytes }) => [
    name,
    bytes > 0 ? mebibytes(bytes) : '–',
    figure(medianCpu(samples.get(name))),
  ]);
  return markdownTable(['precision', 'quantised file, MiB', `forward of ${tokens} tokens, CPU ms`], rows);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: STARTER },
      places: { type: 'string', default: '120' },
      tokens: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '9' },
      threads: { type: 'string', default: '1' },
    },
  });
  const folder = path.resolve(values.model);
  const checkpoint = await openCheckpoint(folder);
  const sequences = maskedSequences(checkpoint, Number(values.places));
  const results = await compareAll(checkpoint, sequences);
  const costs = await costTable(
    checkpoint,
    Number(values.tokens),
    Number(values.rounds),
    Number(values.threads),
  );
  const { weightBits: bits } = await precisionHere('int8');
  const model = folder === STARTER ? '' : `-${checkpoint.name}`;
  publish({
    // Two kinds of processors, two tables.
    name: `precision${bits === 8 ? '' : 'SevenBits'}${model}`,
    title: `Precisions: agreement with fp32, ${checkpoint.name}`,
    facts: [
      `${checkpoint.name}: ${checkpoint.family.title}, ${figure(checkpoint.parameters / 1e6)}M parameters, hidden ${checkpoint.shape.hiddenSize}, ${checkpoint.shape.layers} layers, stored as ${checkpoint.storedDtype}`,
      `int8 with weights of ${bits} bits, as the engine takes them on this processor`,
      `text: this repository's own TypeScript and Python (${path.relative(ROOT, path.join(ROOT, 'engine'))}, training, test), ${sequences.length} sequences`,
    ],
    sections: [
      `*all masked*: every cell of a span is a mask, as in a first step; *half masked*: half of them at random, as in the
middle of denoising; *context*: rows of the context that predict the next token (families with a causal context); *first*: the
prompt's last row, which gives the first token of an answer, and *next* those behind it (what writes token by token). KL
is that of the precision's distribution from fp32's, in nats. *Where fp32 is sure*: rows whose best token has a
probability of at least ${SURE}.`,
      agreementTable(results),
      `Quantised file and CPU time of one forward in the same run (medians, in turns):`,
      costs,
    ],
  });
}

runBench(main);
