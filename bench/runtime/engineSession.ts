// Our side of the comparisons: one session of a checkpoint in one precision, and the requests that are timed.
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import { stageCount } from '../../engine/graph/stages';
import type { BuiltGraph, Precision } from '../../engine/graph/types';
import type { ProviderName } from '../../engine/protocol';
import { type ForwardRequest, openBias, shapedBias } from '../../engine/runtime/forward';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { type HostKv, voidKv } from '../../engine/runtime/kvState';
import { DecoderSession, keepsCacheOnDevice } from '../../engine/runtime/session';
import { benchFolder, progress } from '../harness';

/** As many best tokens as the engine asks for (loadModel.ts). */
export const TOP_K = 24;

export interface SessionChoice {
  readonly precision: Precision;
  readonly threads: number;
  readonly provider?: ProviderName;
  readonly attention?: 'plain' | 'fused';
}

export async function engineSession(
  checkpoint: Checkpoint,
  { precision, threads, provider = 'cpu', attention = 'plain' }: SessionChoice,
): Promise<{ readonly session: DecoderSession; readonly graph: BuiltGraph }> {
  progress(`${checkpoint.name}: ${precision} on ${provider}`);
  const graph = await buildGraph(
    checkpoint,
    {
      ...(await precisionHere(precision)),
      attention,
      cacheOutput: keepsCacheOnDevice(provider) ? 'joined' : 'new',
      topK: TOP_K,
      ...(provider === 'cpu' ? { stages: stageCount(checkpoint.shape) } : {}),
    },
    { cacheFolder: benchFolder('side') },
  );
  return { session: await DecoderSession.create(graph, checkpoint.shape, { provider, threads }), graph };
}

/** The same tokens for every contender (torchForward.py computes them, too). */
export function promptIds(length: number, vocabSize: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => (index * 7919 + 11) % vocabSize);
}

export function lastRows(length: number, count: number): Int32Array {
  const rows = Math.min(length, count);
  return Int32Array.from({ length: rows }, (_, index) => length - rows + index);
}

/** A forward pass over all of `ids`, without a cache; the last `rows` are predicted. */
export function promptRequest(
  checkpoint: Checkpoint,
  ids: Int32Array,
  rows: number,
  visibility: 'causal' | 'full',
): ForwardRequest {
  return {
    lanes: 1,
    ids,
    positions: Int32Array.from(ids.keys()),
    past: voidKv(checkpoint.shape),
    bias:
      visibility === 'full'
        ? openBias(1, ids.length)
        : shapedBias(1, ids.length, (query, key) => key <= query),
    asks: Array.from(lastRows(ids.length, rows), (row) => ({ row })),
    temperature: 0,
    keep: false,
  };
}

/**
 * A denoise step that runs `window` tokens in the middle of a file of `length` against the cached K/V of all of it, as
 * inPlaceDenoiser.ts does between two full passes. The K/V is made up: its numbers cost the same.
 */
export function windowRequest(checkpoint: Checkpoint, length: number, window: number): ForwardRequest {
  const { shape } = checkpoint;
  const first = Math.floor((length - window) / 2);
  const size = shape.kvHeads * (length + 1) * shape.headSize;
  const past: HostKv = {
    location: 'host',
    lanes: 1,
    positions: length + 1,
    layers: Array.from({ length: shape.layers }, () => ({
      k: new Float32Array(size).fill(0.01),
      v: new Float32Array(size).fill(0.01),
    })),
  };
  const positions = Int32Array.from({ length: window }, (_, row) => first + row);
  return {
    lanes: 1,
    ids: promptIds(window, shape.vocabSize),
    positions,
    past,
    bias: openBias(
      past.positions,
      window,
      Array.from(positions, (position) => position + 1),
    ),
    asks: Array.from({ length: window }, (_, row) => ({ row })),
    temperature: 0,
    keep: false,
  };
}
