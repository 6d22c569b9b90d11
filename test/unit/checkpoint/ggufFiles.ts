// Writes small GGUF files for the tests, field by field, so that every field can lie.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './folders';

const UINT32 = 4;
const FLOAT32 = 6;
const BOOL = 7;
export const STRING = 8;
export const ARRAY = 9;

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

/** A key, its type and its value's bytes. */
export function pair(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([text(key), uint32(type), value]);
}

export const string = (key: string, value: string) => pair(key, STRING, text(value));
export const number = (key: string, value: number) => pair(key, UINT32, uint32(value));

export const truth = (key: string, value: boolean) => pair(key, BOOL, Buffer.from([value ? 1 : 0]));

export function float(key: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return pair(key, FLOAT32, bytes);
}

export function strings(key: string, values: readonly string[]): Buffer {
  return pair(key, ARRAY, Buffer.concat([uint32(STRING), uint64(values.length), ...values.map(text)]));
}

export function numbers(key: string, values: readonly number[]): Buffer {
  return pair(key, ARRAY, Buffer.concat([uint32(UINT32), uint64(values.length), ...values.map(uint32)]));
}

interface TensorInfo {
  readonly name: string;
  /** Innermost first, as the file has it. */
  readonly sizes: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
}

export interface GgufParts {
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: number | bigint;
  readonly pairCount?: number | bigint;
  readonly pairs?: readonly Buffer[];
  readonly tensors?: readonly TensorInfo[];
  readonly dataBytes?: number;
}

export function gguf(parts: GgufParts): Buffer {
  const { pairs = [], tensors = [] } = parts;
  const head = Buffer.concat([
    Buffer.from(parts.magic ?? 'GGUF'),
    uint32(parts.version ?? 3),
    uint64(parts.tensorCount ?? tensors.length),
    uint64(parts.pairCount ?? pairs.length),
    ...pairs,
    ...tensors.map(({ name, sizes, type = 0, offset = 0 }) =>
      Buffer.concat([text(name), uint32(sizes.length), ...sizes.map(uint64), uint32(type), uint64(offset)]),
    ),
  ]);
  const padded = Buffer.alloc(Math.ceil(head.length / 32) * 32);
  head.copy(padded);
  return Buffer.concat([padded, Buffer.alloc(parts.dataBytes ?? 0)]);
}

/** A whole file with one pair more. Its data must not leave the alignment, so a pair that nobody reads fills up what is missing. */
export function withPair(file: Buffer, added: Buffer): Buffer {
  const filler = string('x', '');
  const missing = -(added.length + filler.length) & 31;
  const pairs = [added, string('x', '-'.repeat(missing))];
  const count = Buffer.from(file.subarray(16, 24));
  count.writeBigUInt64LE(count.readBigUInt64LE() + BigInt(pairs.length));
  return Buffer.concat([file.subarray(0, 16), count, ...pairs, file.subarray(24)]);
}

/** The bytes as a file that goes away with the test. */
export function ggufFile(t: TestContext, bytes: Buffer, name = 'model.gguf'): string {
  const file = path.join(temporaryFolder(t), name);
  writeFileSync(file, bytes);
  return file;
}
