// The graph's contract: what goes in, what comes out. The builder writes it, the runtime feeds it.
import type { Checkpoint } from '../checkpoint/types';

/** `fp32`: weights as stored, computed in fp32. `q8`, `q4`: MatMulNBits. `int8`: per channel, activations per row. In `int8` and `q4`, queries, keys and values are as in `q8`. */
export const PRECISIONS = ['fp32', 'fp16', 'int8', 'q8', 'q4'] as const;
export type Precision = (typeof PRECISIONS)[number];
export type WeightBits = 7 | 8;

/** Of layers, of stages: `first` to `end − 1`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

export interface GraphOptions {
  readonly precision: Precision;
  /** Of each weight in `int8`, 8 by default. With 7, pairs of products fit into 16 bits (runtime/integerProducts.ts). */
  readonly weightBits?: WeightBits;
  /** `plain`: MatMul and Softmax, exact on every provider. `fused`: MultiHeadAttention, groups folded. */
  readonly attention: 'plain' | 'fused';
  /** Whether K/V of the new tokens comes back alone (`new`) or behind the past, for device caches (`joined`). */
  readonly cacheOutput: 'new' | 'joined';
  /** Number of best tokens given back for each row. */
  readonly topK: number;
  /** Into how many stages the decoder is divided, some of which a run goes through (graph/stages.ts). Default: 1. */
  readonly stages?: number;
  /** Most rows whose logits are there at once (graph/head.ts); absent: all of them, as on providers that have no loops. */
  readonly headRows?: number;
  /** Adds `row_logits` [M, V] as an output, for parity checks only. */
  readonly withLogits?: boolean;
}

/*
 * Inputs (B lanes, S new tokens, P cached positions (at least 1: position 0 of an empty cache is a void that the
 * bias masks), M asked-for rows (at least 1: over no rows ONNX Runtime 1.30 divides by zero, which ends the process),
 * R bias rows, V vocabulary):
 *   input_ids      int32   [B, S]
 *   position_ids   int64   [B, S]
 *   attn_bias      fp32    [1|B, 1, 1|S, P + S]   added to the scores; −1e9 is "does not see"
 *   adapted        fp32    [B, S]   of a model with an adapter alone: 1 where a token is one of its masks, else 0
 *   past_k.N       fp32    [1|B, kvHeads, P, headSize]   rotated keys
 *   past_v.N       fp32    [1|B, kvHeads, P, headSize]
 *   rows           int32   [M]      indices into the flattened [B · S]
 *   logit_bias     fp32    [R, V]
 *   logit_bias_row int32   [M]      which bias row goes on which asked-for row
 *   inverse_temperature fp32 [M, 1] 1 for greedy and scoring
 *   targets        int32   [M, T]   tokens whose log-probability is wanted (0 where there are fewer); T at least 1
 * Outputs:
 *   new_k.N, new_v.N (fp32 [B, kvHeads, S, headSize]) or joined_k.N, joined_v.N ([B, kvHeads, P + S, headSize])
 *   top_ids        int32   [M, K]   best first
 *   top_logprobs   fp32    [M, K]   natural logarithm, over the whole vocabulary after bias and temperature
 *   entropy        fp32    [M]      nats
 *   target_logprobs fp32   [M, T]
 * Of a decoder in stages, besides:
 *   from, to       int64   []       the run goes through stages `from` to `to` − 1: only the K/V of their layers is meant, and behind the last stage the predictions
 *   residual       fp32    [B · S, H]   the residual stream behind the layers before (of any size where there are none)
 *   normed         fp32    [B · S, H]   the same, normed for the next layer
 * and as outputs, for a run that goes on from there:
 *   next_residual, next_normed
 */

/** A graph ready for a session: the model's bytes and the folder its external data is relative to. */
export interface BuiltGraph {
  readonly model: Uint8Array;
  /** Layers of each stage, one after the other. */
  readonly stages: readonly Range[];
  /** Folder that all external data lies under (links resolved). */
  readonly dataFolder: string;
  readonly options: GraphOptions;
  /** Absolute paths of the checkpoint's own weight files. */
  readonly originalFiles: readonly string[];
  /** Whether it has the input `adapted`. */
  readonly isAdapted?: true;
  /** Absolute paths of all files that were made from the weights, and can be made again. */
  readonly madeFiles: readonly string[];
  readonly quantisedBytes: number;
}

export interface QuantiseProgress {
  readonly done: number;
  readonly total: number;
}

/** Builds the graph; quantises into a quantised file first where the precision needs one and the cache has none. */
export type BuildGraph = (
  checkpoint: Checkpoint,
  options: GraphOptions,
  context: {
    /** Folder for quantised files. */
    readonly cacheFolder: string;
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: QuantiseProgress) => void;
  },
) => Promise<BuiltGraph>;
