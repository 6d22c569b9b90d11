// The tiny checkpoints and what PyTorch computed with their weights (test/fixtures/make/README.md).
import fs from 'node:fs';
import path from 'node:path';
import type { AttentionKind } from '../../engine/checkpoint/family';

export const CHECKPOINTS = path.resolve('test/fixtures/checkpoints');
export const GGUF = path.resolve('test/fixtures/gguf');

export function fixtureNames(): string[] {
  return fs.readdirSync(CHECKPOINTS).sort();
}

/** Whether the token at `query` attends to the one at `key`, both by their place in the sequence. */
export type Visibility = (query: number, key: number) => boolean;

export interface Reference {
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  /** Unshifted, [S, V]. */
  readonly logits: Float32Array;
  /** Canvases alone: the same sequence where the suffix sees the prefix. */
  readonly joined: { readonly logits: Float32Array; readonly visible: Visibility } | undefined;
  /** Canvases alone: the visibility that the logits were computed with. */
  readonly visible: Visibility | undefined;
  /** What the sequence is made of, in tokens. */
  readonly layout: Readonly<Record<string, number>>;
}

interface StoredTensor {
  readonly dtype: string;
  readonly data_offsets: readonly [number, number];
}

export function readReference(name: string): Reference {
  return readReferenceFile(path.join(CHECKPOINTS, name, 'reference.safetensors'));
}

export function readReferenceFile(place: string): Reference {
  const file = fs.readFileSync(place);
  const begin = 8 + Number(file.readBigUInt64LE(0));
  const header: Record<string, StoredTensor> & { __metadata__: { layout: string } } = JSON.parse(
    file.toString('utf8', 8, begin),
  );
  const bytes = (tensor: string): ArrayBuffer => {
    const stored = header[tensor];
    if (!stored) throw new Error(`${place} has no ${tensor}`);
    const [from, to] = stored.data_offsets;
    return Uint8Array.from(file.subarray(begin + from, begin + to)).buffer;
  };
  const integers = (tensor: string) => Int32Array.from(new BigInt64Array(bytes(tensor)), Number);
  const ids = integers('input_ids');
  const visibility = (tensor: string): Visibility => {
    const seen = new Uint8Array(bytes(tensor));
    return (query, key) => seen[query * ids.length + key] === 1;
  };
  return {
    ids,
    positions: header['position_ids'] ? integers('position_ids') : Int32Array.from(ids.keys()),
    logits: new Float32Array(bytes('logits')),
    visible: header['attention_mask'] ? visibility('attention_mask') : undefined,
    joined: header['joined_logits']
      ? {
          logits: new Float32Array(bytes('joined_logits')),
          visible: visibility('joined_attention_mask'),
        }
      : undefined,
    layout: JSON.parse(header.__metadata__.layout),
  };
}

/** Who sees whom as the engine's own description of the family has it, where the description alone says it. */
export function visibilityOf(attention: AttentionKind): Visibility | undefined {
  switch (attention.kind) {
    case 'full':
      return () => true;
    case 'block-causal':
      return (query, key) =>
        Math.floor(query / attention.blockLength) >= Math.floor(key / attention.blockLength);
    case 'cached-canvas':
      return undefined;
  }
}

/** Largest difference, in units of the largest value of `expected`; NaN anywhere gives NaN. */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.NaN;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] ?? Number.NaN;
    const b = expected[i] ?? Number.NaN;
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
    difference = Math.max(difference, Math.abs(a - b));
    largest = Math.max(largest, Math.abs(b));
  }
  return difference / largest;
}
