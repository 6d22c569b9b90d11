// What a model will take in memory, from its headers alone, before anything is loaded.

import { BLOCK_SIZES } from '../checkpoint/ggmlTypes';
import type { Checkpoint, DecoderShape } from '../checkpoint/types';
import { quantisedLayout, quantisedTensors } from './quantisedWeightsLayout';
import { PRECISIONS, type Precision } from './types';

export interface MemoryNeed {
  readonly precision: Precision;
  /** Quantised file with the quantised weights; 0 where the precision has none. */
  readonly quantisedBytes: number;
  /** Weights as they stand in memory, the embedding table included. */
  readonly weightBytes: number;
  /** K/V cache of 1,000 tokens, fp32. */
  readonly cacheBytes: number;
}

/** Weights of the linear layers, the head included. */
export function linearWeights(shape: DecoderShape): number {
  const { hiddenSize, layers, heads, kvHeads, headSize, ffnSize, vocabSize } = shape;
  const attention = 2 * hiddenSize * heads * headSize + 2 * hiddenSize * kvHeads * headSize;
  return layers * (attention + 3 * hiddenSize * ffnSize) + vocabSize * hiddenSize;
}

/** Estimates for every precision; norms, biases and what a pass computes in between come on top. */
export function memoryNeeds({ shape, tensors }: Pick<Checkpoint, 'shape' | 'tensors'>): MemoryNeed[] {
  const table = shape.vocabSize * shape.hiddenSize;
  const { dtype, packing } = tensors.embedding;
  const cacheBytes = 1000 * 2 * 4 * shape.layers * shape.kvHeads * shape.headSize;
  return PRECISIONS.map((precision) => {
    // A packed table is unpacked into the cache: exactly in fp32, to 16 bits else (graph/unpack.ts).
    const stored = packing === undefined ? BLOCK_SIZES[dtype].bytes : precision === 'fp32' ? 4 : 2;
    if (precision === 'fp32' || precision === 'fp16') {
      const width = precision === 'fp32' ? 4 : 2;
      // A tied head that keeps the precision of the file is the embedding table itself.
      const shared = shape.tiedHead && width === stored;
      const weightBytes = linearWeights(shape) * width + (shared ? 0 : table * stored);
      return { precision, quantisedBytes: 0, weightBytes, cacheBytes };
    }
    const quantisedBytes = quantisedLayout(quantisedTensors(tensors, precision), precision, {}).bytes;
    return { precision, quantisedBytes, weightBytes: quantisedBytes + table * stored, cacheBytes };
  });
}
