import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { parseFacts, SHARED_FROM, type SharedFacts, sharedEngine } from '../../../engine/process/sharedKey';

const sharedKey = async (...asked: Parameters<typeof sharedEngine>) => (await sharedEngine(...asked))?.key;

describe('which windows share an engine', () => {
  let folder: string;
  let facts: SharedFacts;
  let script: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-key-'));
    script = path.join(folder, 'engine.js');
    facts = { model: path.join(folder, 'large'), provider: 'auto', cacheFolder: '/cache' };
    fs.writeFileSync(script, '');
    weights('large', SHARED_FROM);
    weights('small', SHARED_FROM - 1);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** A sparse file: it takes no room. */
  function weights(name: string, bytes: number): void {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
    fs.writeFileSync(path.join(folder, name, 'model.safetensors'), '');
    fs.truncateSync(path.join(folder, name, 'model.safetensors'), bytes);
  }

  test('those with the same large model, loaded in the same way', async () => {
    const key = await sharedKey(facts, script);
    assert.match(key ?? '', /^[0-9a-f]{32}$/);
    assert.equal(await sharedKey({ ...facts }, script), key);
    for (const other of [{ provider: 'cpu' }, { cacheFolder: '/other' }])
      assert.notEqual(await sharedKey({ ...facts, ...other }, script), key);
  });

  test('a file of weights by itself is a model, too', async () => {
    weights('files', SHARED_FROM);
    const file = path.join(folder, 'files', 'model.gguf');
    fs.renameSync(path.join(folder, 'files', 'model.safetensors'), file);
    assert.match((await sharedKey({ ...facts, model: file }, script)) ?? '', /^[0-9a-f]{32}$/);
  });

  test('none for a small model, or for one that is not there', async () => {
    for (const name of ['small', 'missing'])
      assert.equal(await sharedKey({ ...facts, model: path.join(folder, name) }, script), undefined);
    assert.equal(await sharedKey({ ...facts, model: 'no-such-model' }, script), undefined);
  });

  test('facts that are none are refused', () => {
    assert.deepEqual(parseFacts(JSON.stringify(facts)), facts);
    for (const text of ['', '{}', '[]', 'null', '{"model":1,"provider":"cpu","cacheFolder":"/c"}'])
      assert.throws(() => parseFacts(text));
  });

  test('changed files, and another build of the engine, have another key', async () => {
    const keys = [await sharedKey(facts, script)];
    weights('large', SHARED_FROM + 1);
    keys.push(await sharedKey(facts, script));
    fs.writeFileSync(script, '// another');
    keys.push(await sharedKey(facts, script));
    assert.equal(new Set(keys).size, 3);
  });
});
