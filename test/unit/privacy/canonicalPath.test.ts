import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { canonicalPath, pathWithin } from '../../../engine/privacy/canonicalPath';

describe('where a path leads', { skip: process.platform === 'win32' && 'links need a right there' }, () => {
  let folder = '';
  before(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-canonical-')));
    for (const name of ['workspace/deep', 'home']) fs.mkdirSync(path.join(folder, name), { recursive: true });
    fs.writeFileSync(path.join(folder, 'home', '.env'), 'x');
    fs.writeFileSync(path.join(folder, 'workspace', 'a.py'), 'x');
    fs.symlinkSync(path.join(folder, 'home', '.env'), path.join(folder, 'workspace', 'notes.txt'));
    fs.symlinkSync(path.join(folder, 'home'), path.join(folder, 'workspace', 'far'));
    fs.symlinkSync('round', path.join(folder, 'workspace', 'round'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const leads = async (name: string) => path.relative(folder, await canonicalPath(`${folder}/${name}`));

  test('links and dots are resolved, of what is not there yet too', async () => {
    assert.equal(await leads('workspace/a.py'), 'workspace/a.py');
    assert.equal(await leads('workspace/../home/.env'), 'home/.env');
    assert.equal(await leads('workspace/notes.txt'), 'home/.env');
    assert.equal(await leads('workspace/far/.env'), 'home/.env');
    // As the system goes: first through the link, then up.
    assert.equal(await leads('workspace/far/../workspace/a.py'), 'workspace/a.py');
    assert.equal(await leads('workspace/far/new/file.py'), 'home/new/file.py');
    await assert.rejects(leads('workspace/round'));
  });

  test('what is within a folder, and what only begins as it does', () => {
    assert.equal(pathWithin('/a/b', '/a/b/c/d'), 'c/d');
    assert.equal(pathWithin('/a/b', '/a/b'), '');
    assert.equal(pathWithin('/a/b', '/a/bc'), undefined);
    assert.equal(pathWithin('/a/b', '/a'), undefined);
    assert.equal(pathWithin('/a/b', '/a/b/..c'), '..c');
  });
});
