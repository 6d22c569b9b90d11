// A checkpoint's weights as a GGUF file, so that llama.cpp computes the same model as we do. Format: GGUF version 3
// (docs/gguf.md of ggml); tensor names and keys are those of its qwen2 and dream architectures, which without biases are
// the decoder that all our families share. No vocabulary: tokens go in as numbers.
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import type { Checkpoint, DecoderShape, LayerTensors, TensorLocation } from '../../engine/checkpoint/types';
import { quantiseBlocks } from '../../engine/graph/rounding';
import { TensorReader } from '../../engine/graph/tensorReader';

/** `qwen2` is causal with a K/V cache; `dream` is its full bidirectional form, without one. */
export type GgufArchitecture = 'qwen2' | 'dream';

/** ggml's number of the type, and bytes for each 32 weights. */
const TYPES = {
  F32: { id: 0, blockBytes: 128 },
  Q4_0: { id: 2, blockBytes: 18 },
  Q8_0: { id: 8, blockBytes: 34 },
  BF16: { id: 30, blockBytes: 64 },
} as const;
export type GgufType = keyof typeof TYPES;
export const GGUF_TYPES = ['BF16', 'Q8_0', 'Q4_0', 'F32'] as const satisfies readonly GgufType[];

const BLOCK = 32;
const ALIGNMENT = 32;
/** Weights converted at a time. */
const STRETCH = 1 << 22;

const LAYER_NAMES: readonly (readonly [keyof LayerTensors, string])[] = [
  ['attentionNorm', 'attn_norm'],
  ['query', 'attn_q'],
  ['key', 'attn_k'],
  ['value', 'attn_v'],
  ['attentionOut', 'attn_output'],
  ['ffnNorm', 'ffn_norm'],
  ['gate', 'ffn_gate'],
  ['up', 'ffn_up'],
  ['down', 'ffn_down'],
];

interface Entry {
  readonly name: string;
  readonly tensor: TensorLocation;
  readonly type: GgufType;
  readonly bytes: number;
}

/** Writes `file` where it is not there yet. Matrices are of `type`, norms fp32. */
export async function ensureGguf(
  checkpoint: Checkpoint,
  type: GgufType,
  architecture: GgufArchitecture,
  file: string,
): Promise<void> {
  if (fs.existsSync(file)) return;
  const entries = entriesOf(checkpoint, type);
  const target = await open(`${file}.partial`, 'w');
  try {
    await target.write(header(entries, metadata(checkpoint.shape, architecture)));
    const reader = new TensorReader();
    for (const { tensor, type, bytes } of entries) {
      const source = await open(tensor.file);
      const count = elements(tensor);
      try {
        for (let at = 0; at < count; at += STRETCH) {
          const values = await reader.read(source, tensor, at, Math.min(STRETCH, count - at));
          await target.write(encode(values, type));
        }
      } finally {
        await source.close();
      }
      await target.write(Buffer.alloc(aligned(bytes) - bytes));
    }
  } finally {
    await target.close();
  }
  fs.renameSync(`${file}.partial`, file);
}

function entriesOf({ tensors }: Checkpoint, matrixType: GgufType): Entry[] {
  const entry = (name: string, tensor: TensorLocation): Entry => {
    const type = tensor.shape.length > 1 ? matrixType : 'F32';
    return {
      name: `${name}.weight`,
      tensor,
      type,
      bytes: (elements(tensor) / BLOCK) * TYPES[type].blockBytes,
    };
  };
  return [
    entry('token_embd', tensors.embedding),
    entry('output_norm', tensors.finalNorm),
    ...tensors.layers.flatMap((layer, index) =>
      LAYER_NAMES.flatMap(([role, name]) => {
        const tensor = layer[role];
        return tensor ? [entry(`blk.${index}.${name}`, tensor)] : [];
      }),
    ),
  ];
}

function metadata(shape: DecoderShape, architecture: GgufArchitecture): Uint8Array[] {
  const key = (name: string) => `${architecture}.${name}`;
  const word = (name: string, value: number) => pair(name, 4, uint32(value));
  const float = (name: string, value: number) => pair(name, 6, new Uint8Array(Float32Array.of(value).buffer));
  return [
    pair('general.architecture', 8, text(architecture)),
    pair('tokenizer.ggml.model', 8, text('no_vocab')),
    word(key('vocab_size'), shape.vocabSize),
    word(key('context_length'), shape.contextLength),
    word(key('embedding_length'), shape.hiddenSize),
    word(key('block_count'), shape.layers),
    word(key('feed_forward_length'), shape.ffnSize),
    word(key('attention.head_count'), shape.heads),
    word(key('attention.head_count_kv'), shape.kvHeads),
    float(key('attention.layer_norm_rms_epsilon'), shape.normEpsilon),
    float(key('rope.freq_base'), shape.ropeTheta),
  ];
}

function header(entries: readonly Entry[], pairs: readonly Uint8Array[]): Uint8Array {
  let offset = 0;
  const infos = entries.map(({ name, tensor, type, bytes }) => {
    // GGUF counts dimensions from the innermost.
    const sizes = [...tensor.shape].reverse();
    const info = [
      text(name),
      uint32(sizes.length),
      ...sizes.map(uint64),
      uint32(TYPES[type].id),
      uint64(offset),
    ];
    offset += aligned(bytes);
    return Buffer.concat(info);
  });
  const all = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(3),
    uint64(entries.length),
    uint64(pairs.length),
    ...pairs,
    ...infos,
  ]);
  return Buffer.concat([all, Buffer.alloc(aligned(all.length) - all.length)]);
}

function encode(values: Float32Array, type: GgufType): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === 'BF16') return new Uint8Array(Uint16Array.from(bits, (value) => value >>> 16).buffer);
  const { packed, scales } = quantiseBlocks(values, 1, values.length, type === 'Q8_0' ? 8 : 4);
  const { blockBytes } = TYPES[type];
  const out = Buffer.alloc(scales.length * blockBytes);
  for (let block = 0; block < scales.length; block++) {
    const at = block * blockBytes;
    out.writeUInt16LE(toHalf(scales[block] ?? 0), at);
    if (type === 'Q8_0') {
      // Ours is offset by 128, theirs signed.
      for (let i = 0; i < BLOCK; i++) out[at + 2 + i] = ((packed[block * BLOCK + i] ?? 0) - 128) & 255;
    } else {
      // Ours puts neighbours into a byte, theirs weights i and i + 16.
      const level = (i: number) => ((packed[(block * BLOCK + i) >> 1] ?? 0) >> (4 * (i & 1))) & 15;
      for (let i = 0; i < BLOCK / 2; i++) out[at + 2 + i] = level(i) | (level(i + BLOCK / 2) << 4);
    }
  }
  return out;
}

/** Scales lie well inside fp16's range; what is below its normal numbers becomes 0. */
function toHalf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const rounded = (bits & 0x7fffffff) + 0x1000;
  const exponent = (rounded >>> 23) - 112;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((rounded >>> 13) & 1023);
}

function elements(tensor: TensorLocation): number {
  return tensor.shape.reduce((product, count) => product * count, 1);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function uint64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function pair(name: string, type: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([text(name), uint32(type), value]);
}
