// Linear layers with an adapter on top: what it adds is multiplied by 1 where a token is a mask and by 0 everywhere else, so that the
// numbers of all other tokens are those of the base to the bit.
import { open } from 'node:fs/promises';
import type { Adapter, TensorLocation } from '../checkpoint/types';
import { EngineError, throwIfCancelled } from '../errors';
import type { LinearLayers } from './linear';
import { DataType, type GraphWriter } from './onnxWriter';
import { TensorReader } from './tensorReader';
import type { StoredWeights } from './weights';

/** Weights of an adapter that was trained are far below; larger ones could reach through the bias that hides masks. */
const LARGEST = 100;
/** What is added to a projection at most. */
const MOST_ADDED = 1e4;

/** @throws EngineError `tensor-malformed` where a weight is no number, or one that no training leaves */
export async function requireSane(adapter: Adapter, signal?: AbortSignal): Promise<void> {
  const { maskEmbedding, projections } = adapter;
  const reader = new TensorReader();
  const handle = await open(maskEmbedding.file);
  try {
    for (const tensor of [maskEmbedding, ...[...projections.values()].flatMap(({ a, b }) => [a, b])]) {
      throwIfCancelled(signal);
      const count = tensor.shape.reduce((product, size) => product * size, 1);
      const values = await reader.read(handle, tensor, 0, count);
      if (values.every((value) => Math.abs(value) <= LARGEST)) continue;
      throw new EngineError(
        'tensor-malformed',
        `The adapter cannot be used: ${tensor.name} has a weight that is not a number, or larger than ${LARGEST}. Download it again, or load its base by itself.`,
        { tensor: tensor.name },
      );
    }
  } finally {
    await handle.close();
  }
}

export class AdaptedLayers implements LinearLayers {
  /** [tokens, 1], fp32: 1 for masks. */
  private gate: string;

  /** Adds the input `adapted`. */
  constructor(
    private readonly graph: GraphWriter,
    private readonly weights: StoredWeights,
    private readonly base: LinearLayers,
    private readonly adapter: Adapter,
  ) {
    const adapted = graph.input('adapted', DataType.FLOAT, ['lanes', 'length']);
    this.gate = graph.op('Reshape', [adapted, graph.int64([-1, 1])]);
  }

  /** Rows of the embedding table, those of masks replaced. [tokens, hiddenSize] */
  embedded(rows: string): string {
    const { graph, gate } = this;
    const mask = this.weights.as(DataType.FLOAT, this.adapter.maskEmbedding);
    const others = graph.op('Mul', [rows, graph.op('Sub', [graph.float32(1), gate])]);
    return graph.op('Add', [others, graph.op('Mul', [gate, mask])]);
  }

  /** From here on there are these tokens alone. */
  only(rows: string): void {
    this.gate = this.graph.op('Gather', [this.gate, rows], { axis: 0 });
  }

  prepare(weight: TensorLocation): void {
    this.base.prepare(weight);
  }

  enter(activations: string): string {
    return this.base.enter(activations);
  }

  leave(activations: string): string {
    return this.base.leave(activations);
  }

  project(activations: string, weight: TensorLocation, bias?: TensorLocation): string {
    const product = this.base.project(activations, weight, bias);
    const { graph, weights, adapter } = this;
    const pair = adapter.projections.get(weight.name);
    if (pair === undefined) return product;
    const stored = (tensor: TensorLocation) => weights.as(DataType.FLOAT, tensor);
    const lowered = graph.op('Gemm', [this.leave(activations), stored(pair.a)], { transB: 1 });
    const raised = graph.op('Gemm', [lowered, stored(pair.b)], {
      transB: 1,
      alpha: { float: adapter.scale },
    });
    const bounded = graph.op('Clip', [raised, graph.float32(-MOST_ADDED), graph.float32(MOST_ADDED)]);
    return graph.op('Add', [product, this.enter(graph.op('Mul', [bounded, this.gate]))]);
  }
}
