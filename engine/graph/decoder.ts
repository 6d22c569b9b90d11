// The decoder of all families, layer by layer. What attends to what is the bias's business, so the same
// graph serves full, block-causal and cached-canvas attention.
import type { DecoderShape, DecoderTensors } from '../checkpoint/types';
import { AdaptedLayers } from './adapted';
import { type AttentionContext, addAttention, fusedBias } from './attention';
import { addHead } from './head';
import type { LinearLayers } from './linear';
import { addMlp } from './mlp';
import { addAndNorm, residualNorm } from './norm';
import { DataType, type GraphWriter } from './onnxWriter';
import { addRotaryAngles } from './rotary';
import type { GraphOptions } from './types';
import type { StoredWeights } from './weights';

/** Adds the whole decoder with the inputs and outputs of the graph's contract (types.ts). */
export function addDecoder(
  graph: GraphWriter,
  shape: DecoderShape,
  tensors: DecoderTensors,
  weights: StoredWeights,
  linear: LinearLayers,
  options: GraphOptions,
): void {
  const ids = graph.input('input_ids', DataType.INT32, ['lanes', 'length']);
  const positions = graph.input('position_ids', DataType.INT64, ['lanes', 'length']);
  const bias = graph.input('attn_bias', DataType.FLOAT, ['bias_lanes', 1, 'bias_length', 'total']);
  const rows = graph.input('rows', DataType.INT32, ['rows']);
  const lanesAndLength = graph.op('Shape', [ids]);

  const context: AttentionContext = {
    graph,
    weights,
    linear,
    shape,
    options,
    angles: addRotaryAngles(graph, shape, positions),
    lanesAndLength,
    bias: options.attention === 'fused' ? fusedBias(graph, shape, bias, lanesAndLength) : bias,
  };

  const adapted = linear instanceof AdaptedLayers ? linear : undefined;
  const embedded = weights.rows(tensors.embedding, graph.op('Reshape', [ids, graph.int64([-1])]));
  let residual = adapted?.embedded(embedded) ?? embedded;
  let normed = '';
  tensors.layers.forEach((layer, index) => {
    const { attentionNorm, attentionNormBias, ffnNorm, ffnNormBias } = layer;
    if (index === 0) normed = residualNorm(context, residual, attentionNorm, attentionNormBias);
    let attended = addAttention(context, layer, index, normed);
    if (index === tensors.layers.length - 1) {
      // Behind the last attention positions no longer meet: only the asked-for rows go on.
      attended = graph.op('Gather', [attended, rows], { axis: 0 });
      residual = graph.op('Gather', [residual, rows], { axis: 0 });
      adapted?.only(rows);
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
  addHead(graph, linear, tensors.head, shape, options, normed);
}
