// What a model takes in memory: its weights, from its headers alone and before anything is loaded, and what a pass computes
// in between. One estimate for `palimpsest check`, the model's description, and the refusals of what does not fit.

import { BLOCK_SIZES } from '../checkpoint/ggmlTypes';
import type { Checkpoint, DecoderShape } from '../checkpoint/types';
import { isByChannel, keptAs, quantisedLayout, quantisedTensors } from './quantisedWeightsLayout';
import { PRECISIONS, type Precision, type WeightBits } from './types';

export interface MemoryNeed {
  readonly precision: Precision;
  /** Quantised file with the quantised weights; 0 where the precision has none. */
  readonly quantisedBytes: number;
  /** Weights as they stand in memory. An embedding table of its own is not in it: it stays in its file, and rows are read when they are wanted. */
  readonly weightBytes: number;
  /** Most that the weights take while they are loaded: the largest one is there twice until it is packed. */
  readonly loadingBytes: number;
  /** Weights on a GPU, the embedding table included: nobody has measured one yet (docs/gpu.md). */
  readonly deviceBytes: number;
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
  /** Lanes of the cached positions: one may serve all of them. Default: 1. */
  readonly pastLanes?: number;
  /** Whether the K/V of past and new tokens together is wanted. */
  readonly keep?: boolean;
}

/** Bytes of logits that a slice of the head's rows may have. */
const SLICE_BYTES = 8 * 2 ** 20;
/** Tensors of a slice's logits that are there at once on the way to its predictions. */
const HEAD_TENSORS = 4;
/**
 * Tensors of attention scores that are there at once, or of the MLP's width, which take the place of the scores. Of scores, the arena
 * holds 2.0 to 3.0, by the pieces that earlier passes have left in it (docs/decisions/request-memory.md): this is a middle, not a bound.
 */
const SCORE_TENSORS = 2.35;
const FFN_TENSORS = 3;
/** Of K/V in use, what is kept for the next cache (runtime/kvMemory.ts), on average. */
const SPARE = 0.12;
/** Node, ONNX Runtime and the engine: by themselves, for each layer of the graph, and for each entry of the tokenizer. */
const PROCESS = 104e6;
const PROCESS_LAYER = 0.7e6;
const PROCESS_TOKEN = 330;

/** What a window's own process takes in front of an engine that it shares (process/sharedRelay.ts): Node, hardly more. */
export const RELAY_BYTES = 60e6;

/**
 * Tokens of one pass over context that is encoded piece by piece, at most: the largest run that measured no worse than longer ones
 * (docs/decisions/graph.md), for shorter runs skip more of the upper triangle.
 */
export const DEFAULT_CHUNK = 256;
/** Tokens of a context that is encoded as a whole. */
const WINDOW = 2048;
/** Fewer tokens in a pass say too little about the place, however slow the machine is and however little memory it has. */
export const LEAST_TOKENS = 192;

/** What reading a file, its canvas, its syntax and its candidates take in JavaScript, until the next garbage collection. */
export const REQUEST_BYTES = 24e6;
/** What a canvas that is denoised in place takes in JavaScript beside that, for each entry of the tokenizer: measured. */
const CANVAS_TOKEN = 260;
/** Times what a pass takes on the CPU: nobody has measured what it takes on a GPU (docs/gpu.md). */
export const GPU_SLACK = 1.4;
/** Tokens of an answer to which nothing else sets a bound. */
const ANSWER = 128;

type BlockAttention = Exclude<Checkpoint['family']['attention'], { readonly kind: 'full' }>;

/** Most rows of the head that are computed at once. */
export function headRowsFor(vocabSize: number): number {
  return Math.max(1, Math.floor(SLICE_BYTES / (4 * vocabSize)));
}

/** Bytes of the process beside weights and passes. */
export function processBytes({ layers, vocabSize }: DecoderShape): number {
  return PROCESS + PROCESS_LAYER * layers + PROCESS_TOKEN * vocabSize;
}

/**
 * Bytes that a pass takes on the CPU beside the weights, its past included: within a tenth of the process
 * (docs/decisions/request-memory.md).
 */
export function passBytes(shape: DecoderShape, pass: PassSize): number {
  return workBytes(shape, pass) + cacheBytesOf(shape, passPositions(pass));
}

/** Positions of K/V that a pass takes: the graph gives that of the new tokens whether it is wanted or not. What is wanted is copied out of it, and joined. */
function passPositions({ lanes = 1, length, past, pastLanes = 1, keep = false }: PassSize): number {
  const tokens = lanes * length;
  return pastLanes * past + tokens + (keep ? tokens + lanes * (past + length) : 0);
}

/** What a pass takes without K/V. */
function workBytes(
  { vocabSize, heads, ffnSize }: DecoderShape,
  { lanes = 1, length, past, rows }: PassSize,
): number {
  const tokens = lanes * length;
  const scores = SCORE_TENSORS * heads * tokens * (past + length);
  const ffn = FFN_TENSORS * tokens * ffnSize;
  const head = HEAD_TENSORS * sliceRows(rows, vocabSize) * vocabSize;
  return 4 * (Math.max(scores, ffn) + head);
}

/** Rows of one of the equal slices that the head goes through. */
function sliceRows(rows: number, vocabSize: number): number {
  const slices = Math.max(1, Math.ceil(rows / headRowsFor(vocabSize)));
  return Math.ceil(Math.max(1, rows) / slices);
}

/** Bytes of the K/V of so many positions, fp32. */
export function cacheBytesOf({ layers, kvHeads, headSize }: DecoderShape, positions: number): number {
  return positions * 2 * 4 * layers * kvHeads * headSize;
}

/** The largest pass that a request of this checkpoint makes by itself, where it takes in no more than `tokens`. */
export function largestPass(
  { shape, family }: Pick<Checkpoint, 'shape' | 'family'>,
  tokens = Number.POSITIVE_INFINITY,
): PassSize {
  const window = Math.min(shape.contextLength, family.window ?? WINDOW, tokens);
  const isFull = family.attention.kind === 'full';
  const length = isFull ? window : Math.min(window, DEFAULT_CHUNK);
  return { length, past: window - length + 1, rows: isFull ? length : 1, keep: true };
}

/** What a family that goes block by block keeps while it writes. */
export interface BlockSize {
  /** Tokens around the answer, and at most of the answer itself. */
  readonly context: number;
  readonly answer: number;
  /** Tokens that an answer is likely to have: those of what stood there. Default: `answer`. */
  readonly likely?: number;
  readonly lanes: number;
  /** Whether whole answers are compared in the end. */
  readonly isCompared?: boolean;
}

/** Bytes of the largest pass block by block, with the K/V that is kept beside it. */
export function blockBytes(
  shape: DecoderShape,
  attention: BlockAttention,
  { context, answer, likely = answer, lanes, isCompared = false }: BlockSize,
): number {
  // The last block of an answer whose length is known may be shorter, and be the first.
  const blockLength = Math.min(attention.blockLength, answer);
  const rows = lanes * blockLength;
  const step = { lanes, pastLanes: lanes, length: blockLength, past: context + answer };
  // A block is denoised without its K/V, and written without predictions; a token has both at once.
  const steps: readonly PassSize[] =
    attention.blockLength === 1
      ? [{ ...step, rows, keep: true }]
      : [
          { ...step, rows },
          { ...step, rows: 1, keep: true },
        ];
  const length = Math.min(DEFAULT_CHUNK, context);
  const reading: PassSize = { length, past: Math.max(1, context - length), rows: 1, keep: true };
  // The context has a cache of its own; where both sides are in it, each of them and both together.
  const kept = attention.kind === 'cached-canvas' ? 2 * context : context;
  const bytesOf = (pass: PassSize, beside: number, later = 0) => {
    const used = beside + (pass.lanes ?? 1) * (2 * pass.past + pass.length);
    const positions = passPositions(pass) + beside + SPARE * used;
    return Math.max(workBytes(shape, pass), later) + cacheBytesOf(shape, positions);
  };
  // Whole answers are compared while the K/V by which they were written is still there, by the cache of the context.
  const comparing = { length: Math.min(answer, likely), past: context, rows: Math.min(answer, likely) };
  const compared = isCompared ? workBytes(shape, comparing) + cacheBytesOf(shape, comparing.length) : 0;
  return Math.max(bytesOf(reading, 0), ...steps.map((one) => bytesOf(one, kept, compared)));
}

/** Bytes of a canvas that is denoised in place, and of what else a request takes in JavaScript. */
export function canvasBytes({ vocabSize }: DecoderShape): number {
  return REQUEST_BYTES + CANVAS_TOKEN * vocabSize;
}

/** How a checkpoint is asked. */
export interface Usage {
  /** Most tokens of a pass. Default: all that the model takes in. */
  readonly tokens?: number;
  /** Of a model that is denoised in place they share one pass until they part, and count once. Default: 1. */
  readonly candidates?: number;
  /** Whether whole answers are compared in the end. */
  readonly isCompared?: boolean;
}

/** Bytes that a request of this checkpoint takes beside the weights at most. */
export function requestBytes(
  checkpoint: Pick<Checkpoint, 'shape' | 'family'>,
  { tokens, candidates = 1, isCompared = false }: Usage = {},
): number {
  const { shape, family } = checkpoint;
  const pass = largestPass(checkpoint, tokens);
  const { attention } = family;
  if (attention.kind === 'full') return canvasBytes(shape) + passBytes(shape, pass);
  const context = pass.past + pass.length;
  const size = { context, answer: ANSWER, lanes: candidates, isCompared };
  return REQUEST_BYTES + blockBytes(shape, attention, size);
}

/** Most new tokens of a pass without a past that takes no more than `bytes`; 0 where not even one fits. */
export function longestPass(shape: DecoderShape, bytes: number): number {
  let most = 0;
  for (let step = 2 ** 14; step >= 1; step /= 2) {
    const length = most + step;
    if (passBytes(shape, { length, past: 1, rows: length, keep: true }) <= bytes) most = length;
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

/** Estimates for every precision; norms and biases come on top. `weightBits`: of int8's weights on this machine. */
export function memoryNeeds(
  checkpoint: Pick<Checkpoint, 'shape' | 'tensors' | 'adapter'>,
  weightBits?: WeightBits,
): MemoryNeed[] {
  const more = adapterBytes(checkpoint.adapter);
  return baseNeeds(checkpoint, weightBits).map((need) => ({
    ...need,
    weightBytes: need.weightBytes + more,
    loadingBytes: need.loadingBytes + more,
    deviceBytes: need.deviceBytes + more,
  }));
}

/** It is computed in fp32 in every precision. */
function adapterBytes(adapter: Checkpoint['adapter']): number {
  const tensors = [...(adapter?.projections.values() ?? [])].flatMap(({ a, b }) => [a, b]);
  return 4 * tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

function baseNeeds(
  { shape, tensors }: Pick<Checkpoint, 'shape' | 'tensors'>,
  weightBits: WeightBits | undefined,
): MemoryNeed[] {
  const table = shape.vocabSize * shape.hiddenSize;
  const { dtype, packing } = tensors.embedding;
  const cacheBytes = cacheBytesOf(shape, 1000);
  return PRECISIONS.map((precision) => {
    // A packed table is unpacked into the cache: exactly in fp32, to 16 bits else (graph/unpack.ts).
    const stored = packing === undefined ? BLOCK_SIZES[dtype].bytes : precision === 'fp32' ? 4 : 2;
    const kept = keptAs(precision, weightBits);
    if (kept === undefined) {
      const width = precision === 'fp32' ? 4 : 2;
      // The runtime packs what it multiplies by. A table that is the head as well was read for that, and stays.
      const isTable = shape.tiedHead && width === stored;
      const linear = width * linearWeights(shape);
      const weightBytes = linear + (isTable ? width * table : 0);
      return {
        ...{ precision, quantisedBytes: 0, weightBytes, cacheBytes },
        loadingBytes: weightBytes + (width === stored ? 0 : width * table),
        deviceBytes: linear + (isTable ? 0 : stored * table),
      };
    }
    const { bytes, entries } = quantisedLayout(quantisedTensors(tensors, kept), kept, {});
    // Blocks have their scales in the file, in what is packed of it, and once more as sums of the block.
    const scales = entries.reduce(
      (sum, entry) => sum + (isByChannel(entry.rounding) ? 0 : entry.scales.length),
      0,
    );
    const weightBytes = bytes + 2 * scales;
    const largest = Math.max(...entries.map(({ weights, scales }) => weights.length + scales.length));
    return {
      ...{ precision, quantisedBytes: bytes, weightBytes, cacheBytes },
      loadingBytes: weightBytes + largest,
      deviceBytes: bytes + stored * table,
    };
  });
}
