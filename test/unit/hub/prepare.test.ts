import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { recordQuantised } from '../../../engine/hub/installed';
import { installLocal } from '../../../engine/hub/local';
import { remove } from '../../../engine/hub/upkeep';
import { prepareModel } from '../../../engine/loadModel';
import { temporaryFolder } from '../cli/scriptedEngine';

test('what was made of a model’s weights goes with the model, and its own file stays', async (t) => {
  const folder = fs.realpathSync(temporaryFolder(t));
  const models = path.join(folder, 'models');
  const cacheFolder = path.join(folder, 'cache');
  const file = path.join(__dirname, '..', '..', 'fixtures', 'gguf', 'llada.gguf');
  const model = await installLocal(file, { models, id: 'mine', open: openCheckpoint });
  const stages: string[] = [];
  const { graph } = await prepareModel(
    { folder: model.place, provider: 'cpu', precision: 'q8' },
    { cacheFolder, onProgress: ({ stage, fraction }) => stages.push(`${stage} ${fraction}`) },
  );
  assert.ok(stages.includes('quantising 1'), stages.join());
  const made = fs.readdirSync(cacheFolder).map((name) => path.join(cacheFolder, name));
  // Blocks are unpacked for the embedding table, and rounded again for the layers.
  assert.deepEqual([...graph.madeFiles].sort(), made.sort());
  assert.equal(made.length, 2);
  await recordQuantised(models, model, graph.madeFiles);
  const { bytes } = await remove(models, 'mine');
  assert.ok(bytes > 0);
  assert.deepEqual(fs.readdirSync(cacheFolder), []);
  assert.ok(fs.existsSync(file));
});
