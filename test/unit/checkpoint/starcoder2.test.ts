// StarCoder2: another norm and another MLP than all other families have, and attention over a window.
import assert from 'node:assert/strict';
import test, { describe, type TestContext } from 'node:test';
import { readShape } from '../../../engine/checkpoint/config';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { fails } from './errors';
import {
  byteTokenizer,
  llamaShapes,
  type Shapes,
  safetensors,
  TINY,
  temporaryFolder,
  writeFiles,
} from './folders';

/** The published config.json of the 7B model, what is left over in it included. */
const PUBLISHED = {
  activation_function: 'gelu',
  architectures: ['Starcoder2ForCausalLM'],
  attention_dropout: 0,
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: 'gelu_pytorch_tanh',
  hidden_size: 4608,
  intermediate_size: 18432,
  layer_norm_epsilon: 1e-5,
  max_position_embeddings: 16384,
  mlp_type: 'default',
  model_type: 'starcoder2',
  norm_epsilon: 1e-5,
  norm_type: 'layer_norm',
  num_attention_heads: 36,
  num_hidden_layers: 32,
  num_key_value_heads: 4,
  rope_theta: 1_000_000,
  sliding_window: 4096,
  use_bias: true,
  vocab_size: 49152,
};

const SPECIALS = [
  ...['<|endoftext|>', '<fim_prefix>', '<fim_middle>', '<fim_suffix>', '<fim_pad>'],
  ...['<repo_name>', '<file_sep>'],
];

const CONFIG = {
  ...{ ...PUBLISHED, hidden_size: TINY.hidden, intermediate_size: TINY.ffn, vocab_size: TINY.vocab },
  num_attention_heads: TINY.heads,
  num_hidden_layers: TINY.layers,
  num_key_value_heads: TINY.kvHeads,
};

/** A Llama's shapes without the gate, with StarCoder2's names and biases; the head is tied. */
function shapes(): Record<string, readonly number[]> {
  const found: Record<string, readonly number[]> = {};
  for (const [name, size] of Object.entries(llamaShapes(TINY, { head: false }))) {
    if (name.includes('gate_proj')) continue;
    const own = name.replace('up_proj', 'c_fc').replace('down_proj', 'c_proj');
    found[own] = size;
    if (!own.includes('embed_tokens')) found[own.replace(/weight$/, 'bias')] = size.slice(0, 1);
  }
  return found;
}

function folderOf(t: TestContext, config: object = {}, tensors: Shapes = shapes()): string {
  const folder = temporaryFolder(t, 'starcoder2-tiny');
  writeFiles(folder, {
    'config.json': { ...CONFIG, ...config },
    'model.safetensors': safetensors(tensors),
    'tokenizer.json': byteTokenizer(SPECIALS),
  });
  return folder;
}

function without(name: string): Shapes {
  return Object.fromEntries(Object.entries(shapes()).filter(([other]) => !other.includes(name)));
}

describe("StarCoder2's config.json", () => {
  test('is read with its norm, its MLP and its window', () => {
    assert.deepEqual(readShape(PUBLISHED), {
      hiddenSize: 4608,
      layers: 32,
      heads: 36,
      kvHeads: 4,
      headSize: 128,
      ffnSize: 18432,
      vocabSize: 49152,
      norm: 'layer',
      normEpsilon: 1e-5,
      mlp: 'gelu',
      ropeTheta: 1_000_000,
      ropeScaling: { kind: 'none' },
      contextLength: 16384,
      tiedHead: undefined,
      linearBias: true,
      slidingWindow: 4096,
    });
  });

  test('a window that is null, or as long as the context, is none', () => {
    for (const sliding_window of [null, 16384, 1 << 20])
      assert.equal(readShape({ ...PUBLISHED, sliding_window }).slidingWindow, undefined);
  });

  for (const [change, message] of [
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu", which is not supported'],
    [{ hidden_act: 'silu' }, 'hidden_act is "silu"'],
    [{ norm_type: 'rms' }, 'norm_type is "rms"'],
    [{ mlp_type: 'gated' }, 'mlp_type is "gated"'],
    [{ norm_epsilon: 0 }, 'norm_epsilon is 0'],
    [{ use_bias: 'yes' }, 'use_bias is "yes"'],
    [{ sliding_window: 0 }, 'sliding_window is 0'],
    [{ quantization_config: { bits: 4 } }, 'quantized'],
  ] as const)
    test(`is refused with ${JSON.stringify(change)}`, () => {
      assert.throws(() => readShape({ ...PUBLISHED, ...change }), fails('checkpoint-malformed', message));
    });

  test('its activation is refused in other families', () => {
    assert.throws(
      () => readShape({ ...PUBLISHED, model_type: 'llama' }),
      fails('checkpoint-malformed', 'hidden_act is "gelu_pytorch_tanh"'),
    );
  });
});

describe('a folder of StarCoder2', () => {
  test('opens with every bias in its place', async (t) => {
    const checkpoint = await openCheckpoint(folderOf(t));
    const { family, tensors, shape, specials } = checkpoint;
    assert.equal(family.title, 'StarCoder2 (autoregressive, left to right)');
    assert.deepEqual([shape.norm, shape.mlp, shape.tiedHead, shape.qkNorm], ['layer', 'gelu', true, false]);
    const [layer] = tensors.layers;
    assert.ok(layer);
    assert.deepEqual(
      [layer.up, layer.upBias, layer.down, layer.attentionNormBias, layer.attentionOutBias].map(
        (tensor) => tensor?.name,
      ),
      [
        'model.layers.0.mlp.c_fc.weight',
        'model.layers.0.mlp.c_fc.bias',
        'model.layers.0.mlp.c_proj.weight',
        'model.layers.0.input_layernorm.bias',
        'model.layers.0.self_attn.o_proj.bias',
      ],
    );
    assert.equal(layer.gate, undefined);
    assert.equal(tensors.finalNormBias?.name, 'model.norm.bias');
    const elements = Object.values(shapes()).map((size) => size.reduce((product, n) => product * n, 1));
    assert.equal(
      checkpoint.parameters,
      elements.reduce((sum, n) => sum + n, 0),
    );
    assert.deepEqual(
      [specials.end, specials.fimPrefix, specials.sep, specials.repo].map((id) => id !== undefined),
      [true, true, true, true],
    );
  });

  test('has a context as long as its window, and says so', async (t) => {
    const { shape, remarks } = await openCheckpoint(folderOf(t));
    assert.equal(shape.contextLength, 4096);
    assert.ok(!('slidingWindow' in shape) && !('linearBias' in shape));
    assert.match(remarks.join('\n'), /sees 4096 tokens at the most; the context is that long, not 16384\./);
    const whole = await openCheckpoint(folderOf(t, { sliding_window: null }));
    assert.equal(whole.shape.contextLength, 16384);
    assert.deepEqual(whole.remarks, []);
  });

  test('without biases of its linear layers opens where config.json says that it has none', async (t) => {
    const tensors = Object.fromEntries(
      Object.entries(shapes()).filter(([name]) => !/(proj|c_fc)\.bias$/.test(name)),
    );
    const { tensors: found } = await openCheckpoint(folderOf(t, { use_bias: false }, tensors));
    assert.deepEqual([found.layers[1]?.queryBias, found.layers[1]?.upBias], [undefined, undefined]);
    assert.equal(found.layers[1]?.ffnNormBias?.name, 'model.layers.1.post_attention_layernorm.bias');
    await assert.rejects(openCheckpoint(folderOf(t, {}, tensors)), fails('tensor-missing', 'q_proj.bias'));
    await assert.rejects(
      openCheckpoint(folderOf(t, { use_bias: false })),
      fails('tensor-malformed', 'no place'),
    );
  });

  for (const name of [
    'model.norm.bias',
    'layers.1.input_layernorm.bias',
    'layers.0.mlp.c_proj.bias',
    'layers.1.mlp.c_fc.weight',
  ])
    test(`is refused without ${name}`, async (t) => {
      await assert.rejects(openCheckpoint(folderOf(t, {}, without(name))), fails('tensor-missing', name));
    });

  test('is refused with norms of queries and keys, or a gate', async (t) => {
    for (const name of ['self_attn.q_norm.weight', 'mlp.gate_proj.weight']) {
      const more = { ...shapes(), [`model.layers.0.${name}`]: [TINY.hidden] };
      await assert.rejects(openCheckpoint(folderOf(t, {}, more)), fails('tensor-malformed', name));
    }
  });

  test('is refused without the tokens of its FIM', async (t) => {
    const folder = folderOf(t);
    writeFiles(folder, { 'tokenizer.json': byteTokenizer(SPECIALS.filter((text) => !/middle/.test(text))) });
    await assert.rejects(openCheckpoint(folder), fails('token-missing', '<fim_middle>'));
  });
});
