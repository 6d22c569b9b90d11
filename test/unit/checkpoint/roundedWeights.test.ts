// A folder whose weights are a model.gguf: config and tokenizer are the folder's, the numbers the file's.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { missingFiles } from '../../../engine/checkpoint/missing';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { fails } from './errors';
import { temporaryFolder } from './folders';

const FOLDER = path.resolve('test/fixtures/checkpoints/smollm2');
const GGUF = path.resolve('test/fixtures/gguf/smollm2.gguf');

/** The folder with the file in place of its safetensors, and fields of its config.json changed. */
function rounded(t: TestContext, change: Record<string, unknown> = {}): string {
  const folder = temporaryFolder(t);
  for (const name of readdirSync(FOLDER))
    if (name.endsWith('.json')) copyFileSync(path.join(FOLDER, name), path.join(folder, name));
  copyFileSync(GGUF, path.join(folder, 'model.gguf'));
  const config = path.join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), ...change }));
  return folder;
}

describe('a folder with a model.gguf', () => {
  test('opens as its config.json says, with the weights as the file has them', async (t) => {
    const folder = rounded(t);
    const [found, file] = [await openCheckpoint(folder), await openCheckpoint(GGUF)];
    assert.equal(found.folder, folder);
    assert.deepEqual(found.family.id, file.family.id);
    assert.equal(found.storedDtype, file.storedDtype);
    const [mine, theirs] = [found, file].map(({ tensors }) => tensors.layers[1]?.query);
    assert.deepEqual({ ...mine, file: '' }, { ...theirs, file: '' });
    assert.equal(mine?.packing?.interleavedHeads, 4);
    assert.equal(found.shape.contextLength, 2048);
    assert.deepEqual(await missingFiles(folder), []);
  });

  test('takes safetensors where it has both', async (t) => {
    const folder = rounded(t);
    copyFileSync(path.join(FOLDER, 'model.safetensors'), path.join(folder, 'model.safetensors'));
    assert.equal((await openCheckpoint(folder)).tensors.layers[0]?.query.packing, undefined);
  });

  const others: [string, unknown, string][] = [
    ['rope_theta', 10_000, 'ropeTheta is 10000 in one and 100000 in the other'],
    ['rms_norm_eps', 1e-6, 'normEpsilon is 0.000001'],
    ['num_attention_heads', 8, 'heads is 8 in one and 4 in the other'],
  ];
  for (const [field, value, message] of others) {
    test(`refuses a file of another model: ${field}`, async (t) => {
      const folder = rounded(t, { [field]: value, head_dim: 16 });
      await assert.rejects(openCheckpoint(folder), fails('checkpoint-malformed', message));
    });
  }

  test('refuses a file that ends early, and other .gguf files are only hinted at', async (t) => {
    const folder = rounded(t);
    truncateSync(path.join(folder, 'model.gguf'), 20_000);
    await assert.rejects(
      openCheckpoint(folder),
      fails('tensor-malformed', 'of model.gguf runs past the end'),
    );
    rmSync(path.join(folder, 'model.gguf'));
    copyFileSync(GGUF, path.join(folder, 'another.gguf'));
    await assert.rejects(openCheckpoint(folder), fails('checkpoint-missing', 'another.gguf'));
    assert.deepEqual(await missingFiles(folder), ['model.safetensors']);
  });
});
