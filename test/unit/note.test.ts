// What stands in the place of a small file of ours: neither waited for nor taken in whole.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { noteOf, readSources } from '../../engine/graph/sideFileNote';
import { listAllSideFiles } from '../../engine/graph/sideFolders';
import { MANIFEST, readInstalled } from '../../engine/hub/installed';
import { readNote, readNoteSync } from '../../engine/note';
import { readRecord } from '../../engine/process/sharedPlace';

describe('a note', { timeout: 20_000 }, () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-note-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const at = (name: string) => path.join(folder, name);

  test('is its text', async () => {
    fs.writeFileSync(at('note'), 'größer\n');
    assert.equal(await readNote(at('note')), 'größer\n');
    assert.equal(readNoteSync(at('note')), 'größer\n');
  });

  test('is not a folder, nothing, or gigabytes', async () => {
    fs.mkdirSync(at('folder'));
    fs.writeFileSync(at('long'), '');
    fs.truncateSync(at('long'), 8 * 2 ** 30);
    for (const [name, why] of [
      ['folder', /not a regular file|EISDIR/],
      ['nothing', /ENOENT/],
      ['long', /longer than 4000000 bytes/],
    ] as const) {
      await assert.rejects(readNote(at(name)), why);
      assert.throws(() => readNoteSync(at(name)), why);
    }
  });

  test('is not a named pipe, which nobody waits for', { skip: process.platform === 'win32' }, async () => {
    const pipe = (...names: string[]) => {
      const file = path.join(folder, ...names);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      execFileSync('mkfifo', [file]);
      return file;
    };
    const bare = pipe('pipe');
    await assert.rejects(readNote(bare), /not a regular file/);
    assert.throws(() => readNoteSync(bare), /not a regular file/);
    pipe(noteOf('q8-1.weights'));
    assert.deepEqual(await readSources(at('q8-1.weights')), []);
    pipe('cache', 'side-folders.json');
    assert.deepEqual(await listAllSideFiles(at('cache')), []);
    const record = pipe('engine.json');
    assert.equal(readRecord({ folder, record, claim: record, log: record }), undefined);
    pipe('models', 'own', MANIFEST);
    assert.throws(() => readInstalled(at('models'), 'own'), /not a regular file/);
  });
});
