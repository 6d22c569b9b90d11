// Where a text begins with the bos token is the tokenizer's own affair: as transformers reads its files, and as Hugging Face's
// tokenizers put it in front of the fixtures' prompts (prompts.json beside them).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { GgufValue } from '../../../engine/checkpoint/ggufHeader';
import { readVocabulary } from '../../../engine/checkpoint/ggufVocabulary';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { fromTokenizerJson } from '../../../engine/checkpoint/tokenizerFiles';
import { holeContext } from '../../../engine/infill/layout';
import { byteTokenizer, temporaryFolder } from './folders';

const FIXTURES = path.join(__dirname, '../../fixtures/checkpoints');

const TEMPLATE = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
};
const CLOSING = { type: 'TemplateProcessing', single: [...TEMPLATE.single].reverse() };
const BYTES = { type: 'ByteLevel', trim_offsets: false };
const LLAMA = { tokenizer_class: 'LlamaTokenizerFast' };
const FAST = { tokenizer_class: 'PreTrainedTokenizerFast' };

describe('the bos token', () => {
  const cases: [string, unknown, Record<string, unknown> | undefined, boolean][] = [
    ['no post-processor', null, undefined, false],
    ['a template that begins with it', TEMPLATE, FAST, true],
    ['a template in a sequence', { type: 'Sequence', processors: [BYTES, TEMPLATE] }, undefined, true],
    ['a template that ends with a token', CLOSING, FAST, false],
    ['bytes alone', BYTES, { ...FAST, add_bos_token: true }, false],
    ['a post-processor against a wish', TEMPLATE, { ...FAST, add_bos_token: false }, true],
    ['a wish alone', null, { add_bos_token: true }, true],
    ['a Llama class that does not say', null, LLAMA, true],
    ['a Llama class that rebuilds', TEMPLATE, { ...LLAMA, add_bos_token: false }, false],
    [
      'rubbish',
      { type: 'Sequence', processors: [7, { type: 'TemplateProcessing', single: 7 }] },
      FAST,
      false,
    ],
  ];
  for (const [what, post_processor, config, expected] of cases) {
    test(`${what}: ${expected ? 'in front' : 'not there'}`, () => {
      const json = { ...byteTokenizer(['<s>']), post_processor };
      assert.equal(fromTokenizerJson(json, config).addsBos, expected);
    });
  }

  test('a GGUF file says so by a key', () => {
    const vocabulary = (stated: GgufValue | undefined) =>
      readVocabulary({
        metadata: new Map<string, GgufValue>([
          ['tokenizer.ggml.model', 'gpt2'],
          ['tokenizer.ggml.pre', 'qwen2'],
          ['tokenizer.ggml.tokens', ['a', '<s>']],
          ['tokenizer.ggml.token_type', [1, 3]],
          ['tokenizer.ggml.merges', []],
          ...(stated === undefined ? [] : [['tokenizer.ggml.add_bos_token', stated] as const]),
        ]),
      }).addsBos;
    assert.deepEqual([vocabulary(true), vocabulary(false), vocabulary(undefined)], [true, false, false]);
  });

  for (const name of ['stable-diffcoder', 'stable-diffcoder-instruct']) {
    test(`${name}: prompts are those of Hugging Face's tokenizer`, async (t) => {
      const root = path.join(FIXTURES, name);
      const recorded = JSON.parse(fs.readFileSync(path.join(root, 'prompts.json'), 'utf8'));
      // In FIM order whatever the folder is: an instruct model can be asked so, too.
      const folder = path.join(temporaryFolder(t), name);
      fs.cpSync(root, folder, { recursive: true });
      fs.writeFileSync(path.join(folder, 'palimpsest.json'), '{"base": "stable-diffcoder"}');
      const base = await openCheckpoint(folder);
      const [prefix, suffix] = [recorded.prefix, recorded.suffix].map(
        (text) => base.tokenizer.encode(text).ids,
      );
      assert.ok(prefix && suffix);
      assert.deepEqual([...holeContext(base, prefix, suffix, undefined).before], recorded.fim);
      const { chat, family, tokenizer } = await openCheckpoint(root);
      assert.equal(family.id, name);
      if (recorded.chat === undefined) return;
      assert.ok(chat);
      const message = tokenizer.encode(recorded.message).ids;
      assert.deepEqual([...chat.before, ...message, ...chat.after], recorded.chat);
    });
  }

  test('its place is settled when a checkpoint is opened', async () => {
    const { family } = await openCheckpoint(path.join(FIXTURES, 'stable-diffcoder-instruct'));
    assert.deepEqual(family.infill, { kind: 'prompt', bos: true });
    const base = await openCheckpoint(path.join(FIXTURES, 'stable-diffcoder'));
    assert.deepEqual(base.family.infill, { kind: 'fim-order', bos: false, order: 'suffix-first' });
  });

  test('no token that structures a text can be written, whatever the tokenizer calls it', async () => {
    const { specials, tokenizer } = await openCheckpoint(path.join(FIXTURES, 'stable-diffcoder-instruct'));
    for (const name of ['mask', 'bos', 'pad', 'sep', 'fimPrefix', 'fimSuffix', 'fimMiddle'] as const) {
      const id = specials[name];
      assert.ok(id !== undefined && tokenizer.isSpecial(id), name);
    }
  });
});
