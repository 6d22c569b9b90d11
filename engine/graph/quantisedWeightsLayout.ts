// Where quantised weights lie in their quantised file. The layout and the header follow from the tensors alone, so a file
// is the right one exactly where it begins with the expected header and has the expected length.
import type { DecoderTensors, TensorLocation } from '../checkpoint/types';
import { DataType } from './onnxWriter';
import { BLOCK } from './rounding';
import type { Precision, WeightBits } from './types';

/** `int8`: queries, keys and values by block, as in q8. `int7`: the same with weights of seven bits, and the head by block. */
export type QuantisedPrecision = Exclude<Precision, 'fp32' | 'fp16'> | 'int7';

/** How a precision is kept; undefined: as the checkpoint has it. */
export function keptAs(precision: Precision, weightBits: WeightBits = 8): QuantisedPrecision | undefined {
  if (precision === 'fp32' || precision === 'fp16') return undefined;
  return precision === 'int8' && weightBits === 7 ? 'int7' : precision;
}

/** Whether weights have a scale an output channel, and not one a block. */
export function isByChannel(rounding: QuantisedPrecision): rounding is 'int8' | 'int7' {
  return rounding === 'int8' || rounding === 'int7';
}

/** Raise it with any change of layout or rounding: older files are then made again. */
export const QUANTISED_FORMAT = 4;

const MAGIC = 'PALIMPSQ';
const ALIGNMENT = 4096;

export interface QuantisedPart {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

export interface QuantisedEntry {
  readonly tensor: TensorLocation;
  /** [out, in] */
  readonly rows: number;
  readonly columns: number;
  readonly rounding: QuantisedPrecision;
  readonly weights: QuantisedPart;
  readonly scales: QuantisedPart;
}

/** A file of the cache: its beginning, and how long it is. */
export interface WeightsLayout {
  readonly header: Uint8Array;
  /** Length of the whole file but for the checksums behind it. */
  readonly bytes: number;
}

export interface QuantisedLayout extends WeightsLayout {
  readonly entries: readonly QuantisedEntry[];
}

/** The tensors that a quantised precision holds a copy of, each once: projections and head. */
export function quantisedTensors(tensors: DecoderTensors, precision: QuantisedPrecision): readonly Rounded[] {
  // Attention goes by differences between large numbers: with one scale for a whole row of activations, the first token behind a
  // prompt's last marker is another one in a model with biases as large as Qwen2's, and with four bits it is, too (docs/decisions/precision.md).
  const projections = tensors.layers.flatMap((layer) => [
    ...[layer.query, layer.key, layer.value].map((tensor) => ({ tensor, rounding: 'q8' as const })),
    ...[layer.attentionOut, ...(layer.gate ? [layer.gate] : []), layer.up, layer.down].map((tensor) => ({
      tensor,
      rounding: precision,
    })),
  ]);
  return [
    ...projections,
    // The head decides between tokens: where others have fewer bits it keeps 8, by block. In int7 that takes three quarters of the
    // divergence away.
    { tensor: tensors.head, rounding: precision === 'q4' || precision === 'int7' ? 'q8' : precision },
  ];
}

export interface Rounded {
  readonly tensor: TensorLocation;
  readonly rounding: QuantisedPrecision;
}

/**
 * @param identity what else the file depends on: the weights' fingerprint and the times of the files they are from
 */
export function quantisedLayout(
  tensors: readonly Rounded[],
  precision: QuantisedPrecision,
  identity: Readonly<Record<string, unknown>>,
): QuantisedLayout {
  const parts = tensors.map(({ tensor, rounding }) => {
    const [rows = 1, columns = 1] = tensor.shape;
    return { tensor, rounding, rows, columns, ...partShapes(rounding, rows, columns) };
  });
  const header = headerOf({
    format: QUANTISED_FORMAT,
    precision,
    ...identity,
    tensors: parts.map(({ tensor, rounding }) => [tensor.name, tensor.dtype, tensor.shape, rounding]),
  });
  let end = header.length;
  const place = ({ type, shape, bytesEach }: PartShape): QuantisedPart => {
    const offset = aligned(end);
    const length = shape.reduce((product, count) => product * count, bytesEach);
    end = offset + length;
    return { type, shape, offset, length };
  };
  const entries = parts.map(({ weights, scales, ...rest }) => ({
    ...rest,
    weights: place(weights),
    scales: place(scales),
  }));
  return { entries, header, bytes: end };
}

/** What a file of the cache begins with: a description of all that it holds. */
export function headerOf(description: Readonly<Record<string, unknown>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(description));
  const header = new Uint8Array(aligned(MAGIC.length + 4 + json.length));
  header.set(new TextEncoder().encode(MAGIC));
  new DataView(header.buffer).setUint32(MAGIC.length, json.length, true);
  header.set(json, MAGIC.length + 4);
  return header;
}

interface PartShape {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly bytesEach: number;
}

function partShapes(
  rounding: QuantisedPrecision,
  rows: number,
  columns: number,
): { readonly weights: PartShape; readonly scales: PartShape } {
  if (isByChannel(rounding)) {
    return {
      weights: { type: DataType.INT8, shape: [columns, rows], bytesEach: 1 },
      scales: { type: DataType.FLOAT, shape: [rows], bytesEach: 4 },
    };
  }
  const blocks = Math.ceil(columns / BLOCK);
  const bytesPerBlock = rounding === 'q8' ? BLOCK : BLOCK / 2;
  return {
    weights: { type: DataType.UINT8, shape: [rows, blocks, bytesPerBlock], bytesEach: 1 },
    scales: { type: DataType.FLOAT, shape: [rows, blocks], bytesEach: 4 },
  };
}

/** Parts begin at whole pages, so that they can be mapped. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
