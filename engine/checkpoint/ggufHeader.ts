// What a GGUF file holds and where: key-value pairs and tensor infos, none of which is believed before it is checked
// against the file. Format: ggml's docs/gguf.md, versions 2 and 3. Why no library reads it: docs/decisions/gguf.md.
import { open } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../errors';
import { NON_BLOCKING } from '../note';
import { BadValue, ByteCursor, NeedsMore } from './byteCursor';
import { brief } from './fields';
import { BLOCK_SIZES, READABLE_NAMES, readableType, typeName } from './ggmlTypes';
import { isLfsPointer, isMissing, lfsPointer, readFully, unreadable } from './json';
import type { PackedType } from './types';

type GgufScalar = number | boolean | string;
export type GgufValue = GgufScalar | readonly GgufScalar[];

/** A tensor as the header describes it. */
export interface GgufTensor {
  readonly name: string;
  readonly type: PackedType;
  /** Outermost first, as PyTorch has it; the file has it the other way round. */
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** The longest header that is read; a vocabulary of 256k tokens with its merges takes some 12 MB. */
const MOST_HEADER_BYTES = 1 << 27;
/** What is read at first: enough for most files. */
const FIRST_READ = 1 << 23;
const MOST_PAIRS = 1 << 16;
const MOST_TENSORS = 1 << 17;
/** In all lists together; the largest vocabulary known has 1.3 million with its kinds, scores and merges. */
const MOST_VALUES = 3_000_000;
const LONGEST_STRING = 1 << 24;
const LONGEST_NAME = 1 << 10;
const MOST_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;
const LARGEST_ALIGNMENT = 1 << 20;
/** "GGUF", read as a little-endian number. */
const MAGIC = 0x46554747;

/**
 * @param file absolute path with links resolved
 * @throws EngineError `checkpoint-missing`, `checkpoint-malformed` (the file as a whole), `tensor-malformed`
 */
export async function readGgufHeader(file: string): Promise<GgufHeader> {
  const name = path.basename(file);
  try {
    const handle = await open(file, NON_BLOCKING);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw bad(name, 'is not a regular file');
      const most = Math.min(stat.size, MOST_HEADER_BYTES);
      // Doubling reads no more than twice what the header takes.
      for (let size = Math.min(FIRST_READ, most); ; size = Math.min(2 * size, most)) {
        const bytes = Buffer.allocUnsafe(size);
        const start = bytes.subarray(0, await readFully(handle, bytes, 0));
        if (isLfsPointer(start)) throw lfsPointer(file, 'checkpoint-malformed');
        const header = parseGgufHeader(start, file, stat.size);
        if (header) return header;
        if (size === most) throw bad(name, `has a header of more than ${MOST_HEADER_BYTES} bytes`);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (isMissing(error))
      throw new EngineError('checkpoint-missing', `${file} does not exist. Check the path.`, { file });
    throw unreadable(file, error);
  }
}

function bad(name: string, what: string): EngineError {
  return new EngineError('checkpoint-malformed', `${name} ${what}. Download it again.`, { file: name });
}

/**
 * Parses the header at the beginning of a file of `fileBytes` bytes.
 * @param bytes the file's first bytes
 * @returns undefined where the header goes on behind `bytes`
 * @throws EngineError as `readGgufHeader`
 */
export function parseGgufHeader(bytes: Uint8Array, file: string, fileBytes: number): GgufHeader | undefined {
  try {
    return parse(new ByteCursor(bytes, fileBytes), file, fileBytes);
  } catch (error) {
    if (error instanceof NeedsMore) return undefined;
    if (error instanceof BadValue) throw bad(path.basename(file), error.message);
    throw error;
  }
}

function parse(cursor: ByteCursor, file: string, fileBytes: number): GgufHeader {
  if (cursor.left < 4 || cursor.uint32() !== MAGIC) throw new BadValue('is not a GGUF file');
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) {
    const isBigEndian = version > 0xffff;
    throw new BadValue(
      isBigEndian
        ? 'is big-endian, which is not supported'
        : `has version ${version} of GGUF; versions 2 and 3 can be read`,
    );
  }
  const tensorCount = cursor.uint64();
  const pairCount = cursor.uint64();
  if (tensorCount > MOST_TENSORS) throw new BadValue(`claims ${tensorCount} tensors`);
  if (pairCount > MOST_PAIRS) throw new BadValue(`claims ${pairCount} key-value pairs`);
  const metadata = readMetadata(cursor, pairCount);
  const infos = Array.from({ length: tensorCount }, () => readInfo(cursor));
  const alignment = alignmentOf(metadata);
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const info of infos) {
    if (tensors.has(info.name)) throw new BadValue(`has the tensor ${brief(info.name)} twice`);
    tensors.set(info.name, placed(info, { file, dataStart, alignment, fileBytes }));
  }
  refuseOverlap(tensors, file);
  return { metadata, tensors };
}

function alignmentOf(metadata: GgufHeader['metadata']): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const isGood =
    typeof alignment === 'number' &&
    Number.isInteger(alignment) &&
    alignment >= 8 &&
    alignment <= LARGEST_ALIGNMENT &&
    alignment % 8 === 0;
  if (!isGood) throw new BadValue(`has an alignment of ${brief(String(alignment))}`);
  return alignment;
}

function readMetadata(cursor: ByteCursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  let room = MOST_VALUES;
  for (let pair = 0; pair < count; pair++) {
    const key = cursor.text(LONGEST_NAME);
    if (metadata.has(key)) throw new BadValue(`repeats the key ${brief(key)}`);
    const value = readValue(cursor, cursor.uint32(), key, room);
    if (Array.isArray(value)) room -= value.length;
    metadata.set(key, value);
  }
  return metadata;
}

const ARRAY = 9;

interface ScalarType {
  /** Bytes that a value takes at least. */
  readonly least: number;
  readonly read: (cursor: ByteCursor) => GgufScalar;
}

const SCALARS: ReadonlyMap<number, ScalarType> = new Map([
  [0, { least: 1, read: (cursor) => cursor.uint8() }],
  [1, { least: 1, read: (cursor) => cursor.int8() }],
  [2, { least: 2, read: (cursor) => cursor.uint16() }],
  [3, { least: 2, read: (cursor) => cursor.int16() }],
  [4, { least: 4, read: (cursor) => cursor.uint32() }],
  [5, { least: 4, read: (cursor) => cursor.int32() }],
  [6, { least: 4, read: (cursor) => cursor.float32() }],
  [7, { least: 1, read: readBoolean }],
  [8, { least: 8, read: (cursor) => cursor.text(LONGEST_STRING) }],
  [10, { least: 8, read: (cursor) => cursor.uint64() }],
  [11, { least: 8, read: (cursor) => cursor.int64() }],
  [12, { least: 8, read: (cursor) => cursor.float64() }],
]);

function readBoolean(cursor: ByteCursor): boolean {
  const value = cursor.uint8();
  if (value > 1) throw new BadValue(`has a truth value of ${value}`);
  return value === 1;
}

function readValue(cursor: ByteCursor, type: number, key: string, room: number): GgufValue {
  if (type !== ARRAY) return scalarType(type, key).read(cursor);
  const element = scalarType(cursor.uint32(), key);
  const count = cursor.uint64();
  // Before anything is allocated: so many values would not fit into the header.
  if (count * element.least > Math.min(cursor.left, MOST_HEADER_BYTES))
    throw new BadValue(`claims a list of ${count} values for ${brief(key)}, which do not fit into the file`);
  if (count > room) throw new BadValue(`has lists of more than ${MOST_VALUES} values`);
  const values: GgufScalar[] = [];
  for (let index = 0; index < count; index++) values.push(element.read(cursor));
  return values;
}

function scalarType(type: number, key: string): ScalarType {
  const found = SCALARS.get(type);
  if (!found) throw new BadValue(`gives ${brief(key)} a value of the unknown type ${type}`);
  return found;
}

interface Info {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly start: number;
}

function readInfo(cursor: ByteCursor): Info {
  const name = cursor.text(LONGEST_NAME);
  const dimensions = cursor.uint32();
  if (dimensions > MOST_DIMENSIONS)
    throw new BadValue(`gives the tensor ${brief(name)} ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.uint64()).reverse();
  return { name, shape, type: cursor.uint32(), start: cursor.uint64() };
}

interface Place {
  readonly file: string;
  readonly dataStart: number;
  readonly alignment: number;
  readonly fileBytes: number;
}

function placed({ name, type: number, shape, start }: Info, place: Place): GgufTensor {
  const fail = (what: string) => malformedTensor(name, place.file, what);
  const type = readableType(number);
  if (type === undefined) {
    throw new EngineError(
      'tensor-malformed',
      `The tensor ${brief(name)} of ${path.basename(place.file)} is stored as ${typeName(number)}, which Palimpsest does not read. Use a file of the same model in another format, for example Q8_0 or Q4_K_M (${READABLE_NAMES.join(', ')} can be read).`,
      { tensor: brief(name), type: number },
    );
  }
  const block = BLOCK_SIZES[type];
  const innermost = shape.at(-1) ?? 1;
  if (innermost % block.values !== 0)
    throw fail(`has rows of ${innermost} values, which do not divide into blocks of ${block.values}`);
  const values = shape.reduce((product, size) => product * size, 1);
  const length = (values / block.values) * block.bytes;
  if (values < 1 || !Number.isSafeInteger(length)) throw fail(`has the shape [${shape.join(', ')}]`);
  if (start % place.alignment !== 0)
    throw fail(`begins at ${start}, which is not a multiple of ${place.alignment}`);
  const offset = place.dataStart + start;
  if (offset + length > place.fileBytes)
    throw fail('runs past the end of the file (is the download complete?)');
  return { name, type, shape, offset, length };
}

function malformedTensor(name: string, file: string, what: string): EngineError {
  return new EngineError(
    'tensor-malformed',
    `The tensor ${brief(name)} of ${path.basename(file)} ${what}. Download the file again.`,
    { tensor: brief(name), file },
  );
}

/** Gaps are padding; bytes that belong to two tensors are a lie. */
function refuseOverlap(tensors: ReadonlyMap<string, GgufTensor>, file: string): void {
  const byOffset = [...tensors.values()].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const tensor of byOffset) {
    if (tensor.offset < end) throw malformedTensor(tensor.name, file, 'overlaps another tensor');
    end = tensor.offset + tensor.length;
  }
}
