// Reads weights as fp32, a stretch at a time: no more of a model is in memory than one stretch.
import type { FileHandle } from 'node:fs/promises';
import { dequantise } from '../checkpoint/dequantise';
import { BLOCK_SIZES } from '../checkpoint/ggmlTypes';
import type { PackedType, TensorLocation } from '../checkpoint/types';
import { EngineError } from '../errors';

/** Reuses its buffers: what `read` gives is overwritten by the next call. */
export class TensorReader {
  private raw = new Uint8Array();
  private values = new Float32Array();
  private ordered = new Float32Array();

  /**
   * Values [start, start + count) of a tensor; of a packed one both are whole rows.
   * @throws EngineError `tensor-malformed` where the file ends early.
   */
  async read(file: FileHandle, tensor: TensorLocation, start: number, count: number): Promise<Float32Array> {
    const { packing } = tensor;
    const heads = packing?.interleavedHeads;
    if (heads === undefined) return this.stored(file, tensor, packing?.type ?? tensor.dtype, start, count);
    return this.deinterleaved(file, tensor, packing?.type ?? tensor.dtype, heads, start, count);
  }

  /** Values in the order of the file. */
  private async stored(
    file: FileHandle,
    tensor: TensorLocation,
    type: PackedType,
    start: number,
    count: number,
  ): Promise<Float32Array> {
    const block = BLOCK_SIZES[type];
    if (start % block.values !== 0 || count % block.values !== 0)
      throw new EngineError('internal', `${tensor.name} is read in parts of its blocks.`);
    const bytes = (count / block.values) * block.bytes;
    if (this.raw.length < bytes) this.raw = new Uint8Array(bytes);
    const raw = this.raw.subarray(0, bytes);
    let filled = 0;
    while (filled < raw.length) {
      const position = tensor.offset + (start / block.values) * block.bytes + filled;
      const { bytesRead } = await file.read(raw, filled, raw.length - filled, position);
      if (bytesRead === 0) {
        throw new EngineError(
          'tensor-malformed',
          `${tensor.file} ends inside ${tensor.name}. Download the checkpoint again.`,
          { file: tensor.file, tensor: tensor.name },
        );
      }
      filled += bytesRead;
    }
    if (type === 'F32') return new Float32Array(raw.buffer, 0, count);
    if (this.values.length < count) this.values = new Float32Array(count);
    const values = this.values.subarray(0, count);
    dequantise(type, raw, values);
    return values;
  }

  /** Rows of heads whose halves stand in pairs, each head's first half first: whole heads are read and put in order. */
  private async deinterleaved(
    file: FileHandle,
    tensor: TensorLocation,
    type: PackedType,
    heads: number,
    start: number,
    count: number,
  ): Promise<Float32Array> {
    const [rows = 1, columns = 1] = tensor.shape;
    const headSize = rows / heads;
    const half = headSize / 2;
    const first = start / columns;
    const last = (start + count) / columns;
    const from = Math.floor(first / headSize) * headSize;
    const to = Math.ceil(last / headSize) * headSize;
    const values = await this.stored(file, tensor, type, from * columns, (to - from) * columns);
    if (this.ordered.length < count) this.ordered = new Float32Array(count);
    const ordered = this.ordered.subarray(0, count);
    for (let row = first; row < last; row++) {
      const within = row % headSize;
      const source = row - within + 2 * (within % half) + Math.floor(within / half) - from;
      ordered.set(values.subarray(source * columns, (source + 1) * columns), (row - first) * columns);
    }
    return ordered;
  }
}
