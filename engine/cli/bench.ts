// `palimpsest bench`: what a forward pass and a denoise step of a model cost on this machine, by precision.
import os from 'node:os';
import { writesInOrder } from '../checkpoint/family';
import type { Checkpoint } from '../checkpoint/types';
import { EngineError, isEngineError, throwIfCancelled } from '../errors';
import { memoryNeeds } from '../graph/memory';
import { PRECISIONS, type Precision } from '../graph/types';
import { PROVIDERS } from '../protocol';
import { choosePrecision } from '../runtime/precision';
import type { ProviderDecision } from '../runtime/providers';
import { threadCount } from '../runtime/threads';
import { benchAdvice } from './benchAdvice';
import type { BenchOptions, Timing } from './benchTiming';
import type { Command, CommandContext } from './context';
import { cacheFolder, MODEL_OPTION, modelFolder, withProgress } from './modelOptions';
import { type CommandSpec, choiceOption, numberOption, type ParsedArguments, UsageError } from './options';
import { type Paint, paintFor } from './style';
import { table } from './table';
import { megabytes } from './units';

const DEFAULTS = { tokens: 512, block: 32, runs: 5 } as const;

const spec: CommandSpec = {
  name: 'bench',
  summary: 'Time a forward pass and a denoise step of a model on this machine, by precision.',
  operands: [],
  options: {
    ...MODEL_OPTION,
    provider: { value: 'P', help: `execution provider: ${PROVIDERS.join(', ')} (default: auto)` },
    precision: {
      value: 'P',
      multiple: true,
      help: `weights: ${PRECISIONS.join(', ')}; can be given several times (default: all)`,
    },
    tokens: { value: 'N', help: `length of the context (default: ${DEFAULTS.tokens})` },
    block: {
      value: 'N',
      help: `tokens of one denoise step (default: ${DEFAULTS.block}, or 1 if the model writes token by token)`,
    },
    runs: { value: 'N', help: `timed runs each; the median is shown (default: ${DEFAULTS.runs})` },
    threads: {
      value: 'N',
      help: `threads of the CPU provider (default here: ${threadCount()}, as many as requests get)`,
    },
    json: { help: 'print a single JSON object' },
  },
  notes: [
    'A forward pass encodes the whole context; a step runs only the block over the cached context. Both',
    'compute predictions for as many rows as the block has. Close other programs: a busy machine changes',
    'the figures.',
  ],
};

export interface BenchRow {
  readonly precision: Precision;
  /** Milliseconds to build the graph (quantising included, where it was not cached) and to load it. */
  readonly build: number;
  readonly load: number;
  readonly quantisedBytes: number;
  /** Weights as they stand in memory. */
  readonly weightBytes: number;
  readonly timing: Timing;
}
export interface SkippedRow {
  readonly precision: Precision;
  readonly reason: string;
}

async function benchPrecision(
  checkpoint: Checkpoint,
  precision: Precision,
  decision: ProviderDecision,
  options: BenchOptions & { readonly threads: number },
  context: CommandContext,
): Promise<BenchRow> {
  const { clock, engine, signal } = context;
  const begun = clock.now();
  const here = await engine.precisionHere(precision);
  const graph = await withProgress(context, (report) =>
    engine.buildGraph(
      checkpoint,
      {
        ...here,
        attention: decision.attention,
        cacheOutput: decision.provider === 'webgpu' ? 'joined' : 'new',
        topK: Math.min(8, checkpoint.shape.vocabSize),
      },
      {
        cacheFolder: cacheFolder(context.env),
        signal,
        onProgress: ({ done, total }) =>
          report({ folder: checkpoint.folder, stage: 'quantising', fraction: total > 0 ? done / total : 0 }),
      },
    ),
  );
  const built = clock.now();
  const forward = await engine.createForward(graph, checkpoint.shape, {
    provider: decision.provider,
    threads: options.threads,
  });
  try {
    const loaded = clock.now();
    const { timeForward } = await import('./benchTiming');
    const timing = await timeForward(forward, checkpoint, options, { now: () => clock.now(), signal });
    const need = memoryNeeds(checkpoint, here.weightBits).find((one) => one.precision === precision);
    return {
      precision,
      build: built - begun,
      load: loaded - built,
      quantisedBytes: graph.quantisedBytes,
      weightBytes: need?.weightBytes ?? graph.quantisedBytes,
      timing,
    };
  } finally {
    await forward.dispose();
  }
}

function millis(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function ratio(value: number, base: number | undefined): string {
  return base === undefined || base === 0 ? '–' : `${(value / base).toFixed(2)} ×`;
}

/** Ratios are against the first row. */
export function benchLines(
  rows: readonly BenchRow[],
  skipped: readonly SkippedRow[],
  { tokens, block }: BenchOptions,
  paint: Paint,
): string[] {
  const base = rows[0]?.timing;
  const heading = [
    'precision',
    'quantized',
    'build ms',
    'load ms',
    `forward of ${tokens}, ms`,
    'ratio',
    `step of ${block}, ms`,
    'ratio',
    'forward / step',
  ];
  const cells = rows.map(({ precision, quantisedBytes, build, load, timing }) => [
    precision,
    quantisedBytes > 0 ? megabytes(quantisedBytes) : '–',
    millis(build),
    millis(load),
    millis(timing.forward),
    ratio(timing.forward, base?.forward),
    millis(timing.step),
    ratio(timing.step, base?.step),
    (timing.forward / timing.step).toFixed(1),
  ]);
  const [head = '', ...lines] = table(
    [heading, ...cells],
    ['left', ...Array.from({ length: heading.length - 1 }, () => 'right' as const)],
  );
  return [
    paint('heading', head),
    ...lines,
    ...skipped.map(({ precision, reason }) => `${precision}: left out. ${reason}`),
  ];
}

function precisionsOf(parsed: ParsedArguments): readonly Precision[] {
  const named = parsed.texts('precision').map((text) => {
    const found = PRECISIONS.find((precision) => precision === text);
    if (!found) {
      throw new UsageError(`--precision must be one of ${PRECISIONS.join(', ')}, not "${text}".`, spec.name);
    }
    return found;
  });
  return named.length > 0 ? [...new Set(named)] : PRECISIONS;
}

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const whole = (name: string, most: number) =>
    numberOption(parsed, spec, name, { integer: true, least: 1, most });
  const given = {
    tokens: whole('tokens', 131_072) ?? DEFAULTS.tokens,
    runs: whole('runs', 1000) ?? DEFAULTS.runs,
    threads: whole('threads', 1024) ?? threadCount(),
  };
  const block = whole('block', 4096);
  const precisions = precisionsOf(parsed);
  const choice = choiceOption(parsed, spec, 'provider', PROVIDERS) ?? 'auto';
  const checkpoint = await context.engine.openCheckpoint(modelFolder(parsed, context));
  const isInOrder = writesInOrder(checkpoint.family);
  const options = { ...given, block: block ?? (isInOrder ? 1 : DEFAULTS.block) };
  if (options.tokens + options.block > checkpoint.shape.contextLength) {
    throw new EngineError(
      'context-too-long',
      `${options.tokens} + ${options.block} tokens are more than this model's context of ${checkpoint.shape.contextLength}; give a smaller --tokens.`,
    );
  }
  const decision = await context.engine.decideProvider(choice, cacheFolder(context.env));
  const rows: BenchRow[] = [];
  const skipped: SkippedRow[] = [];
  for (const precision of precisions) {
    throwIfCancelled(context.signal);
    try {
      choosePrecision(precision, decision.provider, checkpoint);
      rows.push(await benchPrecision(checkpoint, precision, decision, options, context));
    } catch (error) {
      if (!isEngineError(error) || error.code !== 'precision-unsupported') throw error;
      skipped.push({ precision, reason: error.message });
    }
  }
  const advice = benchAdvice(rows, {
    provider: decision.provider,
    tokens: options.tokens,
    writesInOrder: isInOrder,
  });
  const facts = {
    model: checkpoint.name,
    family: checkpoint.family.id,
    provider: decision.provider,
    attention: decision.attention,
    processor: os.cpus()[0]?.model ?? 'unknown',
  };
  if (parsed.has('json')) {
    context.stdout.write(`${JSON.stringify({ ...facts, ...options, rows, skipped, advice })}\n`);
    return 0;
  }
  const paint = paintFor(context.stdout, context.env);
  const title =
    `${facts.model} (${checkpoint.family.title}) · ${facts.provider}, ${facts.attention} attention · ` +
    `${facts.processor}, ${options.threads} threads · medians of ${options.runs}`;
  context.stdout.write(
    `${[title, '', ...benchLines(rows, skipped, options, paint), '', ...advice].join('\n')}\n`,
  );
  return 0;
}

export const benchCommand: Command = { spec, run };
