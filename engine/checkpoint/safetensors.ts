// Where each tensor lies in a safetensors file. Only the header is read: a 16 GB checkpoint opens in milliseconds.
// Format: 8 bytes little-endian header length, JSON header, data (github.com/huggingface/safetensors, README).
import { open } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../errors';
import { NON_BLOCKING } from '../note';
import { brief } from './fields';
import {
  isLfsPointer,
  isMissing,
  isObject,
  lfsPointer,
  own,
  parseJsonObject,
  readFully,
  unreadable,
} from './json';
import type { TensorDtype, TensorLocation } from './types';

/** The format allows ten times that; a file of 60,000 tensors has 8 MB. */
const MAX_HEADER_BYTES = 10_000_000;

/** Bytes an element of the dtypes that the format names; a dtype not listed has an unknown size. */
const DTYPE_BYTES: ReadonlyMap<string, number> = new Map([
  ['BOOL', 1],
  ['U8', 1],
  ['I8', 1],
  ['F8_E4M3', 1],
  ['F8_E5M2', 1],
  ['I16', 2],
  ['U16', 2],
  ['F16', 2],
  ['BF16', 2],
  ['I32', 4],
  ['U32', 4],
  ['F32', 4],
  ['I64', 8],
  ['U64', 8],
  ['F64', 8],
]);

/** A tensor as its header describes it; the dtype is not yet known to be one that we can use. */
export interface StoredTensor extends Omit<TensorLocation, 'dtype'> {
  readonly dtype: string;
}

export function isUsableDtype(dtype: string): dtype is TensorDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/**
 * Reads the header of one file.
 * @param file absolute path with links resolved
 * @throws EngineError `checkpoint-missing`, `checkpoint-malformed` (the file as a whole), `tensor-malformed`
 */
export async function readSafetensorsHeader(file: string): Promise<Map<string, StoredTensor>> {
  const name = path.basename(file);
  try {
    const handle = await open(file, NON_BLOCKING);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw bad(name, 'is not a regular file');
      const start = Buffer.alloc(64);
      const read = await readFully(handle, start, 0);
      if (isLfsPointer(start)) throw lfsPointer(file, 'checkpoint-malformed');
      if (read < 8) throw bad(name, 'is truncated: it ends before its header');
      const length = start.readBigUInt64LE(0);
      if (length > BigInt(MAX_HEADER_BYTES))
        throw bad(name, `claims a header of ${length} bytes, which is too long`);
      if (length > BigInt(stat.size - 8)) throw bad(name, 'is truncated: it ends inside its header');
      const header = Buffer.alloc(Number(length));
      if ((await readFully(handle, header, 8)) < header.length)
        throw bad(name, 'is truncated: it ends inside its header');
      return parseSafetensorsHeader(header, file, stat.size - 8 - header.length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (isMissing(error)) {
      throw new EngineError('checkpoint-missing', `${name} is missing. Download it again.`, { file });
    }
    throw unreadable(file, error);
  }
}

function bad(name: string, what: string): EngineError {
  return new EngineError('checkpoint-malformed', `${name} ${what}. Download it again.`, { file: name });
}

/**
 * Checks a header against the number of data bytes behind it.
 * @param header the JSON bytes
 * @param dataBytes length of the file after the header
 */
export function parseSafetensorsHeader(
  header: Uint8Array,
  file: string,
  dataBytes: number,
): Map<string, StoredTensor> {
  const object = parseJsonObject(header, file, 'checkpoint-malformed');
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(object)) {
    if (name === '__metadata__') continue;
    tensors.set(name, storedTensor(name, entry, file, 8 + header.length, dataBytes));
  }
  refuseOverlap(tensors, file);
  return tensors;
}

function storedTensor(
  name: string,
  entry: unknown,
  file: string,
  dataStart: number,
  dataBytes: number,
): StoredTensor {
  const fail = (what: string) => malformedTensor(name, file, what);
  if (!isObject(entry)) throw fail('is not described by an object');
  const dtype = own(entry, 'dtype');
  const shape = own(entry, 'shape');
  const offsets = own(entry, 'data_offsets');
  if (typeof dtype !== 'string') throw fail('has no dtype');
  if (!isCounts(shape)) throw fail('has a shape that is not a list of whole numbers');
  if (!isCounts(offsets)) throw fail('has offsets that are not whole numbers');
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2 || begin > end)
    throw fail('has offsets out of order');
  if (end > dataBytes) throw fail('runs past the end of the file (is the download complete?)');
  const elementBytes = DTYPE_BYTES.get(dtype);
  if (elementBytes !== undefined) {
    const expected = shape.reduce((product, size) => product * size, elementBytes);
    if (!Number.isSafeInteger(expected) || expected !== end - begin)
      throw fail(`takes ${end - begin} bytes, not the ${expected} of its shape`);
  }
  return { name, dtype, shape, file, offset: dataStart + begin, length: end - begin };
}

function malformedTensor(name: string, file: string, what: string): EngineError {
  return new EngineError(
    'tensor-malformed',
    `The tensor ${brief(name)} of ${path.basename(file)} ${what}. Download the file again.`,
    { tensor: brief(name), file },
  );
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Gaps between tensors are harmless (some writers align); bytes that belong to two tensors are not. */
function refuseOverlap(tensors: ReadonlyMap<string, StoredTensor>, file: string): void {
  const byOffset = [...tensors.values()].filter((t) => t.length > 0).sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const tensor of byOffset) {
    if (tensor.offset < end) throw malformedTensor(tensor.name, file, 'overlaps another tensor');
    end = tensor.offset + tensor.length;
  }
}
