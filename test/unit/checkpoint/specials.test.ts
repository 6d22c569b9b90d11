import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FAMILIES, type KnownFamily } from '../../../engine/checkpoint/families';
import { resolveSpecials, type Witnesses } from '../../../engine/checkpoint/specials';
import { fails } from './errors';

function known(id: string): KnownFamily {
  const found = FAMILIES.get(id);
  assert.ok(found);
  return found;
}

/** Dream's tokens as published. */
const PUBLISHED = {
  '<|mask|>': 151666,
  '<|beginoftext|>': 151665,
  '<|endoftext|>': 151643,
  '<|im_end|>': 151645,
};

function witnesses(ids: Record<string, number>, change: Partial<Witnesses> = {}): Witnesses {
  return {
    idOf: (text) => ids[text],
    config: {},
    generationConfig: undefined,
    tokenizerConfig: undefined,
    specialTokensMap: undefined,
    vocabSize: 152064,
    ...change,
  };
}

describe('special tokens', () => {
  test('the published ids are accepted', () => {
    assert.deepEqual(resolveSpecials(known('dream'), witnesses(PUBLISHED)), {
      mask: 151666,
      bos: 151665,
      eos: 151643,
      pad: 151643,
      end: 151645,
    });
  });

  test('a published vocabulary with another id is refused, and both ids are named', () => {
    const ids = { ...PUBLISHED, '<|mask|>': 151660 };
    assert.throws(
      () => resolveSpecials(known('dream'), witnesses(ids)),
      fails('token-mismatch', /<\|mask\|>.*151660.*151666/),
    );
  });

  test("a checkpoint's own word counts more than the published id", () => {
    const ids = { ...PUBLISHED, '<|mask|>': 151660 };
    for (const file of ['config', 'generationConfig'] as const)
      assert.equal(
        resolveSpecials(known('dream'), witnesses(ids, { [file]: { mask_token_id: 151660 } })).mask,
        151660,
      );
  });

  test('config.json and generation_config.json must agree with the tokenizer', () => {
    assert.throws(
      () => resolveSpecials(known('dream'), witnesses(PUBLISHED, { config: { mask_token_id: 5 } })),
      fails('token-mismatch', /151666 in the tokenizer, but 5 in config\.json/),
    );
    const both = { config: { mask_token_id: 151666 }, generationConfig: { mask_token_id: 6 } };
    assert.throws(
      () => resolveSpecials(known('dream'), witnesses(PUBLISHED, both)),
      fails('token-mismatch', 'generation_config.json'),
    );
    const ids = { ...PUBLISHED, '<|expand|>': 151667 };
    assert.equal(resolveSpecials(known('dreamon'), witnesses(ids)).delete, 151643);
    assert.throws(
      () => resolveSpecials(known('dreamon'), witnesses(ids, { config: { expand_token_id: 1 } })),
      fails('token-mismatch', 'expand'),
    );
  });

  test('a tiny checkpoint may number its tokens as it likes', () => {
    const ids = { '<|mask|>': 3, '<|beginoftext|>': 1, '<|endoftext|>': 2 };
    assert.deepEqual(resolveSpecials(known('dream'), witnesses(ids, { vocabSize: 300 })), {
      mask: 3,
      bos: 1,
      eos: 2,
      pad: 2,
    });
  });

  test('a required token must exist, others may be absent', () => {
    const { '<|mask|>': mask, ...rest } = PUBLISHED;
    assert.throws(() => resolveSpecials(known('dream'), witnesses(rest)), fails('token-missing', '<|mask|>'));
    assert.throws(
      () =>
        resolveSpecials(
          known('dream'),
          witnesses({ '<|mask|>': mask, '<|endoftext|>': 1 }, { vocabSize: mask + 1 }),
        ),
      fails('token-missing', '<|beginoftext|>'),
    );
  });

  test('an id beyond the embedding table is refused', () => {
    const ids = { '<|mask|>': 300, '<|beginoftext|>': 1, '<|endoftext|>': 2 };
    assert.throws(
      () => resolveSpecials(known('dream'), witnesses(ids, { vocabSize: 300 })),
      fails('token-mismatch', 'ends at 299'),
    );
  });

  test("the tokenizer's own mask_token stands in for the family's string", () => {
    const ids = { '<mask-of-coda>': 9 };
    for (const declared of ['<mask-of-coda>', { content: '<mask-of-coda>', special: true }]) {
      const coda = (change: Partial<Witnesses>) =>
        resolveSpecials(known('coda'), witnesses(ids, { vocabSize: 10, ...change })).mask;
      assert.equal(coda({ tokenizerConfig: { mask_token: declared } }), 9);
      assert.equal(coda({ specialTokensMap: { mask_token: declared } }), 9);
    }
  });

  test("Open-dCoder's mask is the one that it was trained with; another that its tokenizer declares does as well", () => {
    const mask = (text: string) =>
      resolveSpecials(
        known('open-dcoder'),
        witnesses({ [text]: 151665 }, { vocabSize: 151936, tokenizerConfig: { mask_token: text } }),
      ).mask;
    assert.equal(mask('<M>'), 151665);
    assert.equal(mask('[MASK]'), 151665);
    assert.equal(
      resolveSpecials(known('open-dcoder'), witnesses({ '<M>': 151665 }, { vocabSize: 151936 })).mask,
      151665,
    );
  });

  test('a declared mask that contradicts the family is refused', () => {
    const change = { tokenizerConfig: { mask_token: '<|im_end|>' } };
    assert.throws(
      () => resolveSpecials(known('dream'), witnesses(PUBLISHED, change)),
      fails('token-mismatch', /151666.*151645/),
    );
    const unknown = { tokenizerConfig: { mask_token: '<nowhere>' } };
    assert.equal(resolveSpecials(known('dream'), witnesses(PUBLISHED, unknown)).mask, 151666);
  });
});
