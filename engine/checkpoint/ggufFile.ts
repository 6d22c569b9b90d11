// A GGUF file is a checkpoint by itself: configuration, tokenizer and tensors in one file.
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../errors';
import { readGgufConfig, readShift } from './ggufConfig';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './ggufHeader';
import { chatConfig, readVocabulary } from './ggufVocabulary';
import { type JsonObject, readFully, readJsonObject } from './json';
import type { CheckpointParts } from './parts';
import type { StoredTensor } from './safetensors';

const EXTENSION = '.gguf';
const MAX_OVERRIDE_BYTES = 8_000_000;
/** Divisors of the rotary frequencies, which converters write for Llama 3.1's scaling. */
const ROPE_FACTORS = 'rope_freqs.weight';

export function isGgufPath(file: string): boolean {
  return file.toLowerCase().endsWith(EXTENSION);
}

/** The override of a GGUF file: many of them can lie in one folder, so it carries the file's name. */
function ggufOverrideName(file: string): string {
  return `${path.basename(file).slice(0, -EXTENSION.length)}.palimpsest.json`;
}

/**
 * @param file absolute path
 * @throws EngineError with the codes of checkpoints (errors.ts)
 */
export async function readGgufParts(file: string): Promise<CheckpointParts> {
  const base = path.basename(file);
  const overrideName = ggufOverrideName(file);
  const [override, { header, config, stored, ropeFactors }] = await Promise.all([
    readJsonObject(path.join(path.dirname(file), overrideName), MAX_OVERRIDE_BYTES, 'checkpoint-malformed'),
    readGgufWeights(file),
  ]);
  const shifted = readShift(header, base);
  return {
    root: file,
    name: base.slice(0, -EXTENSION.length),
    configName: base,
    config,
    override,
    generationConfig: {},
    tokenizerConfig: chatConfig(header),
    specialTokensMap: undefined,
    stored,
    tokenizer: readVocabulary(header),
    chatTemplate: undefined,
    ...(shifted === undefined ? {} : { shifted }),
    ...(ropeFactors ? { ropeFactors } : {}),
  };
}

/** What a GGUF file says about its weights; `config` is as a folder's config.json. */
export interface GgufWeights {
  readonly header: GgufHeader;
  readonly config: JsonObject;
  readonly stored: ReadonlyMap<string, StoredTensor>;
  readonly ropeFactors: readonly number[] | undefined;
}

/**
 * @param file absolute path
 * @throws EngineError with the codes of checkpoints (errors.ts)
 */
export async function readGgufWeights(file: string): Promise<GgufWeights> {
  const base = path.basename(file);
  const header = await readGgufHeader(file);
  refuseSplit(header, base);
  const { config, isInterleaved } = readGgufConfig(header, base);
  const heads = (name: string): number | undefined => {
    if (!isInterleaved) return undefined;
    if (/\.attn_q\.(weight|bias)$/.test(name)) return Number(config['num_attention_heads']);
    return /\.attn_k\.(weight|bias)$/.test(name) ? Number(config['num_key_value_heads']) : undefined;
  };
  // The runtime reads weights from where they are, and refuses to follow a link out of a folder.
  const place = await realpath(file);
  const stored = new Map<string, StoredTensor>();
  for (const [name, tensor] of header.tensors)
    if (name !== ROPE_FACTORS) stored.set(name, storedTensor(tensor, place, heads(name)));
  return { header, config, stored, ropeFactors: await readRopeFactors(file, header, config['head_dim']) };
}

/** Plain values are used where they lie; blocks, and rows out of order, are read through their packing. */
function storedTensor(
  { type, ...place }: GgufTensor,
  file: string,
  interleavedHeads: number | undefined,
): StoredTensor {
  const isPlain = type === 'F32' || type === 'F16' || type === 'BF16';
  if (isPlain && interleavedHeads === undefined) return { ...place, file, dtype: type };
  return {
    ...place,
    file,
    dtype: 'F32',
    packing: { type, ...(interleavedHeads === undefined ? {} : { interleavedHeads }) },
  };
}

function refuseSplit({ metadata }: GgufHeader, name: string): void {
  const parts = metadata.get('split.count');
  if (parts === undefined || parts === 0 || parts === 1) return;
  throw new EngineError(
    'checkpoint-malformed',
    `${name} is one of ${String(parts)} parts of a model. Join them with llama-gguf-split --merge, and open the merged file.`,
    { file: name },
  );
}

async function readRopeFactors(
  file: string,
  { tensors }: GgufHeader,
  headSize: unknown,
): Promise<readonly number[] | undefined> {
  const tensor = tensors.get(ROPE_FACTORS);
  if (!tensor) return undefined;
  const fail = (what: string) =>
    new EngineError(
      'tensor-malformed',
      `The tensor ${ROPE_FACTORS} of ${path.basename(file)} ${what}. Download the file again.`,
      { tensor: ROPE_FACTORS, file },
    );
  if (tensor.type !== 'F32' || tensor.shape.length !== 1 || tensor.shape[0] !== Number(headSize) / 2)
    throw fail(`is ${tensor.type} [${tensor.shape.join(', ')}], not F32 [${Number(headSize) / 2}]`);
  const bytes = Buffer.alloc(tensor.length);
  const handle = await open(file, 'r');
  try {
    if ((await readFully(handle, bytes, tensor.offset)) < bytes.length) throw fail('ends early');
  } finally {
    await handle.close();
  }
  const factors = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
  if (!factors.every((factor) => Number.isFinite(factor) && factor > 0))
    throw fail('contains a factor that is not above 0');
  return factors;
}
