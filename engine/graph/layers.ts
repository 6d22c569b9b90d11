// Layers of a decoder, and what stands before and behind them.
import type { DecoderTensors } from '../checkpoint/types';
import { AdaptedLayers } from './adapted';
import { type AttentionContext, addAttention, cacheShape, type LayerCache } from './attention';
import { addHead, type HeadInputs } from './head';
import { addMlp } from './mlp';
import { addAndNorm, residualNorm } from './norm';
import { DataType } from './onnxWriter';
import type { Range } from './types';

/** Hidden states between two layers, [B·S, H]. */
export interface Hidden {
  /** The residual stream. */
  readonly residual: string;
  /** Normed for what comes next. */
  readonly normed: string;
}

export interface DecoderContext extends AttentionContext {
  readonly tensors: DecoderTensors;
  readonly ids: string;
  readonly rows: string;
  readonly head: HeadInputs;
}

/** The graph's inputs for a layer's past. */
export function addPast({ graph, shape }: DecoderContext, layer: number): readonly [string, string] {
  const dimensions = cacheShape(shape, 'past_lanes', 'past');
  return [
    graph.input(`past_k.${layer}`, DataType.FLOAT, dimensions),
    graph.input(`past_v.${layer}`, DataType.FLOAT, dimensions),
  ];
}

/** The graph's outputs for a layer's K/V. */
export function addCacheOutputs(
  { graph, shape, options: { cacheOutput } }: DecoderContext,
  layer: number,
): readonly [string, string] {
  const names = [`${cacheOutput}_k.${layer}`, `${cacheOutput}_v.${layer}`] as const;
  const dimensions = cacheShape(shape, 'lanes', cacheOutput === 'new' ? 'length' : 'total');
  for (const name of names) graph.output(name, DataType.FLOAT, dimensions);
  return names;
}

/** What goes into the first layer. */
export function embedded(context: DecoderContext): Hidden {
  const { graph, weights, linear, tensors, ids } = context;
  const rows = weights.rows(tensors.embedding, graph.op('Reshape', [ids, graph.int64([-1])]));
  const residual = linear instanceof AdaptedLayers ? linear.embedded(rows) : rows;
  const [layer] = tensors.layers;
  const normed = layer && residualNorm(context, residual, layer.attentionNorm, layer.attentionNormBias);
  return { residual, normed: normed ?? residual };
}

/** Adds these layers. `caches`: one each. Behind the last layer of all there are only the rows that are asked for. */
export function addLayers(
  context: DecoderContext,
  { first, end }: Range,
  caches: readonly LayerCache[],
  from: Hidden,
): { readonly hidden: Hidden; readonly kv: readonly (readonly [string, string])[] } {
  const { graph, linear, tensors, rows } = context;
  const kv: (readonly [string, string])[] = [];
  let { residual, normed } = from;
  tensors.layers.slice(first, end).forEach((layer, place) => {
    const index = first + place;
    const { ffnNorm, ffnNormBias } = layer;
    const cache = caches[place];
    if (cache === undefined) return;
    const attention = addAttention(context, layer, cache, normed);
    kv.push(attention.kv);
    let { attended } = attention;
    if (index === tensors.layers.length - 1) {
      // Behind the last attention positions no longer meet: only the asked-for rows go on.
      attended = graph.op('Gather', [attended, rows], { axis: 0 });
      residual = graph.op('Gather', [residual, rows], { axis: 0 });
      if (linear instanceof AdaptedLayers) linear.only(rows);
    }
    const attentionOut = linear.project(linear.enter(attended), layer.attentionOut, layer.attentionOutBias);
    const attentionDone = linear.leave(attentionOut);
    ({ normed, residual } = addAndNorm(context, attentionDone, residual, ffnNorm, ffnNormBias));
    const ffnOut = addMlp(context, layer, normed);
    const next = tensors.layers[index + 1];
    const [gain, bias] = next
      ? [next.attentionNorm, next.attentionNormBias]
      : [tensors.finalNorm, tensors.finalNormBias];
    ({ normed, residual } = addAndNorm(context, ffnOut, residual, gain, bias));
  });
  return { hidden: { residual, normed }, kv };
}

/** Adds the head, and the graph's outputs of it. `hidden`: behind the last layer; `isWanted`: whether it is computed in this run, a boolean scalar. */
export function addPredictions(context: DecoderContext, { normed }: Hidden, isWanted?: string): void {
  const { graph, linear, tensors, shape, options, head } = context;
  addHead(graph, linear, tensors.head, shape, options, { ...head, normed }, isWanted);
}
