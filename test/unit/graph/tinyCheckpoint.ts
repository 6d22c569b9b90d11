// Small random checkpoints on disk, with the values that they hold: what the graph is given and what it must equal.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {
  Checkpoint,
  DecoderShape,
  LayerTensors,
  TensorDtype,
  TensorLocation,
  TextTokenizer,
} from '../../../engine/checkpoint/types';

export interface TinyCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Values by tensor name, after rounding to the stored dtype. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

export interface TinyOptions {
  readonly shape?: Partial<DecoderShape>;
  readonly dtype?: TensorDtype;
  readonly attentionBiases?: boolean;
  /** Of a plain MLP. */
  readonly mlpBiases?: boolean;
  /** Factor on the embedding table, and so on the residual stream. */
  readonly embeddingScale?: number;
  readonly seed?: number;
}

const BASE: DecoderShape = {
  hiddenSize: 64,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ffnSize: 96,
  vocabSize: 131,
  norm: 'rms',
  normEpsilon: 1e-6,
  mlp: 'swiglu',
  ropeTheta: 10000,
  ropeScaling: { kind: 'none' },
  contextLength: 256,
  tiedHead: false,
  qkNorm: false,
};

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes away with the process. */
export function temporaryFolder(name: string): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), `palimpsest-${name}-`)));
  folders.push(folder);
  return folder;
}

/** Uniform numbers in [0, 1) from a seed (mulberry32, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Writes model.safetensors into the folder and describes it. */
export function writeTinyCheckpoint(folder: string, options: TinyOptions = {}): TinyCheckpoint {
  const shape: DecoderShape = { ...BASE, ...options.shape };
  const dtype = options.dtype ?? 'F32';
  const random = randomNumbers(options.seed ?? 1);
  const shapes = tensorShapes(shape, options);

  const values = new Map<string, Float32Array>();
  const header: Record<string, { dtype: string; shape: readonly number[]; data_offsets: [number, number] }> =
    {};
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const [name, dims] of shapes) {
    const count = dims.reduce((product, length) => product * length, 1);
    const around = name.endsWith('norm.weight') ? 1 : 0;
    // Biases are large on purpose: a head that takes the wrong one is far off.
    const spread = name.endsWith('bias') ? 1 : dims.length === 1 ? 0.5 : 2 / Math.sqrt(dims[1] ?? 1);
    const scale = name === 'embed.weight' ? (options.embeddingScale ?? 1) : 1;
    const exact = Float32Array.from({ length: count }, () => scale * (around + spread * (2 * random() - 1)));
    const { bytes, rounded } = encode(exact, dtype);
    values.set(name, rounded);
    header[name] = { dtype, shape: dims, data_offsets: [at, at + bytes.length] };
    pieces.push(bytes);
    at += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  mkdirSync(folder, { recursive: true });
  const file = path.join(realpathSync(folder), 'model.safetensors');
  writeFileSync(file, Buffer.concat([length, json, ...pieces]));

  const locations = new Map<string, TensorLocation>(
    Object.entries(header).map(
      ([
        name,
        {
          shape: dims,
          data_offsets: [start, end],
        },
      ]) => [name, { name, dtype, shape: dims, file, offset: 8 + json.length + start, length: end - start }],
    ),
  );
  return { checkpoint: describe(folder, shape, dtype, locations), values };
}

function tensorShapes(
  shape: DecoderShape,
  { attentionBiases = false, mlpBiases = false }: TinyOptions,
): Map<string, number[]> {
  const { hiddenSize, heads, kvHeads, headSize, ffnSize, vocabSize } = shape;
  const shapes = new Map<string, number[]>([['embed.weight', [vocabSize, hiddenSize]]]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const add = (role: string, dims: number[]) => shapes.set(`layers.${layer}.${role}`, dims);
    const addNorm = (role: string) => {
      add(`${role}.weight`, [hiddenSize]);
      if (shape.norm === 'layer') add(`${role}.bias`, [hiddenSize]);
    };
    addNorm('attentionNorm');
    add('query.weight', [heads * headSize, hiddenSize]);
    add('key.weight', [kvHeads * headSize, hiddenSize]);
    add('value.weight', [kvHeads * headSize, hiddenSize]);
    add('attentionOut.weight', [hiddenSize, heads * headSize]);
    if (attentionBiases) {
      add('query.bias', [heads * headSize]);
      add('key.bias', [kvHeads * headSize]);
      add('value.bias', [kvHeads * headSize]);
      add('attentionOut.bias', [hiddenSize]);
    }
    if (shape.qkNorm) {
      add('queryNorm.weight', [headSize]);
      add('keyNorm.weight', [headSize]);
    }
    addNorm('ffnNorm');
    if (shape.mlp === 'swiglu') add('gate.weight', [ffnSize, hiddenSize]);
    add('up.weight', [ffnSize, hiddenSize]);
    add('down.weight', [hiddenSize, ffnSize]);
    if (mlpBiases) {
      add('up.bias', [ffnSize]);
      add('down.bias', [hiddenSize]);
    }
  }
  shapes.set('final_norm.weight', [hiddenSize]);
  if (shape.norm === 'layer') shapes.set('final_norm.bias', [hiddenSize]);
  if (!shape.tiedHead) shapes.set('head.weight', [vocabSize, hiddenSize]);
  return shapes;
}

function encode(exact: Float32Array, dtype: TensorDtype): { bytes: Uint8Array; rounded: Float32Array } {
  if (dtype === 'F32') return { bytes: new Uint8Array(exact.buffer), rounded: exact };
  const stored = Uint16Array.from(exact, dtype === 'BF16' ? toBf16 : toFp16);
  const rounded = Float32Array.from(stored, dtype === 'BF16' ? fromBf16 : fromFp16);
  return { bytes: new Uint8Array(stored.buffer), rounded };
}

const scratch = new DataView(new ArrayBuffer(4));

function toBf16(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint16(0);
}

function fromBf16(stored: number): number {
  scratch.setUint32(0, stored * 0x10000);
  return scratch.getFloat32(0);
}

/** Truncates to fp16; of normal magnitude or zero, as these weights are. */
function toFp16(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return 0;
  const exponent = Math.floor(Math.log2(magnitude));
  const mantissa = Math.floor((magnitude / 2 ** exponent - 1) * 1024);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | mantissa;
}

function fromFp16(stored: number): number {
  const exponent = (stored >> 10) & 31;
  if (exponent === 0) return 0;
  return (stored & 0x8000 ? -1 : 1) * 2 ** (exponent - 15) * (1 + (stored & 1023) / 1024);
}

function describe(
  folder: string,
  shape: DecoderShape,
  dtype: TensorDtype,
  locations: ReadonlyMap<string, TensorLocation>,
): Checkpoint {
  const find = (name: string): TensorLocation => {
    const location = locations.get(name);
    if (!location) throw new Error(`no tensor ${name}`);
    return location;
  };
  const layers = Array.from({ length: shape.layers }, (_, layer): LayerTensors => {
    const weight = (role: string) => find(`layers.${layer}.${role}.weight`);
    const bias = (role: string) => {
      const location = locations.get(`layers.${layer}.${role}.bias`);
      return location ? { [`${role}Bias`]: location } : {};
    };
    return {
      attentionNorm: weight('attentionNorm'),
      query: weight('query'),
      key: weight('key'),
      value: weight('value'),
      attentionOut: weight('attentionOut'),
      ffnNorm: weight('ffnNorm'),
      ...(shape.mlp === 'swiglu' ? { gate: weight('gate') } : {}),
      up: weight('up'),
      down: weight('down'),
      ...(shape.qkNorm ? { queryNorm: weight('queryNorm'), keyNorm: weight('keyNorm') } : {}),
      ...bias('attentionNorm'),
      ...bias('query'),
      ...bias('key'),
      ...bias('value'),
      ...bias('attentionOut'),
      ...bias('ffnNorm'),
      ...bias('up'),
      ...bias('down'),
    };
  });
  return {
    folder,
    name: 'tiny',
    family: {
      id: 'tiny',
      title: 'Tiny',
      tensorNames: 'llama',
      shifted: false,
      attention: { kind: 'full' },
      infill: { kind: 'in-place', bos: false, eos: false },
      length: { kind: 'fixed' },
      tokens: {},
      sampling: { rule: 'entropy', temperature: 0, topP: 1 },
    },
    shape,
    tensors: {
      embedding: find('embed.weight'),
      finalNorm: find('final_norm.weight'),
      ...(shape.norm === 'layer' ? { finalNormBias: find('final_norm.bias') } : {}),
      head: find(shape.tiedHead ? 'embed.weight' : 'head.weight'),
      layers,
    },
    tokenizer: NO_TEXT,
    specials: { mask: 0 },
    storedDtype: dtype,
    parameters: [...locations.values()].reduce(
      (sum, { length }) => sum + length / (dtype === 'F32' ? 4 : 2),
      0,
    ),
    languageTokens: {},
    remarks: [],
  };
}

/** Graphs are tested with ids alone. */
const NO_TEXT: TextTokenizer = {
  size: 0,
  encode: () => ({ ids: new Int32Array(), starts: new Int32Array(), splitsCharacter: new Uint8Array() }),
  bytes: () => new Uint8Array(),
  decode: () => '',
  isSpecial: () => false,
  specialId: () => undefined,
};
