// Which tensors the layers of a decoder have, and how large each is: what follows from config.json, what a family is known to
// have, and what only the files tell.
import type { ConfigShape } from './config';
import type { KnownFamily } from './families';
import { type Role, weightOf } from './tensorNames';
import type { LayerRole } from './types';

const ATTENTION = ['attentionNorm', 'query', 'key', 'value', 'attentionOut'] as const;
const PLAIN_MLP = ['ffnNorm', 'up', 'down'] as const;
const GATED_MLP = ['ffnNorm', 'gate', 'up', 'down'] as const;
const QK_NORMS = ['queryNorm', 'keyNorm'] as const;
const ATTENTION_BIASES = ['queryBias', 'keyBias', 'valueBias', 'attentionOutBias'] as const;
const MLP_BIASES = ['upBias', 'downBias'] as const;
const NORM_BIASES = ['attentionNormBias', 'ffnNormBias'] as const;

/**
 * Roles that every layer must have, in an order that must stay: fingerprints of weights follow it. `has`: whether the files have a
 * tensor of the role in layer 0.
 */
export function layerRoles(
  shape: ConfigShape,
  known: KnownFamily,
  has: (role: Role) => boolean,
): readonly Role[] {
  const qkNorm = known.qkNorm === true || (shape.norm === 'rms' && has('queryNorm'));
  return [
    ...ATTENTION,
    ...(shape.mlp === 'swiglu' ? GATED_MLP : PLAIN_MLP),
    ...(qkNorm ? QK_NORMS : []),
    ...(shape.norm === 'layer' ? NORM_BIASES : []),
    ...linearBiases(shape, known, has),
  ];
}

/** All or none where config.json says so; else those that layer 0 has, or that the family always has. */
function linearBiases(
  { linearBias }: ConfigShape,
  known: KnownFamily,
  has: (role: Role) => boolean,
): readonly Role[] {
  if (linearBias !== undefined) return linearBias ? [...ATTENTION_BIASES, ...MLP_BIASES] : [];
  return ATTENTION_BIASES.filter(
    (role) => has(role) || (known.qkvBias === true && role !== 'attentionOutBias'),
  );
}

/** Weights are [out, in], as PyTorch's Linear stores them; a bias is as long as its weight has rows. */
export function shapeOf(role: Role, shape: ConfigShape): readonly number[] {
  const { weight, isBias } = weightOf(role);
  const size = weightShapes(shape)[weight];
  return isBias ? size.slice(0, 1) : size;
}

function weightShapes(shape: ConfigShape): Readonly<Record<LayerRole, readonly number[]>> {
  const { hiddenSize, ffnSize, headSize } = shape;
  const queries = shape.heads * headSize;
  const keys = shape.kvHeads * headSize;
  return {
    attentionNorm: [hiddenSize],
    query: [queries, hiddenSize],
    key: [keys, hiddenSize],
    value: [keys, hiddenSize],
    attentionOut: [hiddenSize, queries],
    queryNorm: [headSize],
    keyNorm: [headSize],
    ffnNorm: [hiddenSize],
    gate: [ffnSize, hiddenSize],
    up: [ffnSize, hiddenSize],
    down: [hiddenSize, ffnSize],
  };
}
