// `palimpsest check`: says what a checkpoint folder is, and whether our numbers are those of its reference.
import path from 'node:path';
import type { AttentionKind, LengthControl } from '../checkpoint/family';
import { isGgufPath } from '../checkpoint/ggufFile';
import { missingFiles } from '../checkpoint/missing';
import type { Checkpoint } from '../checkpoint/types';
import { EngineError, toEngineError } from '../errors';
import { type MemoryNeed, memoryNeeds, processBytes, requestBytes } from '../graph/memory';
import type { WeightBits } from '../graph/types';
import type { Command, CommandContext } from './context';
import { printable } from './displayWidth';
import { cacheFolder, modelPlace, withProgress } from './modelOptions';
import type { CommandSpec, ParsedArguments } from './options';
import { familySees, LARGEST_DIFFERENCE, readReference, relativeDifference } from './reference';
import { type Paint, paintFor } from './style';
import { table } from './table';
import { megabytes } from './units';

const spec: CommandSpec = {
  name: 'check',
  summary: 'Inspect a folder, a .gguf file, or an installed model; compare its logits with a reference.',
  operands: ['DIR'],
  options: {
    reference: {
      value: 'FILE',
      help: 'safetensors file with input_ids (int64 [S]) and logits (fp32 [S, V], unshifted); position_ids [S] and attention_mask ([S] or [S, S]) are optional',
    },
    json: { help: 'print a single JSON object' },
  },
  notes: [`With --reference, the exit code is 1 if max|a−b| / max|b| exceeds ${LARGEST_DIFFERENCE}.`],
};

interface ReferenceReport {
  readonly file: string;
  readonly tokens: number;
  /** max|ours − theirs| / max|theirs|; null where a number is none. */
  readonly relativeDifference: number | null;
  readonly limit: number;
  readonly passed: boolean;
}

export interface CheckReport {
  readonly folder: string;
  readonly name: string;
  readonly family: { readonly id: string; readonly title: string };
  readonly parameters: number;
  readonly storedPrecision: string;
  readonly shape: Checkpoint['shape'];
  /** Special tokens that the checkpoint has. */
  readonly specials: Readonly<Record<string, { readonly text: string; readonly id: number }>>;
  /** Optional special tokens of the family that this tokenizer has not. */
  readonly missing: readonly string[];
  readonly languages: readonly string[];
  readonly remarks: readonly string[];
  readonly memory: readonly MemoryNeed[];
  /** Bytes of the engine's process beside weights and requests. */
  readonly processBytes: number;
  /** Bytes that a request for one candidate takes on top, where it fills the model's window; its K/V included. */
  readonly requestBytes: number;
  readonly reference?: ReferenceReport;
}

/** `weightBits`: of int8's weights on this machine. */
export function describeCheckpoint(checkpoint: Checkpoint, weightBits?: WeightBits): CheckReport {
  const { family, shape, specials } = checkpoint;
  const found: Record<string, { text: string; id: number }> = {};
  const missing: string[] = [];
  for (const [name, token] of Object.entries(family.tokens)) {
    const id = Object.entries(specials).find(([special]) => special === name)?.[1];
    if (id === undefined) missing.push(`${name} ${token.text}`);
    else found[name] = { text: token.text, id };
  }
  return {
    folder: checkpoint.folder,
    name: checkpoint.name,
    family: { id: family.id, title: family.title },
    parameters: checkpoint.parameters,
    storedPrecision: checkpoint.storedDtype,
    shape,
    specials: found,
    missing,
    languages: Object.keys(checkpoint.languageTokens).sort(),
    remarks: checkpoint.remarks,
    memory: memoryNeeds(checkpoint, weightBits),
    processBytes: processBytes(shape),
    requestBytes: requestBytes(checkpoint),
  };
}

/** Runs the reference's tokens through our fp32 graph on the CPU and compares every logit. */
async function compareWithReference(
  checkpoint: Checkpoint,
  file: string,
  context: CommandContext,
): Promise<ReferenceReport> {
  const { attention } = checkpoint.family;
  const reference = await readReference(file, attention, checkpoint.shape.vocabSize);
  const { ids, positions, mask } = reference;
  const graph = await withProgress(context, (report) => {
    report({ folder: checkpoint.folder, stage: 'session' });
    return context.engine.buildGraph(
      checkpoint,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 1, withLogits: true },
      { cacheFolder: cacheFolder(context.env), signal: context.signal },
    );
  });
  const logits = await context.engine.logits(graph, checkpoint.shape, {
    ids,
    positions,
    sees: (query, key) => (mask ? mask[query * ids.length + key] === 1 : familySees(attention, query, key)),
  });
  const difference = relativeDifference(logits, reference.logits);
  return {
    file,
    tokens: ids.length,
    relativeDifference: Number.isFinite(difference) ? difference : null,
    limit: LARGEST_DIFFERENCE,
    passed: difference <= LARGEST_DIFFERENCE,
  };
}

function describeAttention(attention: AttentionKind): string {
  switch (attention.kind) {
    case 'full':
      return 'full attention';
    case 'block-causal':
      if (attention.blockLength === 1) return 'causal attention';
      return (
        `block-causal attention over ${attention.blockLength} tokens` +
        (attention.partLength === undefined ? '' : `, in parts of ${attention.partLength}`)
      );
    case 'cached-canvas':
      return `cached canvases of ${attention.blockLength} tokens a block`;
  }
}

const LENGTHS: Readonly<Record<LengthControl['kind'], string>> = {
  fixed: 'fixed length',
  'expand-delete': 'grows and shrinks by itself',
  'end-token': 'ends by an end token',
};

function millions(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} billion` : `${(count / 1e6).toFixed(1)} million`;
}

export function checkLines(checkpoint: Checkpoint, report: CheckReport, paint: Paint): string[] {
  const { family, shape } = checkpoint;
  const facts: [string, string][] = [
    [isGgufPath(report.folder) ? 'File' : 'Folder', report.folder],
    ['Family', `${family.title} (${family.id})`],
    [
      'Works by',
      [
        describeAttention(family.attention),
        family.shifted ? 'logits shifted by one' : 'logits not shifted',
        LENGTHS[family.length.kind],
      ].join(', '),
    ],
    ['Weights', `${millions(report.parameters)} parameters, stored as ${report.storedPrecision}`],
    [
      'Shape',
      `${shape.layers} layers, hidden ${shape.hiddenSize}, ${shape.heads} heads (${shape.kvHeads} K/V) of ${shape.headSize}, ` +
        `vocabulary ${shape.vocabSize}, context ${shape.contextLength}`,
    ],
    ...Object.entries(report.specials).map(([name, { text, id }], index): [string, string] => [
      index === 0 ? 'Specials' : '',
      `${name.padEnd(10)}${printable(text)} = ${id}`,
    ]),
    ['Missing', report.missing.length > 0 ? `${report.missing.join(', ')} (optional)` : 'nothing'],
  ];
  if (report.languages.length > 0) facts.push(['Languages', report.languages.join(', ')]);
  for (const remark of report.remarks) facts.push(['Remark', remark]);
  const memory = table(
    [
      ['precision', 'quantized', 'loaded', 'largest request', 'K/V of 1,000 tokens'],
      ...report.memory.map(({ precision, quantisedBytes, weightBytes, cacheBytes }) => [
        precision,
        quantisedBytes > 0 ? megabytes(quantisedBytes) : '–',
        `about ${megabytes(report.processBytes + weightBytes)}`,
        `about ${megabytes(report.requestBytes)} more`,
        megabytes(cacheBytes),
      ]),
    ],
    ['left', 'right', 'right', 'right', 'right'],
  );
  return [
    ...facts.map(([name, value]) => `${paint('heading', name.padEnd(10))}${value}`),
    '',
    ...memory.map((line, index) => (index === 0 ? paint('heading', line) : line)),
    '',
    'The largest request is one candidate that fills the model’s window. On a slow machine, an editor asks for less.',
  ];
}

function referenceLine(report: ReferenceReport, paint: Paint): string {
  const value = report.relativeDifference?.toExponential(2) ?? 'not a number';
  const verdict = report.passed ? paint('good', 'passed') : paint('bad', 'failed');
  return `Largest relative difference ${value} over ${report.tokens} tokens (limit ${report.limit}): ${verdict}`;
}

const MOST_NAMES = 10;

/** Opens the folder; where files are missing, the error names them all. */
async function openWhole(folder: string, context: CommandContext): Promise<Checkpoint> {
  try {
    return await context.engine.openCheckpoint(folder);
  } catch (error) {
    const { code } = toEngineError(error);
    const missing = code === 'checkpoint-missing' && !isGgufPath(folder) ? await missingFiles(folder) : [];
    if (missing.length < 2 || missing.includes('config.json')) throw error;
    const more = missing.length > MOST_NAMES ? `, and ${missing.length - MOST_NAMES} more` : '';
    throw new EngineError(
      code,
      `${path.basename(folder)} lacks ${missing.slice(0, MOST_NAMES).join(', ')}${more}. Finish the download of this model.`,
      { folder, missing },
      { cause: error },
    );
  }
}

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const [folder = ''] = parsed.operands;
  const checkpoint = await openWhole(modelPlace(folder, context), context);
  // Where the runtime cannot be loaded, what is on the disk can be told all the same.
  const { weightBits } = await context.engine.precisionHere('int8').catch(() => ({ weightBits: undefined }));
  const report = describeCheckpoint(checkpoint, weightBits);
  const json = parsed.has('json');
  const paint = paintFor(context.stdout, context.env);
  if (!json) context.stdout.write(`${checkLines(checkpoint, report, paint).join('\n')}\n`);
  const file = parsed.text('reference');
  const reference =
    file === undefined
      ? undefined
      : await compareWithReference(checkpoint, path.resolve(context.folder, file), context);
  if (json) {
    context.stdout.write(`${JSON.stringify({ ...report, ...(reference ? { reference } : {}) })}\n`);
  } else if (reference) {
    context.stdout.write(`\n${referenceLine(reference, paint)}\n`);
  }
  return reference === undefined || reference.passed ? 0 : 1;
}

export const checkCommand: Command = { spec, run };
