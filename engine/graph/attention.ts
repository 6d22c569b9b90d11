// Self-attention of a block of new tokens over cached and new keys. Query heads that share a K/V head are folded
// into the sequence, so K/V is never repeated for them; a past of one lane serves all lanes.
import type { DecoderShape, LayerTensors } from '../checkpoint/types';
import type { LinearLayers } from './linear';
import { headNorm } from './norm';
import type { GraphWriter } from './onnxWriter';
import { type RotaryAngles, rotate } from './rotary';
import type { GraphOptions } from './types';
import type { StoredWeights } from './weights';

export interface AttentionContext {
  readonly graph: GraphWriter;
  readonly weights: StoredWeights;
  readonly linear: LinearLayers;
  readonly shape: DecoderShape;
  readonly options: GraphOptions;
  readonly angles: RotaryAngles;
  /** int64 [2]: B and S. */
  readonly lanesAndLength: string;
  /** What is added to the scores, as `attendFused` or `attendPlain` wants it. */
  readonly bias: string;
}

/** A layer's K/V. */
export interface LayerCache {
  /** Keys and values of the past. */
  readonly past: readonly [string, string];
  /** What new (or joined) keys and values are called. Default: something new. */
  readonly names?: readonly [string, string] | undefined;
}

export interface Attended {
  /** [B·S, heads · headSize] */
  readonly attended: string;
  /** Keys and values, new or joined. */
  readonly kv: readonly [string, string];
}

/** [1|B, kvHeads, P, headSize] of the past, [B, kvHeads, S or P + S, headSize] of what comes back. */
export function cacheShape(
  { kvHeads, headSize }: DecoderShape,
  lanes: string,
  length: string,
): readonly (string | number)[] {
  return [lanes, kvHeads, length, headSize];
}

/** Adds one layer's attention, without its output projection, to `normed` [B·S, H]. */
export function addAttention(
  context: AttentionContext,
  layer: LayerTensors,
  { past, names }: LayerCache,
  normed: string,
): Attended {
  const { graph, linear, shape, options, angles } = context;
  const { kvHeads } = shape;
  const isNew = options.cacheOutput === 'new';

  const entered = linear.enter(normed);
  const query = rotate(
    graph,
    heads(context, linear.project(entered, layer.query, layer.queryBias), shape.heads, layer.queryNorm),
    angles,
  );
  const key = rotate(
    graph,
    heads(context, linear.project(entered, layer.key, layer.keyBias), kvHeads, layer.keyNorm),
    angles,
    isNew ? names?.[0] : undefined,
  );
  const projectedValue = linear.project(entered, layer.value, layer.valueBias);
  const value = heads(context, projectedValue, kvHeads, undefined, isNew ? names?.[1] : undefined);

  if (isNew && options.attention === 'plain') {
    const kv = [key, value] as const;
    return { attended: attendSeparately(context, query, past, kv), kv };
  }
  const joinedKey = join(context, past[0], key, isNew ? undefined : names?.[0]);
  const joinedValue = join(context, past[1], value, isNew ? undefined : names?.[1]);
  const attend = options.attention === 'plain' ? attendPlain : attendFused;
  return {
    attended: attend(context, query, joinedKey, joinedValue),
    kv: isNew ? [key, value] : [joinedKey, joinedValue],
  };
}

/** [B·S, count · headSize] → [B, count, S, headSize], each head normed where the family has QK norm. */
function heads(
  context: AttentionContext,
  projected: string,
  count: number,
  norm: LayerTensors['queryNorm'],
  output?: string,
): string {
  const { graph, linear, shape, lanesAndLength } = context;
  const target = graph.op('Concat', [lanesAndLength, graph.int64([count, shape.headSize])], { axis: 0 });
  const split = graph.op('Reshape', [linear.leave(projected), target]);
  const normed = norm ? headNorm(context, split, norm) : split;
  return graph.op('Transpose', [normed], { perm: [0, 2, 1, 3] }, output);
}

/** Past behind which the new tokens stand, for every lane. [B, kvHeads, P + S, headSize] */
function join(context: AttentionContext, past: string, fresh: string, output?: string): string {
  const { graph, lanesAndLength } = context;
  const lanes = graph.op('Slice', [lanesAndLength, graph.int64([0]), graph.int64([1])]);
  const target = graph.op('Concat', [lanes, graph.int64([1, 1, 1])], { axis: 0 });
  return graph.op('Concat', [graph.op('Expand', [past, target]), fresh], { axis: 2 }, output);
}

/** Query [B, heads, S, headSize] → [B, kvHeads, group · S, headSize], scaled. */
function foldedQuery({ graph, shape }: AttentionContext, query: string): string {
  const scaled = graph.op('Mul', [query, graph.float32(1 / Math.sqrt(shape.headSize))]);
  return graph.op('Reshape', [scaled, graph.int64([0, shape.kvHeads, -1, shape.headSize])]);
}

/** Scores [B, kvHeads, group · S, T] → probabilities of the same shape. */
function probabilities({ graph, shape, bias }: AttentionContext, scores: string): string {
  const unfolded = graph.op('Reshape', [scores, graph.int64([0, shape.heads, -1, 0])]);
  // Reshape's 0 copies a length from the same place: [B, heads, S, T] on the way out, T on the way back.
  const softmax = graph.op('Softmax', [graph.op('Add', [unfolded, bias])], { axis: -1 });
  return graph.op('Reshape', [softmax, graph.int64([0, shape.kvHeads, -1, 0])]);
}

/** [B, kvHeads, group · S, headSize] → [B·S, heads · headSize]. */
function mergedHeads({ graph, shape }: AttentionContext, attended: string): string {
  const unfolded = graph.op('Reshape', [attended, graph.int64([0, shape.heads, -1, shape.headSize])]);
  const rows = graph.op('Transpose', [unfolded], { perm: [0, 2, 1, 3] });
  return graph.op('Reshape', [rows, graph.int64([-1, shape.heads * shape.headSize])]);
}

function transposed(graph: GraphWriter, key: string): string {
  return graph.op('Transpose', [key], { perm: [0, 1, 3, 2] });
}

function attendPlain(context: AttentionContext, query: string, key: string, value: string): string {
  const { graph } = context;
  const scores = graph.op('MatMul', [foldedQuery(context, query), transposed(graph, key)]);
  return mergedHeads(context, graph.op('MatMul', [probabilities(context, scores), value]));
}

/** As `attendPlain` without joining K/V: scores are joined instead, and the past is broadcast over the lanes. */
function attendSeparately(
  context: AttentionContext,
  query: string,
  [pastKey, pastValue]: readonly [string, string],
  [newKey, newValue]: readonly [string, string],
): string {
  const { graph } = context;
  const folded = foldedQuery(context, query);
  const scores = [pastKey, newKey].map((key) => graph.op('MatMul', [folded, transposed(graph, key)]));
  const weights = probabilities(context, graph.op('Concat', scores, { axis: -1 }));
  const length = graph.op('Shape', [pastKey], { start: 2, end: 3 });
  const end = graph.int64([Number.MAX_SAFE_INTEGER]);
  const axis = graph.int64([3]);
  const onPast = graph.op('Slice', [weights, graph.int64([0]), length, axis]);
  const onNew = graph.op('Slice', [weights, length, end, axis]);
  const fromPast = graph.op('MatMul', [onPast, pastValue]);
  const fromNew = graph.op('MatMul', [onNew, newValue]);
  return mergedHeads(context, graph.op('Add', [fromPast, fromNew]));
}

/** MultiHeadAttention with as many heads as K/V has; the groups follow one another in its sequence. */
function attendFused(context: AttentionContext, query: string, key: string, value: string): string {
  const { graph, shape, bias } = context;
  const { kvHeads, headSize } = shape;
  const group = shape.heads / kvHeads;
  const folded = graph.op('Reshape', [query, graph.int64([0, kvHeads, -1, headSize])]);
  const sequence = graph.op('Reshape', [
    graph.op('Transpose', [folded], { perm: [0, 2, 1, 3] }),
    graph.int64([0, -1, kvHeads * headSize]),
  ]);
  const attended = graph.contrib('MultiHeadAttention', [sequence, key, value, '', '', bias], {
    num_heads: kvHeads,
    scale: { float: 1 / Math.sqrt(headSize) },
  });
  const grouped = graph.op(
    'Concat',
    [
      graph.op('Slice', [context.lanesAndLength, graph.int64([0]), graph.int64([1])]),
      graph.int64([group]),
      graph.op('Slice', [context.lanesAndLength, graph.int64([1]), graph.int64([2])]),
      graph.int64([kvHeads, headSize]),
    ],
    { axis: 0 },
  );
  // [B, group, S, kvHeads, headSize] → [B, S, kvHeads, group, headSize]
  const rows = graph.op('Transpose', [graph.op('Reshape', [attended, grouped])], { perm: [0, 2, 3, 1, 4] });
  return graph.op('Reshape', [rows, graph.int64([-1, shape.heads * headSize])]);
}

/** attn_bias [1|B, 1, 1|S, T] as MultiHeadAttention needs it: [1|B, 1, group · S, T]. */
export function fusedBias(
  graph: GraphWriter,
  shape: DecoderShape,
  bias: string,
  lanesAndLength: string,
): string {
  const length = graph.op('Slice', [lanesAndLength, graph.int64([1]), graph.int64([2])]);
  const target = graph.op(
    'Concat',
    [graph.int64([1, 1, shape.heads / shape.kvHeads]), length, graph.int64([1])],
    { axis: 0 },
  );
  const expanded = graph.op('Expand', [graph.op('Unsqueeze', [bias, graph.int64([2])]), target]);
  const lanes = graph.op('Shape', [bias], { start: 0, end: 1 });
  const total = graph.op('Shape', [bias], { start: 3, end: 4 });
  return graph.op('Reshape', [
    expanded,
    graph.op('Concat', [lanes, graph.int64([1, -1]), total], { axis: 0 }),
  ]);
}
