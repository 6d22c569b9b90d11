// Quantised weights go into one quantised file for a checkpoint and a precision, made once and found again by a key of the
// weights' content. They stream: one stretch of one tensor is in memory at a time.
import type { FileHandle } from 'node:fs/promises';
import type { Checkpoint, TensorLocation } from '../checkpoint/types';
import { EngineError, throwIfCancelled } from '../errors';
import { writeAt } from './quantisedWeightsFile';
import {
  isByChannel,
  QUANTISED_FORMAT,
  type QuantisedEntry,
  type QuantisedLayout,
  type QuantisedPrecision,
  quantisedLayout,
  quantisedTensors,
} from './quantisedWeightsLayout';
import {
  allFinite,
  LARGEST_OF_EIGHT_BITS,
  LARGEST_OF_SEVEN_BITS,
  quantiseBlocks,
  quantiseChannels,
} from './rounding';
import { ensureSideFile, type OpenFiles } from './sideFiles';
import { TensorReader } from './tensorReader';
import type { QuantiseProgress } from './types';

/** What bounds the memory; the file is the same whatever they are. */
interface QuantiseLimits {
  /** Weights that are read and rounded between two looks at the signal. */
  readonly stretch: number;
  /** Bytes of transposed int8 weights held before they are written: most tensors whole, a large head in pieces. */
  readonly tile: number;
}
const LIMITS: QuantiseLimits = { stretch: 1 << 21, tile: 64 << 20 };

export interface QuantiseContext {
  readonly signal?: AbortSignal;
  /** Counts weights. Called only where the file has to be made. */
  readonly onProgress?: (progress: QuantiseProgress) => void;
}

export interface QuantisedWeights {
  readonly file: string;
  readonly layout: QuantisedLayout;
}

/** Finds the checkpoint's quantised file in the folder, or makes it. @throws EngineError */
export async function ensureQuantisedWeights(
  checkpoint: Checkpoint,
  precision: QuantisedPrecision,
  folder: string,
  context: QuantiseContext = {},
  limits = LIMITS,
): Promise<QuantisedWeights> {
  const tensors = quantisedTensors(checkpoint.tensors, precision);
  for (const { tensor } of tensors) requireMatrix(tensor);
  return ensureSideFile({
    name: checkpoint.name,
    folder,
    kind: precision,
    purpose: `${QUANTISED_FORMAT} ${precision}`,
    tensors: tensors.map(({ tensor }) => tensor),
    layoutOf: (identity) => quantisedLayout(tensors, precision, identity),
    fill: async (handle, layout, files) => {
      await quantiseAll(layout, files, handle, context, limits);
      // The session takes its memory next, and what was read and rounded would stay beside it until somebody asks for something.
      globalThis.gc?.();
    },
    ...(context.signal ? { signal: context.signal } : {}),
  });
}

function requireMatrix(tensor: TensorLocation): void {
  if (tensor.shape.length === 2) return;
  throw new EngineError(
    'quantisation-failed',
    `${tensor.name} is not a matrix but has shape [${tensor.shape}]. Load the model in fp32.`,
    { tensor: tensor.name },
  );
}

async function quantiseAll(
  layout: QuantisedLayout,
  files: OpenFiles,
  target: FileHandle,
  { signal, onProgress }: QuantiseContext,
  limits: QuantiseLimits,
): Promise<void> {
  const total = layout.entries.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const reader = new TensorReader();
  let done = 0;
  onProgress?.({ done, total });
  for (const entry of layout.entries) {
    const source = await files.get(entry.tensor.file);
    const readRows = async (first: number, count: number): Promise<Float32Array> => {
      throwIfCancelled(signal);
      const weights = await reader.read(source, entry.tensor, first * entry.columns, count * entry.columns);
      if (!allFinite(weights)) {
        throw new EngineError(
          'quantisation-failed',
          `${entry.tensor.name} has weights that are infinite or not a number. Download the checkpoint again.`,
          { tensor: entry.tensor.name },
        );
      }
      return weights;
    };
    const advance = (rows: number) => {
      done += rows * entry.columns;
      onProgress?.({ done, total });
    };
    if (isByChannel(entry.rounding)) await writeChannels(entry, limits, readRows, target, advance);
    else await writeBlocks(entry, limits, readRows, target, advance);
  }
}

type ReadRows = (first: number, count: number) => Promise<Float32Array>;

async function writeBlocks(
  { rows, columns, rounding, weights, scales }: QuantisedEntry,
  limits: QuantiseLimits,
  readRows: ReadRows,
  target: FileHandle,
  advance: (rows: number) => void,
): Promise<void> {
  const bits = rounding === 'q4' ? 4 : 8;
  const stretch = Math.max(1, Math.floor(limits.stretch / columns));
  for (let first = 0; first < rows; first += stretch) {
    const count = Math.min(stretch, rows - first);
    const rounded = quantiseBlocks(await readRows(first, count), count, columns, bits);
    await writeAt(target, rounded.packed, weights.offset + (weights.length / rows) * first);
    await writeAt(target, bytesOf(rounded.scales), scales.offset + (scales.length / rows) * first);
    advance(count);
  }
}

async function writeChannels(
  { rows, columns, rounding, weights, scales }: QuantisedEntry,
  limits: QuantiseLimits,
  readRows: ReadRows,
  target: FileHandle,
  advance: (rows: number) => void,
): Promise<void> {
  const tileRows = Math.min(rows, Math.max(1, Math.floor(limits.tile / columns)));
  const stretch = Math.max(1, Math.floor(limits.stretch / columns));
  const tile = new Int8Array(tileRows * columns);
  const largest = rounding === 'int7' ? LARGEST_OF_SEVEN_BITS : LARGEST_OF_EIGHT_BITS;
  for (let start = 0; start < rows; start += tileRows) {
    const width = Math.min(tileRows, rows - start);
    for (let first = 0; first < width; first += stretch) {
      const count = Math.min(stretch, width - first);
      const values = await readRows(start + first, count);
      const rounded = quantiseChannels(values, count, columns, largest, tile, width, first);
      await writeAt(target, bytesOf(rounded), scales.offset + 4 * (start + first));
      advance(count);
    }
    if (width === rows) await writeAt(target, bytesOf(tile), weights.offset);
    else {
      for (let column = 0; column < columns; column++) {
        const row = tile.subarray(column * width, (column + 1) * width);
        await writeAt(target, bytesOf(row), weights.offset + column * rows + start);
      }
    }
  }
}

function bytesOf(values: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
