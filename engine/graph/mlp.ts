// A layer's MLP, gated or plain. Its activation follows the precision of the linear layers around it.
import type { LayerTensors } from '../checkpoint/types';
import type { LinearLayers } from './linear';
import type { GraphWriter } from './onnxWriter';

interface MlpContext {
  readonly graph: GraphWriter;
  readonly linear: LinearLayers;
}

/** `normed` and what comes back: fp32 [rows, hiddenSize]. A layer without a gate has `gelu` (MlpKind). */
export function addMlp({ graph, linear }: MlpContext, layer: LayerTensors, normed: string): string {
  const { gate, up, upBias, down, downBias } = layer;
  const entered = linear.enter(normed);
  // SiLU is QuickGelu with α = 1, and FastGelu is GELU by its tanh formula: one node each, and one tensor less in between.
  const opened = gate && graph.contrib('QuickGelu', [linear.project(entered, gate)], { alpha: { float: 1 } });
  const raised = linear.project(entered, up, upBias);
  const middle = opened ? graph.op('Mul', [opened, raised]) : graph.contrib('FastGelu', [raised]);
  return linear.leave(linear.project(middle, down, downBias));
}
