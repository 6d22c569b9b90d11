// StarCoder2 as a GGUF file, which says less of it than config.json does.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { fails } from './errors';
import { float, type GgufParts, gguf, ggufFile, number, numbers, string, strings } from './ggufFiles';

const SPECIALS = [
  ...['<|endoftext|>', '<fim_prefix>', '<fim_middle>', '<fim_suffix>', '<fim_pad>'],
  ...['<repo_name>', '<file_sep>'],
];

describe('a GGUF file of StarCoder2', () => {
  const file = (
    t: TestContext,
    changes: Record<string, Buffer | undefined>,
    tensors: NonNullable<GgufParts['tensors']>,
  ) => {
    const key = (name: string) => `starcoder2.${name}`;
    const pairs: Record<string, Buffer | undefined> = {
      architecture: string('general.architecture', 'starcoder2'),
      layers: number(key('block_count'), 1),
      context: number(key('context_length'), 16384),
      hidden: number(key('embedding_length'), 8),
      ffn: number(key('feed_forward_length'), 8),
      heads: number(key('attention.head_count'), 2),
      epsilon: float(key('attention.layer_norm_epsilon'), 1e-5),
      model: string('tokenizer.ggml.model', 'gpt2'),
      pre: string('tokenizer.ggml.pre', 'starcoder'),
      tokens: strings('tokenizer.ggml.tokens', [...SPECIALS, 'a']),
      kinds: numbers('tokenizer.ggml.token_type', [...SPECIALS.map(() => 3), 1]),
      merges: strings('tokenizer.ggml.merges', []),
      ...changes,
    };
    return ggufFile(
      t,
      gguf({
        pairs: Object.values(pairs).filter((bytes) => bytes !== undefined),
        tensors: [{ name: 'token_embd.weight', sizes: [8, SPECIALS.length + 1] }, ...tensors].map(
          (tensor, index) => ({ ...tensor, offset: 256 * index }),
        ),
        dataBytes: 8192,
      }),
      'starcoder2.gguf',
    );
  };
  const VECTORS = [
    ...['attn_norm.weight', 'attn_norm.bias', 'ffn_norm.weight', 'ffn_norm.bias', 'attn_q.bias'],
    ...['attn_k.bias', 'attn_v.bias', 'attn_output.bias', 'ffn_up.bias', 'ffn_down.bias'],
  ];
  const MATRICES = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_up', 'ffn_down'];
  const WHOLE = [
    ...['output_norm.weight', 'output_norm.bias'].map((name) => ({ name, sizes: [8] })),
    ...VECTORS.map((name) => ({ name: `blk.0.${name}`, sizes: [8] })),
    ...MATRICES.map((name) => ({ name: `blk.0.${name}.weight`, sizes: [8, 8] })),
  ];

  test('has the published window where it says none, and its own where it does', async (t) => {
    assert.equal((await openCheckpoint(file(t, {}, WHOLE))).shape.contextLength, 4096);
    const own = { x: number('starcoder2.attention.sliding_window', 1024) };
    assert.equal((await openCheckpoint(file(t, own, WHOLE))).shape.contextLength, 1024);
    const short = { context: number('starcoder2.context_length', 2048) };
    assert.equal((await openCheckpoint(file(t, short, WHOLE))).shape.contextLength, 2048);
  });

  test('is refused without a bias, or without the epsilon of its layer norms', async (t) => {
    for (const missing of ['output_norm.bias', 'blk.0.ffn_up.bias']) {
      const others = WHOLE.filter(({ name }) => name !== missing);
      await assert.rejects(openCheckpoint(file(t, {}, others)), fails('tensor-missing', missing));
    }
    await assert.rejects(
      openCheckpoint(file(t, { epsilon: undefined }, WHOLE)),
      fails('checkpoint-malformed', 'attention.layer_norm_epsilon is missing'),
    );
  });

  test('is the checkpoint that the folder is', async () => {
    const fixtures = path.resolve('test/fixtures');
    const packed = await openCheckpoint(path.join(fixtures, 'gguf', 'starcoder2.gguf'));
    const plain = await openCheckpoint(path.join(fixtures, 'checkpoints', 'starcoder2'));
    assert.deepEqual(packed.specials, plain.specials);
    assert.equal(packed.parameters, plain.parameters);
    assert.deepEqual(Object.keys(packed.tensors.layers[0] ?? {}), Object.keys(plain.tensors.layers[0] ?? {}));
  });
});
