// An editor runs what the build replaces: at no time may it find half of a build, or none.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';

const root = path.resolve(__dirname, '../../..');

describe('the build', () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-build-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const build = (cwd: string): number | null =>
    spawnSync(process.execPath, [path.join(root, 'esbuild.js'), '--out', path.join(folder, 'out')], { cwd })
      .status;

  test('leaves the one before where it fails, and replaces it where it does not', () => {
    const stale = path.join(folder, 'out', 'stale.js');
    fs.mkdirSync(path.dirname(stale));
    fs.writeFileSync(stale, '');
    // Nothing of the project can be read from there.
    assert.equal(build(folder), 1);
    assert.deepEqual(fs.readdirSync(folder), ['out']);
    assert.equal(fs.existsSync(stale), true);

    assert.equal(build(root), 0);
    assert.deepEqual(fs.readdirSync(folder), ['out']);
    assert.equal(fs.existsSync(stale), false);
    assert.equal(fs.existsSync(path.join(folder, 'out', 'cli.js')), true);
  });
});
