import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { toEngineError } from '../../engine/errors';
import { ensureFolder, ensureFolderSync } from '../../engine/folder';
import { holdsLayout, writeQuantisedWeights } from '../../engine/graph/quantisedWeightsFile';
import { sharedPlace } from '../../engine/process/sharedPlace';
import { rememberedProbe } from '../../engine/runtime/probe';

const onLinux = process.platform === 'linux';
const LAYOUT = { entries: [], header: Buffer.alloc(4096, 'x'), bytes: 4096 };

describe('the folder for what is kept', () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-folder-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('is made with those above it, however many make it at once', async () => {
    const deep = path.join(folder, 'a', 'b', 'c');
    await Promise.all(Array.from({ length: 8 }, () => ensureFolder(deep)));
    assert.ok(fs.statSync(deep).isDirectory());
    await ensureFolder(deep);
    await ensureFolder(path.parse(deep).root);
  });

  test('is made with those above it by whoever cannot wait, for the person alone', () => {
    const deep = path.join(folder, 'own', 'shared');
    ensureFolderSync(deep, 0o700);
    ensureFolderSync(deep, 0o700);
    ensureFolderSync(path.parse(deep).root);
    for (const made of [path.dirname(deep), deep]) {
      const facts = fs.statSync(made);
      assert.ok(facts.isDirectory());
      if (onLinux) assert.equal(facts.mode & 0o777, 0o700);
    }
  });

  test('is refused where a file is in its way', async () => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    await assert.rejects(ensureFolder(file), { code: 'EEXIST' });
    await assert.rejects(ensureFolder(path.join(file, 'a')), { code: 'ENOTDIR' });
    assert.throws(() => ensureFolderSync(file), { code: 'EEXIST' });
    assert.throws(() => ensureFolderSync(path.join(file, 'a')), { code: 'ENOTDIR' });
  });

  test('is refused at once where none can be made', { skip: !onLinux && 'there is no /proc' }, async () => {
    const nowhere = '/proc/palimpsest/cache';
    await assert.rejects(ensureFolder(nowhere), { code: 'ENOENT' });
    await assert.rejects(
      writeQuantisedWeights(`${nowhere}/a.weights`, LAYOUT, async () => assert.fail('nothing is written')),
      { code: 'quantisation-failed', message: /\/proc\/palimpsest/ },
    );
    const probed = { provider: 'webgpu', ok: false, fusedAgrees: false, reason: 'none.' } as const;
    assert.deepEqual(await rememberedProbe('webgpu', nowhere, async () => probed), probed);
    assert.throws(() => sharedPlace('0123456789abcdef', nowhere), { code: 'ENOENT' });
  });

  test('a pipe where the weights should be is no file, and is replaced by one', {
    skip: !onLinux,
  }, async () => {
    const file = path.join(folder, 'a.weights');
    assert.equal(spawnSync('mkfifo', [file]).status, 0);
    assert.equal(await holdsLayout(file, LAYOUT), false);
    await writeQuantisedWeights(file, LAYOUT, async () => undefined);
    assert.equal(await holdsLayout(file, LAYOUT), true);
  });
});

describe('a failure for want of memory', () => {
  for (const message of [
    'libonnxruntime.so.1: failed to map segment from shared object',
    'Array buffer allocation failed',
    'spawn ENOMEM',
    'mmap: Cannot allocate memory',
    'std::bad_alloc',
  ]) {
    test(`${message}: is called one`, () => {
      const error = toEngineError(new Error(message));
      assert.equal(error.code, 'out-of-memory');
      assert.equal(error.data['detail'], message);
    });
  }

  test('any other is not', () => assert.equal(toEngineError(new Error('odd')).code, 'internal'));
});
