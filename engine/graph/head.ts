// From hidden states of the asked-for rows to what decoding needs of them. Logits stay in the graph: a row of a
// 152k vocabulary is 600 KB, its best tokens and its entropy are a few bytes.
import type { DecoderShape, TensorLocation } from '../checkpoint/types';
import type { LinearLayers } from './linear';
import { DataType, type GraphWriter } from './onnxWriter';
import type { GraphOptions } from './types';

/** This far below the best logit a probability is 0 in fp32; it keeps 0 · −∞ from being NaN. */
const LOWEST_LOGIT = -1e4;

/** @param normed [M, H] after the final norm */
export function addHead(
  graph: GraphWriter,
  linear: LinearLayers,
  weight: TensorLocation,
  shape: DecoderShape,
  options: GraphOptions,
  normed: string,
): void {
  const k = Math.min(options.topK, shape.vocabSize);
  const logits = linear.leave(linear.project(linear.enter(normed), weight));
  if (options.withLogits) {
    graph.node('Identity', [logits], ['row_logits']);
    graph.output('row_logits', DataType.FLOAT, ['rows', shape.vocabSize]);
  }

  const biasTable = graph.input('logit_bias', DataType.FLOAT, ['bias_rows', shape.vocabSize]);
  const biasRow = graph.input('logit_bias_row', DataType.INT32, ['rows']);
  const inverseTemperature = graph.input('inverse_temperature', DataType.FLOAT, ['rows', 1]);
  const targets = graph.input('targets', DataType.INT32, ['rows']);

  const biased = graph.op('Add', [logits, graph.op('Gather', [biasTable, biasRow], { axis: 0 })]);
  const scaled = graph.op('Mul', [biased, inverseTemperature]);

  // Log-softmax by hand: WebGPU has no LogSoftmax, and the logits would go to the CPU and back. So it is taken of the
  // best tokens and the targets only: logprob = shifted − log Σ exp(shifted).
  const axis = graph.int64([1]);
  const shifted = graph.op('Sub', [scaled, graph.op('ReduceMax', [scaled, axis], { keepdims: 1 })]);
  const exponents = graph.op('Exp', [shifted]);
  const total = graph.op('ReduceSum', [exponents, axis], { keepdims: 1 });
  const logTotal = graph.op('Log', [total]);

  const best = graph.freshName('best');
  const bestIds = graph.freshName('best_ids');
  graph.node('TopK', [shifted, graph.int64([k])], [best, bestIds], { axis: -1, largest: 1, sorted: 1 });
  graph.op('Sub', [best, logTotal], {}, 'top_logprobs');
  graph.op('Cast', [bestIds], { to: DataType.INT32 }, 'top_ids');

  // Entropy = log Σ exp(shifted) − Σ p · shifted.
  const terms = graph.op('Mul', [exponents, graph.op('Max', [shifted, graph.float32(LOWEST_LOGIT)])]);
  const mean = graph.op('Div', [graph.op('ReduceSum', [terms, axis], { keepdims: 1 }), total]);
  graph.op('Squeeze', [graph.op('Sub', [logTotal, mean]), axis], {}, 'entropy');

  const column = graph.op('Unsqueeze', [targets, axis]);
  const wanted = graph.op('GatherElements', [shifted, column], { axis: 1 });
  graph.op('Squeeze', [graph.op('Sub', [wanted, logTotal]), axis], {}, 'target_logprobs');

  graph.output('top_ids', DataType.INT32, ['rows', k]);
  graph.output('top_logprobs', DataType.FLOAT, ['rows', k]);
  graph.output('entropy', DataType.FLOAT, ['rows']);
  graph.output('target_logprobs', DataType.FLOAT, ['rows']);
}
