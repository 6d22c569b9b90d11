// ggml's block formats into fp32, value for value what its own reference code gives (ggml-quants.c): pure functions
// over bytes. A block is a few small whole numbers with one or two fp16 factors.

import { BLOCK_SIZES } from './ggmlTypes';
import { halfTable, widen } from './halves';
import type { PackedType } from './types';

type BlockReader = (bytes: Uint8Array, at: number, values: Float32Array, to: number) => void;

/**
 * Whole blocks of one type into fp32.
 * @param bytes the blocks, one behind the other
 * @param values [bytes.length / bytes of a block · values of a block], written from 0 on
 */
export function dequantise(type: PackedType, bytes: Uint8Array, values: Float32Array): void {
  if (type === 'F32') {
    new Uint8Array(values.buffer, values.byteOffset, bytes.length).set(bytes);
    return;
  }
  if (type === 'F16' || type === 'BF16') {
    const isAligned = bytes.byteOffset % 2 === 0;
    const aligned = isAligned ? bytes : bytes.slice();
    widen(new Uint16Array(aligned.buffer, aligned.byteOffset, bytes.length / 2), type, values);
    return;
  }
  const size = BLOCK_SIZES[type];
  const read = READERS[type];
  const blocks = bytes.length / size.bytes;
  for (let block = 0; block < blocks; block++) read(bytes, block * size.bytes, values, block * size.values);
}

/** fp16 at an offset. */
function half(bytes: Uint8Array, at: number): number {
  return halfTable()[byte(bytes, at) | (byte(bytes, at + 1) << 8)] ?? 0;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

const READERS: Readonly<Record<Exclude<PackedType, 'F32' | 'F16' | 'BF16'>, BlockReader>> = {
  Q4_0: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    for (let i = 0; i < 16; i++) {
      const pair = byte(bytes, at + 2 + i);
      values[to + i] = scale * ((pair & 15) - 8);
      values[to + 16 + i] = scale * ((pair >> 4) - 8);
    }
  },
  Q4_1: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    const least = half(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = byte(bytes, at + 4 + i);
      values[to + i] = scale * (pair & 15) + least;
      values[to + 16 + i] = scale * (pair >> 4) + least;
    }
  },
  Q5_0: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    for (let i = 0; i < 16; i++) {
      const pair = byte(bytes, at + 6 + i);
      values[to + i] = scale * (((pair & 15) | fifthBit(bytes, at + 2, i)) - 16);
      values[to + 16 + i] = scale * (((pair >> 4) | fifthBit(bytes, at + 2, i + 16)) - 16);
    }
  },
  Q5_1: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    const least = half(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = byte(bytes, at + 8 + i);
      values[to + i] = scale * ((pair & 15) | fifthBit(bytes, at + 4, i)) + least;
      values[to + 16 + i] = scale * ((pair >> 4) | fifthBit(bytes, at + 4, i + 16)) + least;
    }
  },
  Q8_0: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    for (let i = 0; i < 32; i++) values[to + i] = scale * signed(byte(bytes, at + 2 + i));
  },
  Q4_K: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    const least = half(bytes, at + 2);
    for (let part = 0; part < 8; part++) {
      const [d, m] = [scale * partScale(bytes, at + 4, part), least * partLeast(bytes, at + 4, part)];
      const from = at + 16 + 32 * (part >> 1);
      const shift = 4 * (part & 1);
      for (let i = 0; i < 32; i++)
        values[to + 32 * part + i] =
          Math.fround(d) * ((byte(bytes, from + i) >> shift) & 15) - Math.fround(m);
    }
  },
  Q5_K: (bytes, at, values, to) => {
    const scale = half(bytes, at);
    const least = half(bytes, at + 2);
    for (let part = 0; part < 8; part++) {
      const [d, m] = [scale * partScale(bytes, at + 4, part), least * partLeast(bytes, at + 4, part)];
      const from = at + 48 + 32 * (part >> 1);
      const shift = 4 * (part & 1);
      for (let i = 0; i < 32; i++) {
        const level =
          ((byte(bytes, from + i) >> shift) & 15) | (((byte(bytes, at + 16 + i) >> part) & 1) << 4);
        values[to + 32 * part + i] = Math.fround(d) * level - Math.fround(m);
      }
    }
  },
  Q6_K: (bytes, at, values, to) => {
    const scale = half(bytes, at + 208);
    for (let group = 0; group < 2; group++) {
      for (let quarter = 0; quarter < 4; quarter++) {
        const low = at + 64 * group + 32 * (quarter & 1);
        const high = at + 128 + 32 * group;
        for (let i = 0; i < 32; i++) {
          const lower = (byte(bytes, low + i) >> (4 * (quarter >> 1))) & 15;
          const upper = (byte(bytes, high + i) >> (2 * quarter)) & 3;
          const part = 8 * group + 2 * quarter + (i >> 4);
          const d = Math.fround(scale * signed(byte(bytes, at + 192 + part)));
          values[to + 128 * group + 32 * quarter + i] = d * ((lower | (upper << 4)) - 32);
        }
      }
    }
  },
};

/** Bit `index` of 32, as the fifth bit of a number. */
function fifthBit(bytes: Uint8Array, at: number, index: number): number {
  return ((byte(bytes, at + (index >> 3)) >> (index & 7)) & 1) << 4;
}

function signed(value: number): number {
  return (value << 24) >> 24;
}

/** The eight 6-bit scales and minima of a K block lie in twelve bytes. */
function partScale(bytes: Uint8Array, at: number, part: number): number {
  return part < 4
    ? byte(bytes, at + part) & 63
    : (byte(bytes, at + part + 4) & 15) | ((byte(bytes, at + part - 4) >> 6) << 4);
}

function partLeast(bytes: Uint8Array, at: number, part: number): number {
  return part < 4
    ? byte(bytes, at + part + 4) & 63
    : (byte(bytes, at + part + 4) >> 4) | ((byte(bytes, at + part) >> 6) << 4);
}
