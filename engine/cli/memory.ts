// What a model will take in memory, from its headers alone, before anything is loaded.
import type { Checkpoint, DecoderShape, TensorDtype } from '../checkpoint/types';
import { quantisedLayout, quantisedTensors } from '../graph/quantisedWeightsLayout';
import { PRECISIONS, type Precision } from '../graph/types';

export interface MemoryNeed {
  readonly precision: Precision;
  /** Quantised file with the quantised weights; 0 where the precision has none. */
  readonly quantisedBytes: number;
  /** Weights as they stand in memory, the embedding table included. */
  readonly weightBytes: number;
  /** K/V cache of 1,000 tokens, fp32. */
  readonly cacheBytes: number;
}

const STORED_BYTES: Readonly<Record<TensorDtype, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Weights of the linear layers, the head included. */
export function linearWeights(shape: DecoderShape): number {
  const { hiddenSize, layers, heads, kvHeads, headSize, ffnSize, vocabSize } = shape;
  const attention = 2 * hiddenSize * heads * headSize + 2 * hiddenSize * kvHeads * headSize;
  return layers * (attention + 3 * hiddenSize * ffnSize) + vocabSize * hiddenSize;
}

/** Estimates for every precision; norms, biases and what a pass computes in between come on top. */
export function memoryNeeds({
  shape,
  storedDtype,
  tensors,
}: Pick<Checkpoint, 'shape' | 'storedDtype' | 'tensors'>): MemoryNeed[] {
  const stored = STORED_BYTES[storedDtype];
  const embedding = shape.vocabSize * shape.hiddenSize * stored;
  const cacheBytes = 1000 * 2 * 4 * shape.layers * shape.kvHeads * shape.headSize;
  return PRECISIONS.map((precision) => {
    if (precision === 'fp32' || precision === 'fp16') {
      const width = precision === 'fp32' ? 4 : 2;
      // A tied head that keeps the precision of the file is the embedding table itself.
      const shared = shape.tiedHead && width === stored;
      const weightBytes = linearWeights(shape) * width + (shared ? 0 : embedding);
      return { precision, quantisedBytes: 0, weightBytes, cacheBytes };
    }
    const quantisedBytes = quantisedLayout(quantisedTensors(tensors, precision), precision, {}).bytes;
    return { precision, quantisedBytes, weightBytes: quantisedBytes + embedding, cacheBytes };
  });
}

export function megabytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} MiB`;
}
