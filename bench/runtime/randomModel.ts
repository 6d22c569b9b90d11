// Checkpoint folders with random weights, for timing shapes that nobody has to download: real safetensors in bf16, the
// starter model's family and tokenizer. Their answers mean nothing.
import fs from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { benchFolder, progress, STARTER } from '../harness';

export interface ModelShape {
  readonly name: string;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly ffnSize: number;
  readonly vocabSize: number;
  /** Tokens of context that the engine gives it, where that is less than it could take. */
  readonly window?: number;
  /** Whether the head has weights of its own. */
  readonly untiedHead?: boolean;
  /** Whether queries, keys and values have biases, as Qwen2's have. */
  readonly qkvBias?: boolean;
  /**
   * Whether all but the first row of each matrix is zero, which no disk has to hold. No two matrices are the same: the
   * runtime would keep one of them.
   */
  readonly isSparse?: boolean;
  /**
   * A row of the embedding that is another one, so many times as large: where the head is tied, and something of a token is left of it behind
   * the last layer, the one is predicted where the other stands.
   */
  readonly echo?: { readonly row: number; readonly of: number; readonly times: number };
  /** What palimpsest.json says of the family; absent: it is the starter model's. */
  readonly family?: object;
}

/** A model that one trains oneself. */
export const SMALL: ModelShape = {
  name: 'small',
  hiddenSize: 512,
  layers: 8,
  heads: 8,
  kvHeads: 8,
  ffnSize: 1408,
  vocabSize: 16_384,
};
/** Qwen2-0.5B's shape, which several small diffusion models have; without its biases. */
export const HALF: ModelShape = {
  name: 'half',
  hiddenSize: 896,
  layers: 24,
  heads: 14,
  kvHeads: 2,
  ffnSize: 4864,
  vocabSize: 151_936,
};
/** Qwen2-1.5B's shape, and Qwen2-7B's, which Dream and DreamOn have; without their biases. */
export const ONE_AND_A_HALF: ModelShape = {
  ...{ name: '1.5B', hiddenSize: 1536, layers: 28, heads: 12, kvHeads: 2, ffnSize: 8960, vocabSize: 151_936 },
};
export const SEVEN: ModelShape = {
  ...{ name: '7B', hiddenSize: 3584, layers: 28, heads: 28, kvHeads: 4, ffnSize: 18_944, vocabSize: 152_064 },
  untiedHead: true,
};
/** As small as a shape can be and still be timed, for a device that computes in software. */
export const TINY: ModelShape = {
  ...{ name: 'tiny', hiddenSize: 256, layers: 2, heads: 4, kvHeads: 2, ffnSize: 512, vocabSize: 8192 },
};
/** The starter model's shape. */
export const TEN_MILLION: ModelShape = {
  ...{ name: '11M', hiddenSize: 320, layers: 5, heads: 5, kvHeads: 5, ffnSize: 896, vocabSize: 8192 },
};

/** Other families with the starter's tokenizer. Their answers are as long as they may be: where random weights end one says nothing. */
export const FULL = {
  family: {
    ...{ attention: { kind: 'full' }, infill: { kind: 'in-place', bos: true, eos: false } },
    ...{ length: { kind: 'fixed' }, window: 2048 },
  },
};
export const AUTOREGRESSIVE = {
  family: {
    ...{ attention: { kind: 'block-causal', blockLength: 1 }, infill: { kind: 'left-only', bos: true } },
    ...{ length: { kind: 'fixed' }, shifted: true, window: 2048 },
  },
};
export const BLOCKS = {
  family: {
    ...{ attention: { kind: 'block-causal', blockLength: 32 }, infill: { kind: 'left-only', bos: true } },
    ...{ length: { kind: 'fixed' }, window: 2048 },
  },
};

/** 25M parameters with the starter model's vocabulary and the context that a model of this size is trained with. */
export const STARTER_25M: ModelShape = {
  name: '25M',
  hiddenSize: 512,
  layers: 8,
  heads: 8,
  kvHeads: 8,
  ffnSize: 1024,
  vocabSize: 8192,
  window: 1024,
};

export function shapeText(shape: ModelShape): string {
  const { hiddenSize, layers, heads, kvHeads, ffnSize, vocabSize } = shape;
  const head = shape.untiedHead ? 'a head of its own' : 'tied head';
  return `hidden ${hiddenSize}, ${layers} layers, ${heads} heads (${kvHeads} for K/V), gated MLP ${ffnSize}, vocabulary ${vocabSize}, ${head}`;
}

/** Makes the folder where it is not there yet, and opens it. */
export async function randomModel(shape: ModelShape): Promise<Checkpoint> {
  const folder = benchFolder('models', `palimpsest-random-${shape.name}`);
  const config = path.join(folder, 'config.json');
  const wanted = `${JSON.stringify(configOf(shape), undefined, 2)}\n`;
  if (!fs.existsSync(config) || fs.readFileSync(config, 'utf8') !== wanted) {
    progress(`writing random weights of ${shape.name} to ${folder} …`);
    for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'])
      fs.copyFileSync(path.join(STARTER, file), path.join(folder, file));
    writeWeights(path.join(folder, 'model.safetensors'), shape);
    // Last, so that a folder with a config is whole.
    fs.writeFileSync(config, wanted);
  }
  if (shape.family !== undefined)
    fs.writeFileSync(path.join(folder, 'palimpsest.json'), JSON.stringify(shape.family));
  return openCheckpoint(folder);
}

function configOf(shape: ModelShape): object {
  const starter = JSON.parse(fs.readFileSync(path.join(STARTER, 'config.json'), 'utf8')) as {
    readonly palimpsest: object;
  };
  return {
    ...starter,
    vocab_size: shape.vocabSize,
    hidden_size: shape.hiddenSize,
    intermediate_size: shape.ffnSize,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.hiddenSize / shape.heads,
    tie_word_embeddings: !shape.untiedHead,
    max_position_embeddings: 8192,
    palimpsest: { ...starter.palimpsest, context_tokens: shape.window ?? 8192 },
  };
}

const EMBEDDING = 'model.embed_tokens.weight';

function tensorsOf(shape: ModelShape) {
  const { hiddenSize, layers, kvHeads, heads, ffnSize, vocabSize, qkvBias, untiedHead } = shape;
  const kvSize = (hiddenSize / heads) * kvHeads;
  const tensors: [string, number[]][] = [
    [EMBEDDING, [vocabSize, hiddenSize]],
    ['model.norm.weight', [hiddenSize]],
    ...(untiedHead ? [['lm_head.weight', [vocabSize, hiddenSize]] as [string, number[]]] : []),
  ];
  for (let layer = 0; layer < layers; layer++) {
    const add = (name: string, ...size: number[]) =>
      tensors.push([`model.layers.${layer}.${name}.weight`, size]);
    add('input_layernorm', hiddenSize);
    add('self_attn.q_proj', hiddenSize, hiddenSize);
    add('self_attn.k_proj', kvSize, hiddenSize);
    add('self_attn.v_proj', kvSize, hiddenSize);
    if (qkvBias) {
      for (const [name, size] of [
        ['q', hiddenSize],
        ['k', kvSize],
        ['v', kvSize],
      ] as const)
        tensors.push([`model.layers.${layer}.self_attn.${name}_proj.bias`, [size]]);
    }
    add('self_attn.o_proj', hiddenSize, hiddenSize);
    add('post_attention_layernorm', hiddenSize);
    add('mlp.gate_proj', ffnSize, hiddenSize);
    add('mlp.up_proj', ffnSize, hiddenSize);
    add('mlp.down_proj', hiddenSize, ffnSize);
  }
  return tensors;
}

/** Random weights in bf16: matrices about 1/√fan-in, vectors of ones. */
export function writeWeights(file: string, shape: ModelShape): void {
  const header: Record<string, object> = {};
  const tensors = tensorsOf(shape);
  let end = 0;
  for (const [name, size] of tensors) {
    const start = end;
    end += 2 * size.reduce((product, count) => product * count, 1);
    header[name] = { dtype: 'BF16', shape: size, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const fd = fs.openSync(`${file}.partial`, 'w+');
  fs.writeSync(fd, length);
  fs.writeSync(fd, json);
  const noise = new Noise();
  let at = length.length + json.length;
  for (const [name, [rows = 1, columns]] of tensors) {
    if (columns === undefined) writeAt(fd, bfloats(new Float32Array(rows).fill(1)), at);
    else noise.write(fd, (shape.isSparse ? 1 : rows) * columns, 1 / Math.sqrt(columns), at);
    if (columns !== undefined && shape.echo !== undefined && name === EMBEDDING) {
      const { row, of, times } = shape.echo;
      const values = new Uint16Array(columns);
      fs.readSync(fd, values, 0, values.byteLength, at + 2 * of * columns);
      const floats = Float32Array.from(values, (bits) => times * floatOf(bits));
      writeAt(fd, bfloats(floats), at + 2 * row * columns);
    }
    at += 2 * rows * (columns ?? 1);
  }
  fs.ftruncateSync(fd, length.length + json.length + end);
  fs.closeSync(fd);
  fs.renameSync(`${file}.partial`, file);
}

function writeAt(fd: number, values: Uint16Array, position: number): void {
  fs.writeSync(fd, values, 0, values.byteLength, position);
}

/** Values in bf16, rounded to the nearest. */
function bfloats(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (value) => (value + 0x8000) >>> 16);
}

function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? 0;
}

/** Normal noise. Half a billion draws would take minutes, so a pool of them is read from places of its own each time. */
class Noise {
  /** A prime, so that no matrix has two equal rows. */
  private static readonly SIZE = 4_194_301;
  private readonly pool = new Float32Array(Noise.SIZE);
  private readonly scaled = new Map<number, Uint16Array>();
  private state = 1;

  constructor() {
    for (let i = 0; i < Noise.SIZE; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.pool[i] = radius * Math.cos(angle);
      this.pool[i + 1] = radius * Math.sin(angle);
    }
  }

  write(fd: number, count: number, scale: number, position: number): void {
    const scaled = this.scaled.get(scale) ?? bfloats(this.pool.map((value) => value * scale));
    this.scaled.set(scale, scaled);
    let at = Math.floor(this.uniform() * Noise.SIZE);
    for (let left = count; left > 0; ) {
      const part = scaled.subarray(at, Math.min(Noise.SIZE, at + left));
      writeAt(fd, part, position + 2 * (count - left));
      left -= part.length;
      at = 0;
    }
  }

  /** 0 … 1, xorshift32. */
  private uniform(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }
}
