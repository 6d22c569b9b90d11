// config.json → the decoder's shape. What the graph cannot compute is refused here, with the field's name: a model
// that runs with an option ignored prints plausible nonsense.
import { EngineError } from '../errors';
import { Fields, show } from './fields';
import type { JsonObject } from './json';
import { rotary } from './ropeConfig';
import type { DecoderShape } from './types';

/** What config.json says; `qkNorm` comes from the tensors, and a family may know a shorter context. */
export interface ConfigShape extends Omit<DecoderShape, 'qkNorm' | 'tiedHead'> {
  /** Undefined where config.json does not say: the head is then tied unless the files hold one. */
  readonly tiedHead: boolean | undefined;
  /** Whether all linear layers of a layer have biases, or none; absent: the files tell. */
  readonly linearBias?: boolean;
  /** Most tokens that a token sees, itself included, where that is less than the context. */
  readonly slidingWindow?: number;
}

const WIDTH = { max: 1 << 20 };
const COUNT = { max: 1024 };
const VOCABULARY = { max: 1 << 24 };
const POSITIONS = { max: 2 ** 31 - 1 };

/** Keys that only LLaDA's own configuration has (GSAI-ML/LLaDA-8B-Base, config.json). */
function hasLladaKeys(fields: Fields): boolean {
  return fields.has('d_model') && fields.has('n_layers');
}

/**
 * @param where what `config` is from, for messages
 * @throws EngineError `checkpoint-malformed` that names the field
 */
export function readShape(config: JsonObject, where = 'config.json'): ConfigShape {
  const fields = new Fields(config, where);
  const isStarCoder = fields.value('model_type') === 'starcoder2';
  refuseUnsupported(fields, isStarCoder ? { ...REQUIRED_VALUES, ...STARCODER_VALUES } : REQUIRED_VALUES);
  const read = isStarCoder ? starCoderShape : hasLladaKeys(fields) ? lladaShape : llamaShape;
  const shape = read(fields);
  if (shape.heads % shape.kvHeads !== 0) {
    throw inconsistent(
      `${shape.heads} attention heads cannot be shared among ${shape.kvHeads} key/value heads`,
    );
  }
  if (shape.headSize % 2 !== 0) throw inconsistent(`a head size of ${shape.headSize} cannot be rotated`);
  return shape;
}

/** What all but LLaDA call alike. */
function commonShape(fields: Fields): Omit<ConfigShape, 'norm' | 'normEpsilon' | 'mlp'> {
  const hiddenSize = fields.integer('hidden_size', WIDTH);
  const heads = fields.integer('num_attention_heads', COUNT);
  return {
    hiddenSize,
    layers: fields.integer('num_hidden_layers', COUNT),
    heads,
    kvHeads: fields.integer('num_key_value_heads', { ...COUNT, fallback: heads }),
    headSize: fields.has('head_dim') ? fields.integer('head_dim', WIDTH) : evenShare(hiddenSize, heads),
    ffnSize: fields.integer('intermediate_size', WIDTH),
    vocabSize: fields.integer('vocab_size', VOCABULARY),
    ...rotary(fields),
    contextLength: fields.integer('max_position_embeddings', POSITIONS),
    tiedHead: optionalBoolean(fields, 'tie_word_embeddings'),
  };
}

function llamaShape(fields: Fields): ConfigShape {
  return {
    ...commonShape(fields),
    norm: 'rms',
    normEpsilon: fields.positive('rms_norm_eps', 1e-6),
    mlp: 'swiglu',
  };
}

/** bigcode/starcoder2-3b, config.json; defaults as in transformers, configuration_starcoder2.py. */
function starCoderShape(fields: Fields): ConfigShape {
  const common = commonShape(fields);
  const window = fields.has('sliding_window') ? fields.integer('sliding_window', POSITIONS) : undefined;
  return {
    ...common,
    norm: 'layer',
    normEpsilon: fields.positive('norm_epsilon', 1e-5),
    mlp: 'gelu',
    linearBias: fields.boolean('use_bias', true),
    ...(window !== undefined && window < common.contextLength ? { slidingWindow: window } : {}),
  };
}

function lladaShape(fields: Fields): ConfigShape {
  const hiddenSize = fields.integer('d_model', WIDTH);
  const heads = fields.integer('n_heads', COUNT);
  const mlpRatio = fields.integer('mlp_ratio', { max: 64, fallback: 4 });
  return {
    hiddenSize,
    layers: fields.integer('n_layers', COUNT),
    heads,
    kvHeads: fields.integer('n_kv_heads', {
      ...COUNT,
      fallback: fields.boolean('multi_query_attention', false) ? 1 : heads,
    }),
    headSize: evenShare(hiddenSize, heads),
    ffnSize: fields.integer('mlp_hidden_size', { ...WIDTH, fallback: hiddenSize * mlpRatio }),
    vocabSize: fields.integer(fields.has('embedding_size') ? 'embedding_size' : 'vocab_size', VOCABULARY),
    norm: 'rms',
    normEpsilon: fields.positive('rms_norm_eps', 1e-5),
    mlp: 'swiglu',
    ropeTheta: fields.positive('rope_theta', 10_000),
    ropeScaling: { kind: 'none' },
    contextLength: fields.integer('max_sequence_length', POSITIONS),
    tiedHead: optionalBoolean(fields, 'weight_tying'),
  };
}

function optionalBoolean(fields: Fields, name: string): boolean | undefined {
  return fields.has(name) ? fields.boolean(name) : undefined;
}

function evenShare(hiddenSize: number, heads: number): number {
  if (hiddenSize % heads !== 0)
    throw inconsistent(`a hidden size of ${hiddenSize} does not divide into ${heads} heads`);
  return hiddenSize / heads;
}

function inconsistent(what: string): EngineError {
  return new EngineError('checkpoint-malformed', `config.json is inconsistent: ${what}.`);
}

type AllowedValues = Readonly<Record<string, readonly unknown[]>>;

/** Values that a supported checkpoint has where it has the field at all. */
const REQUIRED_VALUES: AllowedValues = {
  hidden_act: ['silu', 'swish'],
  activation_type: ['silu', 'swiglu'],
  block_type: ['llama'],
  layer_norm_type: ['rms'],
  rope: [true],
  alibi: [false],
  input_emb_norm: [false],
  attention_layer_norm: [false],
  bias_for_layer_norm: [false],
  include_bias: [false],
  scale_logits: [false],
  block_group_size: [1],
  mlp_bias: [false],
  use_sliding_window: [false],
  partial_rotary_factor: [1],
};

/** The same of StarCoder2. Its `activation_function` is a leftover that says another GELU and that nothing reads. */
const STARCODER_VALUES: AllowedValues = {
  hidden_act: ['gelu_pytorch_tanh'],
  mlp_type: ['default'],
  norm_type: ['layer_norm'],
};

function refuseUnsupported(fields: Fields, allowed: AllowedValues): void {
  for (const [name, values] of Object.entries(allowed)) {
    const value = fields.value(name);
    if (value !== undefined && !values.includes(value)) {
      throw fields.fail(name, `is ${show(value)}, which is not supported`);
    }
  }
  for (const name of ['num_experts', 'num_local_experts', 'n_routed_experts']) {
    if (fields.has(name) && fields.integer(name, { min: 0, max: 1 << 20 }) > 1) {
      throw fields.fail(name, 'makes this a mixture of experts, which runs on a remote engine only');
    }
  }
  if (fields.has('quantization_config')) {
    throw fields.fail(
      'quantization_config',
      'says that the weights are quantized; use the original checkpoint (Palimpsest quantizes it itself)',
    );
  }
}
