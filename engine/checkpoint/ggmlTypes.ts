// The tensor types of GGUF that can be read, as ggml numbers them: how many values share a block, and its bytes.
import type { PackedType } from './types';

export interface BlockSize {
  /** Values in one block, along the row. */
  readonly values: number;
  readonly bytes: number;
}

/** Bytes and values of a block (ggml's ggml-common.h). */
export const BLOCK_SIZES: Readonly<Record<PackedType, BlockSize>> = {
  F32: { values: 1, bytes: 4 },
  F16: { values: 1, bytes: 2 },
  BF16: { values: 1, bytes: 2 },
  Q4_0: { values: 32, bytes: 18 },
  Q4_1: { values: 32, bytes: 20 },
  Q5_0: { values: 32, bytes: 22 },
  Q5_1: { values: 32, bytes: 24 },
  Q8_0: { values: 32, bytes: 34 },
  Q4_K: { values: 256, bytes: 144 },
  Q5_K: { values: 256, bytes: 176 },
  Q6_K: { values: 256, bytes: 210 },
};

const READABLE: ReadonlyMap<number, PackedType> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [6, 'Q5_0'],
  [7, 'Q5_1'],
  [8, 'Q8_0'],
  [12, 'Q4_K'],
  [13, 'Q5_K'],
  [14, 'Q6_K'],
  [30, 'BF16'],
]);

/** Names of types that exist and cannot be read, for the message. */
const OTHERS: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
]);

/** The type of that number, or undefined where it cannot be read. */
export function readableType(number: number): PackedType | undefined {
  return READABLE.get(number);
}

/** A name for a person. */
export function typeName(number: number): string {
  return READABLE.get(number) ?? OTHERS.get(number) ?? `type ${number}`;
}

export const READABLE_NAMES: readonly string[] = [...READABLE.values()];
