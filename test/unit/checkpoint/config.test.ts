import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { readShape } from '../../../engine/checkpoint/config';
import { fails, onlyEngineErrors } from './errors';
import { llamaConfig } from './folders';

/** The published config.json of LLaDA-8B, as far as it is read; its table padded, to tell the two sizes apart. */
const LLADA = {
  activation_type: 'silu',
  alibi: false,
  attention_layer_norm: false,
  block_group_size: 1,
  block_type: 'llama',
  d_model: 4096,
  embedding_size: 126592,
  include_bias: false,
  include_qkv_bias: false,
  input_emb_norm: false,
  layer_norm_type: 'rms',
  mask_token_id: 126336,
  max_sequence_length: 4096,
  mlp_hidden_size: 12288,
  mlp_ratio: 4,
  model_type: 'llada',
  multi_query_attention: null,
  n_heads: 32,
  n_kv_heads: 32,
  n_layers: 32,
  rms_norm_eps: 1e-5,
  rope: true,
  rope_theta: 500000,
  scale_logits: false,
  vocab_size: 126464,
  weight_tying: false,
};

describe('config.json', () => {
  test('LLaDA names its fields in its own way', () => {
    assert.deepEqual(readShape(LLADA), {
      hiddenSize: 4096,
      layers: 32,
      heads: 32,
      kvHeads: 32,
      headSize: 128,
      ffnSize: 12288,
      vocabSize: 126592,
      norm: 'rms',
      normEpsilon: 1e-5,
      mlp: 'swiglu',
      ropeTheta: 500000,
      ropeScaling: { kind: 'none' },
      contextLength: 4096,
      tiedHead: false,
    });
    assert.equal(readShape({ ...LLADA, embedding_size: null }).vocabSize, 126464);
    assert.equal(readShape({ ...LLADA, n_kv_heads: null }).kvHeads, 32);
    assert.equal(readShape({ ...LLADA, n_kv_heads: null, multi_query_attention: true }).kvHeads, 1);
    assert.equal(readShape({ ...LLADA, mlp_hidden_size: null }).ffnSize, 16384);
  });

  test('absent fields have the defaults of transformers', () => {
    const config = llamaConfig();
    for (const name of [
      'num_key_value_heads',
      'head_dim',
      'rope_theta',
      'rms_norm_eps',
      'tie_word_embeddings',
    ])
      delete config[name];
    const shape = readShape(config);
    assert.deepEqual(
      [shape.kvHeads, shape.headSize, shape.ropeTheta, shape.normEpsilon, shape.tiedHead],
      [2, 4, 10000, 1e-6, undefined],
    );
    assert.equal(readShape({ ...llamaConfig(), head_dim: 16 }).headSize, 16);
  });

  const scalings: [Record<string, unknown>, unknown][] = [
    [{ rope_scaling: null }, { kind: 'none' }],
    [{ rope_scaling: { rope_type: 'default' } }, { kind: 'none' }],
    [{ rope_scaling: { type: 'linear', factor: 2 } }, { kind: 'linear', factor: 2 }],
    [
      { rope_scaling: { rope_type: 'dynamic', factor: 4 } },
      { kind: 'dynamic', factor: 4, originalContext: 512 },
    ],
    [
      { rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 128 } },
      { kind: 'yarn', factor: 4, originalContext: 128, betaFast: 32, betaSlow: 1 },
    ],
    [
      { rope_scaling: { type: 'yarn', factor: 4, beta_fast: 16, beta_slow: 2, attention_factor: 1.5 } },
      { kind: 'yarn', factor: 4, originalContext: 512, betaFast: 16, betaSlow: 2, attentionFactor: 1.5 },
    ],
    [
      {
        rope_parameters: {
          rope_type: 'llama3',
          rope_theta: 500000,
          factor: 8,
          low_freq_factor: 1,
          high_freq_factor: 4,
          original_max_position_embeddings: 8192,
        },
      },
      {
        kind: 'llama3',
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContext: 8192,
      },
    ],
  ];
  for (const [change, expected] of scalings) {
    test(`rope scaling ${JSON.stringify(change)}`, () => {
      assert.deepEqual(readShape({ ...llamaConfig(), ...change }).ropeScaling, expected);
    });
  }

  test('rope_parameters holds the base as transformers 5 writes it', () => {
    const config = { ...llamaConfig(), rope_parameters: { rope_type: 'default', rope_theta: 1e6 } };
    assert.equal(readShape(config).ropeTheta, 1e6);
  });

  const refused: [Record<string, unknown>, string][] = [
    [{ hidden_size: undefined }, 'hidden_size is missing'],
    [{ hidden_size: '8' }, 'hidden_size'],
    [{ hidden_size: 0 }, 'hidden_size is 0'],
    [{ hidden_size: 9 }, 'does not divide'],
    [{ num_hidden_layers: 1e9 }, 'num_hidden_layers'],
    [{ num_hidden_layers: 1.5 }, 'num_hidden_layers'],
    [{ num_key_value_heads: -1 }, 'num_key_value_heads'],
    [{ num_attention_heads: 3, head_dim: 2, num_key_value_heads: 2 }, '3 attention heads'],
    [{ head_dim: 3 }, 'cannot be rotated'],
    [{ rms_norm_eps: 0 }, 'rms_norm_eps'],
    [{ rms_norm_eps: '1e-6' }, 'rms_norm_eps'],
    [{ rope_theta: -1 }, 'rope_theta'],
    [{ vocab_size: 2 ** 40 }, 'vocab_size'],
    [{ tie_word_embeddings: 'yes' }, 'tie_word_embeddings'],
    [{ max_position_embeddings: undefined }, 'max_position_embeddings is missing'],
    [{ rope_scaling: 'linear' }, 'rope_scaling must be an object'],
    [{ rope_scaling: { rope_type: 'longrope' } }, 'longrope'],
    [{ rope_scaling: { rope_type: 'linear' } }, 'factor is missing'],
    [{ rope_scaling: { rope_type: 'yarn', factor: 4, mscale: 1 } }, 'mscale is not supported'],
    [{ rope_parameters: { full_attention: {} } }, 'full_attention'],
    [{ rope_scaling: { partial_rotary_factor: 0.5 } }, 'partial_rotary_factor'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu"'],
    [{ use_sliding_window: true }, 'use_sliding_window'],
    [{ mlp_bias: true }, 'mlp_bias'],
    [{ num_experts: 128 }, 'mixture of experts'],
    [{ quantization_config: { bits: 4 } }, 'quantized'],
  ];
  for (const [change, message] of refused) {
    test(`refuses ${JSON.stringify(change)}`, () => {
      assert.throws(() => readShape({ ...llamaConfig(), ...change }), fails('checkpoint-malformed', message));
    });
  }
  for (const change of [
    { alibi: true },
    { rope: false },
    { layer_norm_type: 'default' },
    { block_type: 'sequential' },
  ]) {
    test(`refuses LLaDA with ${JSON.stringify(change)}`, () => {
      assert.throws(() => readShape({ ...LLADA, ...change }), fails('checkpoint-malformed', 'not supported'));
    });
  }

  test('a bottomless value is named, not spelt out', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    for (const name of ['hidden_size', 'hidden_act', 'rope_theta', 'tie_word_embeddings'])
      assert.throws(() => readShape({ ...llamaConfig(), [name]: deep }), fails('checkpoint-malformed', name));
  });

  test('any values give a usable shape or an EngineError', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(0, 1, 2, 8, null, true),
      fc.jsonValue(),
    );
    for (const base of [llamaConfig(), LLADA]) {
      const keys = [...Object.keys(base), 'head_dim', 'rope_scaling', 'rope_parameters', '__proto__'];
      const changes = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 });
      fc.assert(
        fc.property(changes, (change) => {
          onlyEngineErrors(() => {
            const shape = readShape({ ...base, ...change });
            assert.equal(shape.heads % shape.kvHeads, 0);
            for (const number of [
              shape.hiddenSize,
              shape.layers,
              shape.headSize,
              shape.ffnSize,
              shape.contextLength,
            ])
              assert.ok(Number.isSafeInteger(number) && number > 0);
            assert.ok(shape.ropeTheta > 0 && shape.normEpsilon > 0);
          });
        }),
        { numRuns: 500 },
      );
    }
  });
});
