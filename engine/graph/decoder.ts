// The decoder of all families, layer by layer. What attends to what is the bias's business, so the same
// graph serves full, block-causal and cached-canvas attention.
import type { DecoderShape, DecoderTensors } from '../checkpoint/types';
import { fusedBias } from './attention';
import { addHeadInputs } from './head';
import { addCacheOutputs, addLayers, addPast, addPredictions, type DecoderContext, embedded } from './layers';
import type { LinearLayers } from './linear';
import { DataType, type GraphWriter } from './onnxWriter';
import { addRotaryAngles } from './rotary';
import { addStages } from './stagedDecoder';
import type { GraphOptions, Range } from './types';
import type { StoredWeights } from './weights';

/** Adds the whole decoder with the inputs and outputs of the graph's contract (types.ts). */
export function addDecoder(
  graph: GraphWriter,
  shape: DecoderShape,
  tensors: DecoderTensors,
  weights: StoredWeights,
  linear: LinearLayers,
  options: GraphOptions,
  stages: readonly Range[],
): void {
  const ids = graph.input('input_ids', DataType.INT32, ['lanes', 'length']);
  const positions = graph.input('position_ids', DataType.INT64, ['lanes', 'length']);
  const bias = graph.input('attn_bias', DataType.FLOAT, ['bias_lanes', 1, 'bias_length', 'total']);
  const rows = graph.input('rows', DataType.INT32, ['rows']);
  const lanesAndLength = graph.op('Shape', [ids]);
  const context: DecoderContext = {
    ...{ graph, weights, linear, shape, options, tensors, ids, rows },
    head: addHeadInputs(graph, shape),
    angles: addRotaryAngles(graph, shape, positions),
    lanesAndLength,
    bias: options.attention === 'fused' ? fusedBias(graph, shape, bias, lanesAndLength) : bias,
  };
  if (stages.length > 1) {
    addStages(context, stages);
    return;
  }
  const caches = tensors.layers.map((_, layer) => ({
    past: addPast(context, layer),
    names: addCacheOutputs(context, layer),
  }));
  const { hidden } = addLayers(context, { first: 0, end: shape.layers }, caches, embedded(context));
  addPredictions(context, hidden);
}
