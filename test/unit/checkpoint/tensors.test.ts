import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { readShape } from '../../../engine/checkpoint/config';
import { FAMILIES } from '../../../engine/checkpoint/families';
import type { StoredTensor } from '../../../engine/checkpoint/safetensors';
import { mapTensors } from '../../../engine/checkpoint/tensors';
import { fails } from './errors';
import { llamaConfig, llamaShapes, type Shapes, TINY } from './folders';

const HEAD = 'lm_head.weight';

function map(shapes: Shapes, family = 'dream', config: Record<string, unknown> = {}, dtype = 'BF16') {
  const stored = new Map<string, StoredTensor>();
  for (const [name, shape] of Object.entries(shapes))
    stored.set(name, { name, shape, dtype, file: '/f', offset: 8, length: 0 });
  const known = FAMILIES.get(family);
  assert.ok(known);
  return mapTensors(stored, readShape({ ...llamaConfig(), ...config }), known);
}

function renamed(shapes: Shapes, rename: (name: string) => string): Shapes {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [rename(name), shape]));
}

/** The same decoder under LLaDA's names. */
function lladaName(name: string): string {
  return name
    .replace('model.embed_tokens', 'model.transformer.wte')
    .replace('model.norm', 'model.transformer.ln_f')
    .replace('lm_head', 'model.transformer.ff_out')
    .replace('model.layers', 'model.transformer.blocks')
    .replace('input_layernorm', 'attn_norm')
    .replace('post_attention_layernorm', 'ff_norm')
    .replace('self_attn.o_proj', 'attn_out')
    .replace('self_attn.', '')
    .replace('mlp.gate_proj', 'ff_proj')
    .replace('mlp.up_proj', 'up_proj')
    .replace('mlp.down_proj', 'ff_out');
}

const DREAM = llamaShapes(TINY, { bias: true });

describe('tensor roles', () => {
  test('names of transformers', () => {
    const { tensors, scheme, qkNorm, tiedHead, unused } = map(DREAM);
    assert.deepEqual([scheme, qkNorm, tiedHead, unused], ['llama', false, false, []]);
    assert.equal(tensors.head.name, HEAD);
    assert.equal(tensors.layers[1]?.gate?.name, 'model.layers.1.mlp.gate_proj.weight');
    assert.equal(tensors.layers[1]?.keyBias?.name, 'model.layers.1.self_attn.k_proj.bias');
    assert.equal(tensors.layers[1]?.attentionOutBias, undefined);
  });

  test('names of LLaDA', () => {
    const shapes = renamed(llamaShapes({ ...TINY, kvHeads: 2 }), lladaName);
    const { tensors, scheme } = map(shapes, 'llada', { num_key_value_heads: 2 });
    assert.equal(scheme, 'llada');
    assert.equal(tensors.head.name, 'model.transformer.ff_out.weight');
    assert.deepEqual(
      [tensors.layers[0]?.gate?.name, tensors.layers[0]?.down.name, tensors.layers[0]?.attentionOut.name],
      ['ff_proj', 'ff_out', 'attn_out'].map((name) => `model.transformer.blocks.0.${name}.weight`),
    );
  });

  test('a family whose files use the other scheme', () => {
    assert.equal(map(llamaShapes(), 'llada').scheme, 'llama');
  });

  test('one prefix more or less for all names', () => {
    const bare = map(renamed(DREAM, (name) => name.replace(/^model\./, '')));
    assert.equal(bare.tensors.layers[0]?.query.name, 'layers.0.self_attn.q_proj.weight');
    const more = map(renamed(DREAM, (name) => `base.${name}`));
    assert.equal(more.tensors.head.name, `base.${HEAD}`);
  });

  test('a tied head is the embedding table, also where config.json leaves it open', () => {
    const shapes = llamaShapes(TINY, { bias: true, head: false });
    for (const tie of [true, undefined]) {
      const { tensors, tiedHead } = map(shapes, 'dream', { tie_word_embeddings: tie });
      assert.equal(tiedHead, true);
      assert.equal(tensors.head, tensors.embedding);
    }
    assert.equal(map(DREAM, 'dream', { tie_word_embeddings: undefined }).tiedHead, false);
    const saved = map(DREAM, 'dream', { tie_word_embeddings: true });
    assert.deepEqual([saved.tensors.head.name, saved.unused], ['model.embed_tokens.weight', []]);
    assert.throws(() => map(shapes), fails('tensor-missing', HEAD));
  });

  test('query and key norms, where the files or the family have them', () => {
    const shapes = llamaShapes(TINY, { qkNorm: true });
    assert.equal(map(shapes, 'sdar').tensors.layers[1]?.keyNorm?.shape[0], 4);
    assert.equal(map(shapes, 'palimpsest').qkNorm, true);
    assert.throws(() => map(llamaShapes(), 'sdar'), fails('tensor-missing', 'q_norm'));
  });

  test('missing tensors are listed, five at the most, with their number', () => {
    assert.throws(() => map(llamaShapes()), fails('tensor-missing', '6 tensors are missing'));
    const { [HEAD]: _, ...noHead } = DREAM;
    assert.throws(() => map(noHead), fails('tensor-missing', 'A tensor is missing: lm_head.weight'));
    assert.throws(() => map({}), fails('tensor-missing', /model\.embed_tokens\.weight.*and \d+ more/));
  });

  test('a shape that config.json does not ask for', () => {
    const name = 'model.layers.1.mlp.down_proj.weight';
    for (const shape of [[TINY.ffn, TINY.hidden], [TINY.hidden], [TINY.hidden, TINY.ffn, 1]])
      assert.throws(() => map({ ...DREAM, [name]: shape }), fails('tensor-malformed', name));
    assert.throws(() => map(DREAM, 'dream', { vocab_size: 281 }), fails('tensor-malformed', '[280, 8]'));
  });

  test('a dtype that cannot be used', () => {
    assert.throws(() => map(DREAM, 'dream', {}, 'F8_E4M3'), fails('tensor-malformed', 'F8_E4M3'));
  });

  test('tensors of another architecture or of more layers', () => {
    const extra = (name: string) => ({ ...DREAM, [name]: [8] });
    assert.throws(
      () => map(extra('model.layers.0.mlp.experts.0.weight')),
      fails('tensor-malformed', 'no place'),
    );
    assert.throws(
      () => map(extra('model.layers.1.self_attn.q_norm.weight')),
      fails('tensor-malformed', 'q_norm'),
    );
    assert.throws(() => map(DREAM, 'dream', { num_hidden_layers: 1 }), fails('tensor-malformed', '1 layers'));
    assert.deepEqual(map(extra('model.layers.0.self_attn.rotary_emb.inv_freq')).unused, []);
    assert.deepEqual(map(extra('vision_tower.weight')).unused, ['vision_tower.weight']);
  });
});
