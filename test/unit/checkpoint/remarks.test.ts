// What a person reads about a folder that runs but is unusual, or does not run: it says which folder, and why.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { fails } from './errors';
import {
  byteTokenizer,
  DREAM_TOKENS,
  llamaConfig,
  llamaShapes,
  safetensors,
  TINY,
  temporaryFolder,
  writeDream,
} from './folders';

const POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`;

describe('a Git LFS pointer is called one', () => {
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors', 'model.safetensors.index.json']) {
    test(name, async (t) => {
      const folder = temporaryFolder(t);
      writeDream(folder, { [name]: POINTER });
      await assert.rejects(openCheckpoint(folder), (error) => {
        const code = name === 'tokenizer.json' ? 'tokenizer-malformed' : 'checkpoint-malformed';
        fails(code, `${name} is a Git LFS pointer`)(error);
        return fails(code, 'git lfs pull')(error);
      });
    });
  }
});

test('a .gguf file that is a Git LFS pointer is called one', async (t) => {
  const file = path.join(temporaryFolder(t), 'model.gguf');
  writeFileSync(file, POINTER);
  await assert.rejects(openCheckpoint(file), (error) => {
    fails('checkpoint-malformed', 'model.gguf is a Git LFS pointer')(error);
    return fails('checkpoint-malformed', 'git lfs pull')(error);
  });
});

describe('every error about a folder names it', () => {
  const broken: Readonly<Record<string, Record<string, string | Record<string, unknown>>>> = {
    'config.json that is no JSON': { 'config.json': '{' },
    'config.json without a field': { 'config.json': { model_type: 'Dream' } },
    'tokenizer.json that is no JSON': { 'tokenizer.json': '{' },
    'an index without a map': { 'model.safetensors.index.json': {} },
    'weights that are cut off': { 'model.safetensors': 'abc' },
    'palimpsest.json with a key that nothing reads': { 'palimpsest.json': { shift: true } },
  };
  for (const [what, files] of Object.entries(broken)) {
    test(what, async (t) => {
      const folder = temporaryFolder(t, 'one-of-many');
      writeDream(folder, files);
      await assert.rejects(openCheckpoint(folder), (error: Error) => {
        assert.equal(error.message.split(folder).length, 2, error.message);
        return true;
      });
    });
  }
});

describe('a checkpoint whose files disagree is remarked', () => {
  const config = (more: Record<string, unknown>) => ({ 'config.json': { ...llamaConfig(), ...more } });

  test('rope_type and type', async (t) => {
    const folder = temporaryFolder(t);
    writeDream(folder, config({ rope_scaling: { rope_type: 'yarn', type: 'linear', factor: 2 } }));
    const { remarks, shape } = await openCheckpoint(folder);
    assert.equal(shape.ropeScaling.kind, 'yarn');
    assert.deepEqual(remarks, [
      'config.json: rope_scaling.rope_type is "yarn", but rope_scaling.type is "linear"; rope_scaling.rope_type is used.',
    ]);
  });

  test('two rope_theta', async (t) => {
    const folder = temporaryFolder(t);
    writeDream(folder, config({ rope_theta: 10_000, rope_parameters: { rope_theta: 500_000 } }));
    const { remarks, shape } = await openCheckpoint(folder);
    assert.equal(shape.ropeTheta, 500_000);
    assert.match(remarks.join(), /rope_parameters.rope_theta is 500000, but rope_theta is 10000/);
  });

  test('the same said twice is no contradiction', async (t) => {
    const folder = temporaryFolder(t);
    writeDream(folder, config({ rope_scaling: { rope_type: 'linear', type: 'linear', factor: 2 } }));
    assert.deepEqual((await openCheckpoint(folder)).remarks, []);
  });

  test('a stored head beside a tied embedding: remarked where it differs', async (t) => {
    const folder = temporaryFolder(t);
    const bytes = safetensors(llamaShapes(TINY, { bias: true }));
    writeDream(folder, { ...config({ tie_word_embeddings: true }), 'model.safetensors': bytes });
    assert.deepEqual((await openCheckpoint(folder)).remarks, []);
    bytes.writeFloatLE(1, headOffset(bytes));
    writeFileSync(path.join(folder, 'model.safetensors'), bytes);
    const [remark = ''] = (await openCheckpoint(folder)).remarks;
    assert.match(remark, /lm_head\.weight differs from it; the embedding is used/);
  });

  test('a normaliser that is left out, but not the composed form', async (t) => {
    const folder = temporaryFolder(t);
    const tokenizer = byteTokenizer(DREAM_TOKENS);
    const normalizer = { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] };
    writeDream(folder, { 'tokenizer.json': { ...tokenizer, normalizer } });
    const [remark = ''] = (await openCheckpoint(folder)).remarks;
    assert.match(remark, /changes text before it is split \(Lowercase\)/);
    writeDream(folder, { 'tokenizer.json': { ...tokenizer, normalizer: { type: 'NFC' } } });
    assert.deepEqual((await openCheckpoint(folder)).remarks, []);
  });
});

/** Byte of the file at which the head's first value lies. */
function headOffset(file: Buffer): number {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString('utf8'));
  return 8 + length + header['lm_head.weight'].data_offsets[0];
}
