// Each published model is taken for what it is, or refused by its name with what runs it; a renamed folder changes neither, where
// the checkpoint says more than its name.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { type Recognised, recogniseFamily } from '../../../engine/checkpoint/recognise';
import { EngineError } from '../../../engine/errors';
import { catalogue } from '../../../engine/hub/catalogue';
import { PUBLISHED, type PublishedModel } from './publishedModels';

function recognise(row: PublishedModel, name: string): Recognised {
  const { config, tokens = [], tensors = [], hasChatTemplate = false } = row;
  return recogniseFamily({
    ...{ config, name, hasChatTemplate },
    hasToken: (text) => tokens.includes(text),
    tensorNames: ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.weight', ...tensors],
  });
}

function check(row: PublishedModel, name: string): void {
  if (row.runs) {
    const { family } = recognise(row, name).known;
    assert.equal(family.id, row.is);
    const block = family.attention.kind === 'block-causal' ? family.attention.blockLength : undefined;
    assert.equal(block, row.block);
    return;
  }
  assert.throws(
    () => recognise(row, name),
    (error: unknown) => {
      assert.ok(error instanceof EngineError && error.code === 'family-unknown');
      assert.equal(error.data['model'], row.is);
      assert.ok(error.message.startsWith(`${name} does not run in Palimpsest. `));
      return true;
    },
  );
}

describe('published models', () => {
  for (const row of PUBLISHED) {
    const verb = row.runs ? 'is recognized as' : 'is refused as';
    test(`${row.model} (${row.source}) ${verb} ${row.is}`, () => {
      check(row, row.model.split('/').at(-1) ?? '');
      if (row.byName !== true) check(row, 'my copy');
    });
  }

  test('each is one row', () => {
    assert.equal(new Set(PUBLISHED.map(({ model }) => model)).size, PUBLISHED.length);
  });

  test('every model of the catalogue has a row, and is recognized as what the catalogue says', () => {
    for (const { id, repository, family } of catalogue()) {
      const row = PUBLISHED.find(({ model }) => model === repository);
      assert.ok(row, `${id}: ${repository} has no row`);
      const name = repository.split('/').at(-1) ?? '';
      assert.equal(recognise(row, name).known.family.id, family, id);
    }
  });

  test('a conversion of dLLM is told by its own name before that of the model it was trained from', () => {
    const row = PUBLISHED.find(({ is }) => is === 'a2d-qwen3');
    assert.ok(row);
    const config = { ...row.config, _name_or_path: 'Qwen3-0.6B-diffusion-bd3lm-v0.1' };
    assert.equal(recognise({ ...row, config }, 'x-mdlm').known.family.id, 'a2d-qwen3');
    assert.equal(recognise({ ...row, config }, 'x').known.family.id, 'a2d-qwen3-bd3lm');
  });

  test('a conversion of dLLM that says neither how it was trained nor in what blocks is refused with both ways out', () => {
    const row = PUBLISHED.find(({ is }) => is === 'a2d-qwen3');
    assert.ok(row);
    assert.throws(
      () => recognise(row, 'my copy'),
      (error: unknown) =>
        error instanceof EngineError &&
        error.code === 'family-unknown' &&
        error.message.includes('{"base": "a2d-qwen3"}') &&
        error.message.includes('{"base": "a2d-qwen3-bd3lm"}'),
    );
  });

  test('a model with the tokens of Seed-Coder that says neither that it is one nor a diffusion model is refused with both ways out', () => {
    const row = PUBLISHED.find(({ is }) => is === 'seed-coder');
    assert.ok(row);
    // zed-industries/zeta-2.1, tuned from Seed-Coder 8B Base, says no more than this.
    for (const [name, hasChatTemplate, ending] of [
      ['zeta-2.1', false, ''],
      ['my copy', true, '-instruct'],
    ] as const)
      assert.throws(
        () => recognise({ ...row, hasChatTemplate }, name),
        (error: unknown) =>
          error instanceof EngineError &&
          error.code === 'family-unknown' &&
          error.message.startsWith(name) &&
          error.message.includes(`{"base": "seed-coder${ending}"}`) &&
          error.message.includes(`{"base": "stable-diffcoder${ending}"}`),
      );
  });
});
