// What a model takes in memory: its weights, from its headers alone and before anything is loaded, and what a pass computes
// in between. One estimate for `palimpsest check`, the model's description, and the refusals of what does not fit.

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

/** One run of the graph. */
export interface PassSize {
  /** Default 1. */
  readonly lanes?: number;
  /** New tokens of each lane. */
  readonly length: number;
  /** Cached positions. */
  readonly past: number;
  /** Rows that predictions are asked for, over all lanes. */
  readonly rows: number;
}

/** Bytes of logits that a slice of the head's rows may have. */
const SLICE_BYTES = 8 * 2 ** 20;
/** Tensors of a slice's logits that are there at once on the way to its predictions. */
const HEAD_TENSORS = 7;
/** Tensors of attention scores that are there at once. */
const SCORE_TENSORS = 3.2;
/** Shares of a token's widths that are there at once: of the MLP (a gated one's), and of the residual stream with its roundings. */
const FFN_TENSORS = 3;
const HIDDEN_TENSORS = 8;
/** The allocator rounds up, and needs something to begin with. */
const SLACK = 1.2;
const LEAST = 32 * 2 ** 20;
/** Node and ONNX Runtime themselves. */
export const PROCESS_BYTES = 110 * 2 ** 20;

/** Tokens of one pass over context that is encoded piece by piece, and of one that is encoded as a whole. */
const CHUNK = 256;
const WINDOW = 2048;

/** Most rows of the head that are computed at once. */
export function headRowsFor(vocabSize: number): number {
  return Math.max(1, Math.floor(SLICE_BYTES / (4 * vocabSize)));
}

/**
 * Bytes that a pass takes on the CPU beside the weights: an upper estimate within a third of what was measured
 * (docs/decisions/request-memory.md).
 */
export function passBytes(shape: DecoderShape, { lanes = 1, length, past, rows }: PassSize): number {
  const { vocabSize, heads, ffnSize, hiddenSize } = shape;
  const tokens = lanes * length;
  const head = HEAD_TENSORS * 4 * Math.min(rows, headRowsFor(vocabSize)) * vocabSize;
  const scores = SCORE_TENSORS * 4 * heads * tokens * (past + length);
  const activations = 4 * tokens * (FFN_TENSORS * ffnSize + HIDDEN_TENSORS * hiddenSize);
  return LEAST + SLACK * (head + scores + activations) + cacheBytesOf(shape, lanes * (past + length));
}

/** Bytes of the K/V of so many positions, fp32. */
function cacheBytesOf({ layers, kvHeads, headSize }: DecoderShape, positions: number): number {
  return positions * 2 * 4 * layers * kvHeads * headSize;
}

/** The largest pass that a request of this checkpoint makes by itself. */
export function largestPass({ shape, family }: Pick<Checkpoint, 'shape' | 'family'>): PassSize {
  const window = Math.min(shape.contextLength, family.window ?? WINDOW);
  const length = family.attention.kind === 'full' ? window : Math.min(window, CHUNK);
  return { length, past: window - length + 1, rows: length };
}

/** Bytes that a request of this checkpoint takes beside the weights at most. */
export function requestBytes(checkpoint: Pick<Checkpoint, 'shape' | 'family'>): number {
  return passBytes(checkpoint.shape, largestPass(checkpoint));
}

/** Most new tokens of a pass without a past that takes no more than `bytes`; 0 where not even one fits. */
export function longestPass(shape: DecoderShape, bytes: number): number {
  let most = 0;
  for (let step = 2 ** 14; step >= 1; step /= 2) {
    const length = most + step;
    if (passBytes(shape, { length, past: 1, rows: length }) <= bytes) most = length;
  }
  return most;
}

/** Weights of the linear layers, the head included. */
export function linearWeights(shape: DecoderShape): number {
  const { hiddenSize, layers, heads, kvHeads, headSize, ffnSize, vocabSize, mlp } = shape;
  const attention = 2 * hiddenSize * heads * headSize + 2 * hiddenSize * kvHeads * headSize;
  const ffn = (mlp === 'swiglu' ? 3 : 2) * hiddenSize * ffnSize;
  return layers * (attention + ffn) + vocabSize * hiddenSize;
}

/** Estimates for every precision; norms and biases come on top. */
export function memoryNeeds({ shape, tensors }: Pick<Checkpoint, 'shape' | 'tensors'>): MemoryNeed[] {
  const table = shape.vocabSize * shape.hiddenSize;
  const { dtype, packing } = tensors.embedding;
  const cacheBytes = cacheBytesOf(shape, 1000);
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
    const weightBytes = quantisedBytes + table * stored;
    return { precision, quantisedBytes, weightBytes, cacheBytes };
  });
}
