// Packed tensors (GGUF's blocks) that the graph reads as plain values go into one file of the cache, made once and
// found again by the weights' content, as quantised weights are: streamed, atomic, with checksums.
import type { FileHandle } from 'node:fs/promises';
import { narrow } from '../checkpoint/halves';
import { usedTensors } from '../checkpoint/tensors';
import type { Checkpoint, DecoderTensors, TensorLocation } from '../checkpoint/types';
import { EngineError, isEngineError, throwIfCancelled } from '../errors';
import type { QuantiseContext } from './quantise';
import { checkedLength } from './quantisedWeightsCheck';
import { writeAt } from './quantisedWeightsFile';
import { aligned, headerOf, quantisedTensors } from './quantisedWeightsLayout';
import { allFinite } from './rounding';
import { ensureSideFile, type OpenFiles } from './sideFiles';
import { TensorReader } from './tensorReader';
import type { Precision } from './types';

/** Values that are read and written between two looks at the signal. */
const STRETCH = 1 << 21;
/** Raise it with any change of layout: older files are then made again. */
const FORMAT = 1;

export interface Unpacked {
  /** The tensors as the graph may point at them, but for those that a quantised precision has a copy of. */
  readonly tensors: DecoderTensors;
  /** Bytes of the file in the cache; 0 where none was needed. */
  readonly bytes: number;
}

/** Whether some of the weights cannot be used where they lie. */
export function isPacked({ tensors }: Pick<Checkpoint, 'tensors'>): boolean {
  return usedTensors(tensors).some(({ packing }) => packing !== undefined);
}

/**
 * Finds or makes the unpacked weights that a precision needs: all of them in fp32 and fp16, and what is not quantised
 * (the embedding table, above all) in the others. In fp32 values are exactly the file's; else matrices are fp16.
 * @throws EngineError `disk-full`, `quantisation-failed`, `tensor-malformed`, `cancelled`
 */
export async function unpackTensors(
  checkpoint: Checkpoint,
  precision: Precision,
  folder: string,
  context: QuantiseContext = {},
): Promise<Unpacked> {
  const { tensors } = checkpoint;
  const wanted = packedTensors(tensors, precision);
  if (wanted.length === 0) return { tensors, bytes: 0 };
  const suffix = precision === 'fp32' ? 'fp32' : 'fp16';
  const { file, layout } = await ensureSideFile({
    name: checkpoint.name,
    folder,
    kind: `unpacked-${suffix}`,
    purpose: `unpacked ${FORMAT} ${precision}`,
    tensors: wanted,
    layoutOf: (identity) => unpackedLayout(wanted, suffix, identity),
    fill: (handle, made, files) => unpackAll(made.entries, files, handle, context),
    ...(context.signal ? { signal: context.signal } : {}),
  }).catch((error: unknown) => {
    throw packedDiskFull(error);
  });
  const replaced = new Map(
    layout.entries.map((entry) => [
      entry.tensor.name,
      {
        name: entry.tensor.name,
        dtype: entry.dtype,
        shape: entry.tensor.shape,
        file,
        offset: entry.offset,
        length: entry.length,
      },
    ]),
  );
  return {
    tensors: mapTensors(tensors, (tensor) => replaced.get(tensor.name) ?? tensor),
    bytes: checkedLength(layout.bytes),
  };
}

function packedTensors(tensors: DecoderTensors, precision: Precision): readonly TensorLocation[] {
  const packed = usedTensors(tensors).filter(({ packing }) => packing !== undefined);
  if (precision === 'fp32' || precision === 'fp16') return packed;
  const quantised = new Set(quantisedTensors(tensors, precision).map(({ tensor }) => tensor.name));
  // A tied head is quantised, and gathered from as a table.
  return packed.filter(({ name }) => name === tensors.embedding.name || !quantised.has(name));
}

function mapTensors(
  { layers, ...outside }: DecoderTensors,
  map: (tensor: TensorLocation) => TensorLocation,
): DecoderTensors {
  const mapEach = <T extends object>(tensors: T) =>
    Object.fromEntries(Object.entries(tensors).map(([role, tensor]) => [role, map(tensor)])) as T;
  return { ...mapEach(outside), layers: layers.map(mapEach) };
}

interface Entry {
  readonly tensor: TensorLocation;
  readonly dtype: 'F32' | 'F16';
  readonly offset: number;
  readonly length: number;
}

function unpackedLayout(
  tensors: readonly TensorLocation[],
  unpacked: 'fp32' | 'fp16',
  identity: Readonly<Record<string, unknown>>,
) {
  const exact = unpacked === 'fp32';
  const header = headerOf({
    format: FORMAT,
    unpacked,
    ...identity,
    tensors: tensors.map(({ name, packing, shape }) => [name, packing?.type, shape]),
  });
  let end = header.length;
  const entries = tensors.map((tensor): Entry => {
    const dtype = exact || tensor.shape.length < 2 ? 'F32' : 'F16';
    const offset = aligned(end);
    const length = tensor.shape.reduce((product, size) => product * size, dtype === 'F32' ? 4 : 2);
    end = offset + length;
    return { tensor, dtype, offset, length };
  });
  return { entries, header, bytes: end };
}

async function unpackAll(
  entries: readonly Entry[],
  files: OpenFiles,
  target: FileHandle,
  { signal, onProgress }: QuantiseContext,
): Promise<void> {
  const total = entries.reduce((sum, { tensor }) => sum + count(tensor), 0);
  const reader = new TensorReader();
  let done = 0;
  onProgress?.({ done, total });
  for (const { tensor, dtype, offset } of entries) {
    const source = await files.get(tensor.file);
    const columns = tensor.shape.length > 1 ? (tensor.shape.at(-1) ?? 1) : 1;
    const rows = count(tensor) / columns;
    const stretch = tensor.shape.length > 1 ? Math.max(1, Math.floor(STRETCH / columns)) : rows;
    for (let first = 0; first < rows; first += stretch) {
      throwIfCancelled(signal);
      const size = Math.min(stretch, rows - first) * columns;
      const values = await reader.read(source, tensor, first * columns, size);
      const bytes = dtype === 'F32' ? bytesOf(values) : halvesOf(values);
      if (!allFinite(values) || bytes === undefined) throw outOfRange(tensor, dtype);
      await writeAt(target, bytes, offset + first * columns * (dtype === 'F32' ? 4 : 2));
      done += size;
      onProgress?.({ done, total });
    }
  }
}

function count({ shape }: TensorLocation): number {
  return shape.reduce((product, size) => product * size, 1);
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** fp16, or undefined where a value is beyond its range. */
function halvesOf(values: Float32Array): Uint8Array | undefined {
  const halves = new Uint16Array(values.length);
  narrow(values, halves);
  return halves.some((half) => (half & 0x7c00) === 0x7c00) ? undefined : new Uint8Array(halves.buffer);
}

function outOfRange({ name }: TensorLocation, dtype: 'F32' | 'F16'): EngineError {
  const what =
    dtype === 'F32'
      ? 'weights that are infinite or not a number. Download the checkpoint again.'
      : 'weights that do not fit in 16 bits. Load the model in fp32.';
  return new EngineError('quantisation-failed', `${name} has ${what}`, { tensor: name });
}

/** What a full disk means for packed weights: to load them in fp32, the advice for others, would take more room. */
export function packedDiskFull(error: unknown): unknown {
  if (!isEngineError(error) || error.code !== 'disk-full') return error;
  const { bytes, folder } = error.data;
  return new EngineError(
    'disk-full',
    `The weights of this GGUF file need ${Math.ceil(Number(bytes) / 1e6)} MB in ${String(folder)}, and the disk is full. Free some space there, or choose a smaller file of this model.`,
    error.data,
    { cause: error },
  );
}
