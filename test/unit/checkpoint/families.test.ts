import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FAMILIES, SPECIAL_TOKEN_NAMES } from '../../../engine/checkpoint/families';
import { applyOverride } from '../../../engine/checkpoint/override';
import { checkpointName, recogniseFamily } from '../../../engine/checkpoint/recognise';
import { fails } from './errors';

function recognise(config: Record<string, unknown>, name = 'model', tokens: readonly string[] = []) {
  return recogniseFamily({
    ...{ config, name, hasChatTemplate: false, tensorNames: [] },
    hasToken: (text) => tokens.includes(text),
  });
}

const PALIMPSEST = {
  attention: 'cached-canvas',
  block_length: 8,
  hole_gap: 64,
  suffix_sees_prefix: true,
  format: 1,
};

describe('families', () => {
  test('are consistent and frozen', () => {
    for (const [id, known] of FAMILIES) {
      assert.equal(id, known.family.id);
      // The check that palimpsest.json goes through holds for the table as well.
      assert.deepEqual(applyOverride({}, known).family, known.family);
      for (const [name, spec] of Object.entries(known.family.tokens)) {
        assert.ok(SPECIAL_TOKEN_NAMES.some((known) => known === name));
        for (const size of known.publishedVocabSizes) assert.ok((spec.id ?? 0) < size);
      }
      assert.equal(known.family.tokens.mask?.required, true);
      assert.throws(() => Object.assign(known.family, { shifted: true }), TypeError);
      assert.throws(() => Object.assign(known.family.tokens, { mask: undefined }), TypeError);
    }
  });

  const cases: [string, Record<string, unknown>, string, string[]][] = [
    ['palimpsest', { model_type: 'palimpsest', palimpsest: PALIMPSEST }, 'starter', []],
    ['dreamon', { model_type: 'Dream' }, 'anything', ['<|expand|>']],
    ['dream', { model_type: 'Dream' }, 'Dream-v0-Instruct-7B', []],
    ['dream-coder', { model_type: 'Dream' }, 'Dream-Coder-v0-Instruct-7B', []],
    ['diffucoder', { model_type: 'Dream' }, 'DiffuCoder-7B-cpGRPO', []],
    ['diffucoder', { model_type: 'Dream', _name_or_path: 'apple/DiffuCoder-7B-Base' }, 'my copy', []],
    ['llada', { model_type: 'llada' }, 'LLaDA-8B-Base', ['<|mdm_mask|>']],
    // Another architecture with other names of tensors: no folder's name makes one of it.
    ['llada', { model_type: 'llada' }, 'iLLaDA-8B', ['<|mdm_mask|>']],
    ['illada', { model_type: 'illada' }, 'my copy', ['<[MASK]>']],
    ['illada', { model_type: 'llama' }, 'converted', ['<[MASK]>']],
    ['open-dcoder', { model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'] }, 'x', ['<M>']],
    ['open-dcoder', { model_type: 'qwen2' }, 'with the mask of its evaluation', ['[MASK]']],
    ['cdlm', { model_type: 'qwen2' }, 'cdlm-0.5b', ['<M>']],
    ['a2d-qwen2', { model_type: 'a2d-qwen2' }, 'Qwen2.5-Coder-0.5B-diffusion-mdlm', []],
    ['a2d-qwen3', { model_type: 'a2d-qwen3' }, 'Qwen3-0.6B-diffusion-mdlm-v0.1', []],
    ['a2d-qwen3-bd3lm', { model_type: 'a2d-qwen3' }, 'Qwen3-0.6B-diffusion-bd3lm-v0.1', []],
    ['a2d-qwen2-bd3lm', { model_type: 'a2d-qwen2', block_length: 8 }, 'x', []],
    ['stable-diffcoder', { model_type: 'llama' }, 'Stable-DiffCoder-8B-Base', ['<[MASK_TOKEN]>']],
    [
      'stable-diffcoder-instruct',
      { model_type: 'llama' },
      'Stable-DiffCoder-8B-Instruct',
      ['<[MASK_TOKEN]>'],
    ],
    ['sdar', { model_type: 'sdar', block_size: 4 }, 'SDAR-1.7B-Chat', []],
    ['fast-dllm-v2', { model_type: 'Fast_dLLM_Qwen', bd_size: 32 }, 'Fast_dLLM_v2_7B', []],
    ['coda', { model_type: 'CoDA' }, 'CoDA-v0-Instruct', []],
    ['qwen2.5-coder', { model_type: 'qwen2' }, 'Qwen2.5-Coder-0.5B', ['<|fim_middle|>', '<|im_end|>']],
    [
      'qwen2.5-coder',
      { model_type: 'qwen2', _name_or_path: 'Qwen2.5 Coder 0.5B Instruct' },
      'joined',
      ['<|fim_middle|>', '<|im_end|>'],
    ],
    ['qwen2.5-coder', { model_type: 'qwen2' }, 'my copy', ['<|fim_middle|>', '<|im_end|>']],
    ['qwen2.5', { model_type: 'qwen2' }, 'Qwen2.5-0.5B-Instruct', ['<|fim_middle|>', '<|im_end|>']],
    ['qwen3', { model_type: 'qwen3' }, 'Qwen3-0.6B', ['<|im_end|>']],
    ['seed-coder', { model_type: 'llama' }, 'Seed-Coder-8B-Base', ['<[MASK_TOKEN]>']],
    ['seed-coder-instruct', { model_type: 'llama' }, 'Seed-Coder-8B-Instruct', ['<[MASK_TOKEN]>']],
    ['deepseek-coder', { model_type: 'llama' }, 'deepseek-coder-1.3b-base', ['<｜fim▁hole｜>']],
    ['smollm2', { model_type: 'llama' }, 'SmolLM2-135M', ['<repo_name>']],
    ['smollm2', { model_type: 'llama' }, 'copy', ['<repo_name>', '<empty_output>']],
    ['starcoder2', { model_type: 'starcoder2' }, 'starcoder2-3b', ['<fim_middle>']],
  ];
  for (const [id, config, name, tokens] of cases) {
    test(`${name} (${config['model_type']}) is ${id}`, () => {
      assert.equal(recognise(config, name, tokens).known.family.id, id);
    });
  }

  test('a chat template tells the instruct model of Stable-DiffCoder, whatever its folder is called', () => {
    const family = (name: string, hasChatTemplate: boolean) =>
      recogniseFamily({
        ...{ config: { model_type: 'llama' }, name, hasChatTemplate, tensorNames: [] },
        hasToken: (text) => text === '<[MASK_TOKEN]>',
      }).known.family.id;
    assert.equal(family('diffcoder', true), 'stable-diffcoder-instruct');
    assert.equal(family('diffcoder', false), 'stable-diffcoder');
    assert.equal(family('Seed-Coder-8B-Base', true), 'seed-coder');
  });

  test('numbers that a family leaves to config.json', () => {
    const attention = (config: Record<string, unknown>, tokens: string[] = []) =>
      recognise(config, 'm', tokens).known.family.attention;
    assert.deepEqual(attention({ model_type: 'palimpsest', palimpsest: PALIMPSEST }), {
      kind: 'cached-canvas',
      blockLength: 8,
      holeGap: 64,
      suffixSeesPrefix: true,
      suffixFirst: false,
    });
    const converted = { ...PALIMPSEST, format: 2, suffix_sees_prefix: false, suffix_first: true };
    const { family } = recognise({ model_type: 'palimpsest', palimpsest: converted }, 'm', []).known;
    assert.deepEqual(family.attention, {
      kind: 'cached-canvas',
      blockLength: 8,
      holeGap: 64,
      suffixSeesPrefix: false,
      suffixFirst: true,
    });
    assert.equal(family.shifted, true);
    assert.equal(family.title, 'Palimpsest coder');
    const one = { ...converted, block_length: 1 };
    assert.equal(
      recognise({ model_type: 'palimpsest', palimpsest: one }, 'm', []).known.family.title,
      'Palimpsest coder (autoregressive, left to right)',
    );
    assert.equal(family.tokens.hole?.required, true);
    assert.deepEqual(attention({ model_type: 'sdar', block_size: 16 }), {
      kind: 'block-causal',
      blockLength: 16,
    });
    assert.deepEqual(attention({ model_type: 'Fast_dLLM_Qwen', bd_size: 16 }), {
      kind: 'block-causal',
      blockLength: 16,
      partLength: 8,
    });
    assert.deepEqual(attention({ model_type: 'sdar' }), { kind: 'block-causal', blockLength: 4 });
  });

  const wrong: [unknown, string][] = [
    [undefined, 'palimpsest is missing'],
    [7, 'palimpsest must be an object'],
    [{ ...PALIMPSEST, format: 3 }, 'Update Palimpsest'],
    [{ ...PALIMPSEST, suffix_first: true }, 'suffix_sees_prefix'],
    [{ ...PALIMPSEST, suffix_first: 'yes' }, 'suffix_first'],
    [{ ...PALIMPSEST, attention: 'full' }, 'attention is "full"'],
    [{ ...PALIMPSEST, block_length: 0 }, 'block_length'],
    [{ ...PALIMPSEST, hole_gap: 4 }, 'hole_gap is shorter'],
    [{ ...PALIMPSEST, blocklength: 8 }, '"blocklength"'],
  ];
  for (const [section, message] of wrong) {
    test(`the starter's config with ${JSON.stringify(section)} is refused`, () => {
      const config = {
        model_type: 'palimpsest',
        ...(section === undefined ? undefined : { palimpsest: section }),
      };
      assert.throws(() => recognise(config), fails('checkpoint-malformed', message));
    });
  }

  test('every model that goes from left to right says so', () => {
    const causal = [...FAMILIES.values()].filter(
      ({ family: { attention } }) => attention.kind === 'block-causal' && attention.blockLength === 1,
    );
    assert.equal(causal.length, 8);
    for (const { family } of causal) {
      assert.match(family.title, /\(autoregressive, left to right\)$/);
      assert.equal(family.shifted, true);
    }
  });

  test('unknown models are refused with a way out', () => {
    assert.throws(
      () => recognise({ model_type: 'qwen2' }, 'Qwen2.5'),
      fails('family-unknown', 'palimpsest.json'),
    );
    assert.throws(
      () => recognise({ model_type: 'llama' }, 'Llama'),
      fails('family-unknown', 'model_type "llama"'),
    );
    assert.throws(
      () => recognise({ model_type: 'gpt_bigcode' }, 'starcoder'),
      fails('family-unknown', 'a table of positions'),
    );
    assert.throws(() => recognise({}), fails('family-unknown', 'no model_type'));
    assert.throws(() => recognise({ model_type: 5, architectures: 'x' }), fails('family-unknown'));
  });

  test('says when only its tokens spoke for a family', () => {
    const qwen = recognise({ model_type: 'qwen2' }, 'model', ['<|fim_middle|>']);
    assert.match(qwen.remarks.join(), /FIM tokens alone/);
    assert.deepEqual(recognise({ model_type: 'qwen2' }, 'coder', ['<|fim_middle|>']).remarks, []);
  });

  test("a snapshot in a Hugging Face cache has its repository's name", () => {
    assert.equal(checkpointName('/hub/models--Dream-org--DreamOn-v0-7B/snapshots/abc123'), 'DreamOn-v0-7B');
    assert.equal(checkpointName('/models/DreamOn'), 'DreamOn');
    assert.equal(checkpointName('/models/snapshots/DreamOn'), 'DreamOn');
  });
});
