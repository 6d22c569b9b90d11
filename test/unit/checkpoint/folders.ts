// Writes small checkpoint folders for the tests: zeros for weights, since nothing here reads them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { unspell } from '../../../engine/checkpoint/byteLevel';

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** A folder that is removed when the test ends. */
export function temporaryFolder(t: TestContext, name = 'checkpoint'): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = path.join(root, name);
  mkdirSync(folder);
  return folder;
}

/** A safetensors file of zeros. */
export function safetensors(shapes: Shapes, dtype = 'F32', elementBytes = 4): Buffer {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const length = shape.reduce((product, size) => product * size, elementBytes);
    header[name] = { dtype, shape, data_offsets: [offset, offset + length] };
    offset += length;
  }
  return withHeader(JSON.stringify(header), offset);
}

/** A safetensors file with this header text and as many zero bytes of data. */
export function withHeader(header: string, dataBytes: number): Buffer {
  const json = Buffer.from(header, 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

export interface TinyShape {
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
}
export const TINY: TinyShape = { hidden: 8, ffn: 12, layers: 2, heads: 2, kvHeads: 1, vocab: 280 };

/** Tensor shapes of a Llama-like decoder under transformers' names. */
export function llamaShapes(
  shape: TinyShape = TINY,
  options: { readonly head?: boolean; readonly bias?: boolean; readonly qkNorm?: boolean } = {},
): Record<string, readonly number[]> {
  const { hidden, ffn, vocab } = shape;
  const headSize = hidden / shape.heads;
  const keys = shape.kvHeads * headSize;
  const shapes: Record<string, readonly number[]> = {
    'model.embed_tokens.weight': [vocab, hidden],
    'model.norm.weight': [hidden],
  };
  if (options.head ?? true) shapes['lm_head.weight'] = [vocab, hidden];
  for (let layer = 0; layer < shape.layers; layer++) {
    const at = `model.layers.${layer}.`;
    shapes[`${at}input_layernorm.weight`] = [hidden];
    shapes[`${at}post_attention_layernorm.weight`] = [hidden];
    for (const [name, rows] of [
      ['q', hidden],
      ['k', keys],
      ['v', keys],
    ] as const) {
      shapes[`${at}self_attn.${name}_proj.weight`] = [rows, hidden];
      if (options.bias) shapes[`${at}self_attn.${name}_proj.bias`] = [rows];
    }
    shapes[`${at}self_attn.o_proj.weight`] = [hidden, hidden];
    shapes[`${at}mlp.gate_proj.weight`] = [ffn, hidden];
    shapes[`${at}mlp.up_proj.weight`] = [ffn, hidden];
    shapes[`${at}mlp.down_proj.weight`] = [hidden, ffn];
    if (options.qkNorm) {
      shapes[`${at}self_attn.q_norm.weight`] = [headSize];
      shapes[`${at}self_attn.k_norm.weight`] = [headSize];
    }
  }
  return shapes;
}

/** config.json of the same decoder. */
export function llamaConfig(shape: TinyShape = TINY): Record<string, unknown> {
  return {
    model_type: 'Dream',
    architectures: ['DreamModel'],
    hidden_size: shape.hidden,
    intermediate_size: shape.ffn,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    vocab_size: shape.vocab,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    max_position_embeddings: 512,
    tie_word_embeddings: false,
    hidden_act: 'silu',
  };
}

/** The characters that spell one byte each, in the order of the bytes. */
const BYTE_ALPHABET = Array.from({ length: 0x144 }, (_, code) => String.fromCharCode(code))
  .filter((character) => unspell(character) !== undefined)
  .sort((a, b) => (unspell(a)?.[0] ?? 0) - (unspell(b)?.[0] ?? 0));

/** A byte-level tokenizer.json: the 256 bytes, these merges, and added tokens behind them. */
export function byteTokenizer(
  added: readonly string[],
  merges: readonly (readonly [string, string])[] = [],
): Record<string, unknown> {
  const vocab: Record<string, number> = {};
  for (const text of [...BYTE_ALPHABET, ...merges.map((pair) => pair.join(''))])
    vocab[text] ??= Object.keys(vocab).length;
  const first = Object.keys(vocab).length;
  return {
    version: '1.0',
    added_tokens: added.map((content, i) => ({ id: first + i, content, special: true, normalized: false })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges },
  };
}

export const DREAM_TOKENS = ['<|endoftext|>', '<|beginoftext|>', '<|mask|>'];

export type Files = Readonly<Record<string, string | Uint8Array | Record<string, unknown>>>;

export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    const bytes = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(file, bytes ? content : JSON.stringify(content));
  }
}

/** A whole tiny Dream checkpoint; `files` replaces or adds some. */
export function writeDream(folder: string, files: Files = {}): void {
  writeFiles(folder, {
    'config.json': llamaConfig(),
    'model.safetensors': safetensors(llamaShapes(TINY, { bias: true })),
    'tokenizer.json': byteTokenizer(DREAM_TOKENS),
    ...files,
  });
}
