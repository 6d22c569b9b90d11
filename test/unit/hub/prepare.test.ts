import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { recordQuantised } from '../../../engine/hub/installed';
import { installLocal } from '../../../engine/hub/local';
import { placeOf } from '../../../engine/hub/place';
import { remove } from '../../../engine/hub/upkeep';
import { loadModel, prepareModel } from '../../../engine/loadModel';
import { temporaryFolder } from '../cli/scriptedEngine';
import { world } from './installing';

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
  const made = fs
    .readdirSync(cacheFolder)
    .filter((name) => name.endsWith('.weights'))
    .map((name) => path.join(cacheFolder, name));
  // Blocks are unpacked for the embedding table, and rounded again for the layers.
  assert.deepEqual([...graph.madeFiles].sort(), made.sort());
  assert.equal(made.length, 2);
  await recordQuantised(models, model, graph.madeFiles);
  const { bytes } = await remove(models, 'mine');
  assert.ok(bytes > 0);
  assert.deepEqual(fs.readdirSync(cacheFolder), []);
  assert.ok(fs.existsSync(file));
});

test('a model is loaded by its name; one that is not installed is named', async (t) => {
  const folder = fs.realpathSync(temporaryFolder(t));
  const models = path.join(folder, 'models');
  const file = path.join(__dirname, '..', '..', 'fixtures', 'gguf', 'llada.gguf');
  await installLocal(file, { models, id: 'mine', open: openCheckpoint });
  const env = { PALIMPSEST_MODELS: models };
  assert.equal(placeOf('mine', env), file);
  assert.equal(placeOf('/any/folder', env), '/any/folder');
  assert.throws(() => placeOf('dreamon-7b', env), /The model dreamon-7b is not installed\. Install it first/);
  assert.throws(() => placeOf('other', env), {
    code: 'model-unknown',
    message: /No model named other is installed/,
  });
});

test('how many bytes of weights are loaded is told before it begins', async (t) => {
  const cacheFolder = fs.realpathSync(temporaryFolder(t));
  const folder = path.join(__dirname, '..', '..', 'fixtures', 'gguf', 'llada.gguf');
  const told: unknown[] = [];
  const model = await loadModel(
    { folder, provider: 'cpu', precision: 'q8' },
    {
      cacheFolder,
      onProgress: ({ stage, fraction, weightBytes }) => {
        if (stage === 'session' && fraction === 0) told.push(weightBytes);
      },
    },
  );
  assert.deepEqual(told, [model.description.memory?.weights]);
  assert.ok(Number(told[0]) > 0);
  await model.dispose();
});

test('a model that is removed while it is in use goes on answering, and is named when it is loaded again', async (t) => {
  const { models, run } = await world(t);
  const installed = await run();
  const cacheFolder = fs.mkdtempSync(path.join(models, '..', 'cache-'));
  const load = () =>
    loadModel({ folder: installed.place, provider: 'cpu', precision: 'q8' }, { cacheFolder });
  const model = await load();
  t.after(() => model.dispose());
  await remove(models, installed.id);
  const text = 'def f():\n    return 1\n';
  const answer = await model.infill({
    requestId: 1,
    model: installed.place,
    priority: 'rewrite',
    text,
    spans: [{ start: 13, end: 21 }],
    steps: 2,
  });
  assert.equal(answer.family, 'dreamon');
  await assert.rejects(load(), { code: 'checkpoint-missing' });
  assert.throws(() => placeOf(installed.id, { PALIMPSEST_MODELS: models }), { code: 'model-unknown' });
});

test('a model whose files change while it is in use is refused by name; loaded again, it answers', async (t) => {
  const { models, run } = await world(t);
  const installed = await run();
  const cacheFolder = fs.mkdtempSync(path.join(models, '..', 'cache-'));
  const load = () =>
    loadModel({ folder: installed.place, provider: 'cpu', precision: 'q8' }, { cacheFolder });
  const score = async (model: Awaited<ReturnType<typeof load>>) => {
    const { tokens } = await model.score({
      requestId: 1,
      model: installed.place,
      priority: 'rewrite',
      text: 'x = 1\n',
    });
    return tokens.length;
  };
  const model = await load();
  t.after(() => model.dispose());
  assert.ok((await score(model)) > 0);
  const later = new Date(Date.now() + 5000);
  fs.utimesSync(path.join(installed.root, 'model.safetensors'), later, later);
  await assert.rejects(score(model), {
    code: 'model-changed',
    message: /The files of .* have changed/,
  });
  const again = await load();
  t.after(() => again.dispose());
  assert.ok((await score(again)) > 0);
});
