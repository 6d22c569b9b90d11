// Norms, always in fp32: a residual stream can leave fp16's range. Root-mean-square norms: arXiv 1910.07467; layer norms,
// with a bias: arXiv 1607.06450.
import type { DecoderShape, TensorLocation } from '../checkpoint/types';
import { DataType, type GraphWriter } from './onnxWriter';
import type { StoredWeights } from './weights';

interface NormContext {
  readonly graph: GraphWriter;
  readonly weights: StoredWeights;
  readonly shape: Pick<DecoderShape, 'norm' | 'normEpsilon'>;
}

/** Norms the residual stream, over the last axis. */
export function residualNorm(
  { graph, weights, shape }: NormContext,
  x: string,
  gain: TensorLocation,
  bias?: TensorLocation | undefined,
): string {
  const kind = shape.norm === 'layer' ? 'LayerNormalization' : 'SimplifiedLayerNormalization';
  return graph.op(kind, [x, ...operands(weights, gain, bias)], {
    axis: -1,
    epsilon: { float: shape.normEpsilon },
    stash_type: DataType.FLOAT,
  });
}

/** Norms each head of queries or keys: by its root mean square, whatever the residual stream has. */
export function headNorm(context: NormContext, x: string, gain: TensorLocation): string {
  return residualNorm({ ...context, shape: { ...context.shape, norm: 'rms' } }, x, gain);
}

/** Adds to the residual stream and norms the sum. */
export function addAndNorm(
  { graph, weights, shape }: NormContext,
  x: string,
  residual: string,
  gain: TensorLocation,
  bias?: TensorLocation | undefined,
): { readonly normed: string; readonly residual: string } {
  const kind = shape.norm === 'layer' ? 'SkipLayerNormalization' : 'SkipSimplifiedLayerNormalization';
  const normed = graph.freshName('normed');
  const sum = graph.freshName('residual');
  graph.node(
    kind,
    [x, residual, ...operands(weights, gain, bias)],
    [normed, '', '', sum],
    { epsilon: { float: shape.normEpsilon } },
    'com.microsoft',
  );
  return { normed, residual: sum };
}

function operands(
  weights: StoredWeights,
  gain: TensorLocation,
  bias: TensorLocation | undefined,
): readonly string[] {
  return [gain, ...(bias ? [bias] : [])].map((tensor) => weights.as(DataType.FLOAT, tensor));
}
