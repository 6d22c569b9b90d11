import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { runCommand } from '../../../engine/cli/command';
import { ensureQuantisedWeights } from '../../../engine/graph/quantise';
import { tidySideFiles } from '../../../engine/graph/sideFileUpkeep';
import { notedSideFolder } from '../../../engine/graph/sideFolders';
import { temporaryFolder as temporary, writeTinyCheckpoint } from '../graph/tinyCheckpoint';
import { fakeStream, scriptedEngine, temporaryFolder, testWorld } from './scriptedEngine';

describe('palimpsest cache', () => {
  async function world(t: { after(fn: () => unknown): void }) {
    const cache = path.join(fs.realpathSync(temporaryFolder(t)), 'cache');
    const run = async (words: string) => {
      const stdout = fakeStream();
      const context = testWorld(scriptedEngine().engine, { env: { PALIMPSEST_CACHE: cache }, stdout });
      assert.equal(await runCommand(words.split(' '), context), 0);
      return stdout.text();
    };
    return { cache, run };
  }

  test('lists what was made of which model, and frees it', async (t) => {
    const { cache, run } = await world(t);
    assert.match(await run('cache list'), /^Nothing in /);
    const { checkpoint } = writeTinyCheckpoint(temporary('tiny'));
    for (const precision of ['q8', 'int8'] as const)
      await ensureQuantisedWeights(checkpoint, precision, cache);
    fs.writeFileSync(path.join(cache, 'probe-cuda.json'), '{}');
    const text = await run('cache list');
    assert.match(
      text,
      new RegExp(`^q8-[0-9a-f]{32}\\.weights +\\d+ kB +\\d{4}-\\d\\d-\\d\\d +${checkpoint.name}$`, 'm'),
    );
    assert.match(text, /kB in .*cache; palimpsest cache clear deletes them/);
    const { bytes, files } = JSON.parse(await run('cache list --json'));
    assert.equal(files.length, 2);
    const models = JSON.parse(await run('models list --json'));
    assert.equal(models.cache.bytes, bytes);

    assert.deepEqual(JSON.parse(await run('cache clear --unused --json')).files, [], 'all are needed');
    const freed = JSON.parse(await run('cache clear --json'));
    assert.deepEqual([freed.bytes, freed.files.length, freed.kept], [bytes, 2, []]);
    assert.deepEqual(fs.readdirSync(cache), ['probe-cuda.json']);
  });

  test('lists and frees what lies beside weights on another drive, and nothing else there', async (t) => {
    const { cache, run } = await world(t);
    fs.mkdirSync(cache);
    const elsewhere = temporary('drive');
    // Between two drives of Windows, no path leads from one to the other.
    const drives = { ...path, relative: (_from: string, to: string) => to };
    const weights = path.join(elsewhere, 'model.safetensors');
    for (let load = 0; load < 2; load++)
      assert.equal(await notedSideFolder([weights], cache, drives), elsewhere);
    assert.deepEqual(fs.readdirSync(cache), ['side-folders.json']);
    const { checkpoint } = writeTinyCheckpoint(temporary('tiny'));
    const { file } = await ensureQuantisedWeights(checkpoint, 'q8', elsewhere);
    const others = path.join(elsewhere, 'detector.weights');
    fs.writeFileSync(others, 'not ours');
    const text = await run('cache list');
    assert.ok(text.includes(`\n${file} `), text);
    assert.match(
      text,
      /kB in .*cache and beside weights on other drives; palimpsest cache clear deletes them/,
    );
    assert.ok(!text.includes('detector'), text);
    assert.deepEqual(JSON.parse(await run('cache clear --json')).files, [file]);
    assert.deepEqual([fs.existsSync(file), fs.existsSync(others)], [false, true]);
    assert.match(await run('cache list'), /^Nothing in /);
  });

  test('before room is made beside weights, files of others are no side files', async () => {
    const folder = temporary('drive');
    const others = path.join(folder, 'detector.weights');
    fs.writeFileSync(others, 'not ours');
    fs.utimesSync(others, 0, 0);
    await tidySideFiles(folder);
    assert.ok(fs.existsSync(others));
  });

  test('with --unused only what no model needs goes', async (t) => {
    const { cache, run } = await world(t);
    const [gone, there] = [1, 2].map((seed) => writeTinyCheckpoint(temporary('tiny'), { seed }).checkpoint);
    assert.ok(gone && there);
    for (const checkpoint of [gone, there]) {
      const { file } = await ensureQuantisedWeights(checkpoint, 'q8', cache);
      const long = new Date(Date.now() - 3 * 24 * 3_600_000);
      fs.utimesSync(file, long, long);
    }
    fs.rmSync(gone.tensors.head.file);
    assert.match(await run('cache list'), /\(gone\)$/m);
    assert.match(await run('cache clear --unused'), /^\d+ kB are free again\.$/m);
    const { files } = JSON.parse(await run('cache list --json'));
    assert.deepEqual(
      files.map(({ models }: { readonly models: readonly string[] }) => models),
      [[there.name]],
    );
  });
});
