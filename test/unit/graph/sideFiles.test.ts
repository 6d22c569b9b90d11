// Side files by content: one for a model, however it is opened, and none that nobody needs.
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import { ensureQuantisedWeights } from '../../../engine/graph/quantise';
import { noteOf, readSources } from '../../../engine/graph/sideFileNote';
import {
  listSideFiles,
  outdated,
  removeSideFile,
  type SideFile,
  tidySideFiles,
  unused,
} from '../../../engine/graph/sideFileUpkeep';
import { LoadedFiles } from '../../../engine/runtime/loadedFiles';
import { temporaryFolder, writeTinyCheckpoint } from './tinyCheckpoint';

const DAY = 24 * 3_600_000;
const NOW = Date.UTC(2026, 10, 26);

/** The same checkpoint with its weights in another folder. */
function movedTo(checkpoint: Checkpoint, folder: string): Checkpoint {
  const moved: Checkpoint = JSON.parse(
    JSON.stringify(checkpoint).replaceAll(
      checkpoint.tensors.head.file,
      path.join(folder, 'model.safetensors'),
    ),
  );
  return { ...moved, folder, name: path.basename(folder) };
}

async function copied(checkpoint: Checkpoint, name: string, changed = new Date()): Promise<Checkpoint> {
  const folder = path.join(temporaryFolder('copy'), name);
  const copy = path.join(folder, 'model.safetensors');
  await mkdir(folder);
  await copyFile(checkpoint.tensors.head.file, copy);
  await utimes(copy, changed, changed);
  return movedTo(checkpoint, folder);
}

const weightsIn = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.endsWith('.weights'));

describe('one side file for a model', () => {
  /** Whether it had to be made. */
  async function makes(checkpoint: Checkpoint, folder: string): Promise<boolean> {
    let made = false;
    await ensureQuantisedWeights(checkpoint, 'q8', folder, {
      onProgress: () => {
        made = true;
      },
    });
    return made;
  }

  test('by whichever path it is opened: a copy, another name, a folder that was moved', async () => {
    const folder = temporaryFolder('side');
    const { checkpoint } = writeTinyCheckpoint(temporaryFolder('tiny'));
    assert.equal(await makes(checkpoint, folder), true);
    const copy = await copied(checkpoint, 'other name', new Date(Date.now() + 60_000));
    assert.equal(await makes(copy, folder), false, 'a copy that is as long and younger is compared');
    assert.equal(await makes(checkpoint, folder), false);
    assert.equal(await makes(copy, folder), false);
    const there = path.join(temporaryFolder('moved'), 'third');
    await rename(copy.folder, there);
    assert.equal(await makes(movedTo(copy, there), folder), false);
    const [file = '', ...more] = await weightsIn(folder);
    assert.deepEqual(more, []);
    const sources = await readSources(path.join(folder, file));
    assert.deepEqual(sources.map(({ name }) => name).sort(), ['other name', 'third', checkpoint.name].sort());
    assert.equal(sources[0]?.name, checkpoint.name, 'the one that it was made of');
  });

  test('of which nothing is known any more is made again, and so is one whose copy differs', async () => {
    const folder = temporaryFolder('side');
    const { checkpoint } = writeTinyCheckpoint(temporaryFolder('tiny'));
    await makes(checkpoint, folder);
    const later = new Date(Date.now() + 60_000);
    const copy = await copied(checkpoint, 'copy', later);
    await rm(checkpoint.tensors.head.file);
    assert.equal(await makes(copy, folder), true, 'there is nothing left to compare it with');
    assert.deepEqual(
      (await readSources(path.join(folder, (await weightsIn(folder))[0] ?? ''))).map(({ name }) => name),
      ['copy'],
    );
    const other = await copied(copy, 'other', new Date(Date.now() + 120_000));
    const { up } = other.tensors.layers[0] ?? assert.fail();
    const bytes = Buffer.from(Float32Array.of(9).buffer);
    const { open } = await import('node:fs/promises');
    const handle = await open(up.file, 'r+');
    // Between two samples.
    await handle.write(bytes, 0, 4, up.offset + 5000);
    await handle.close();
    assert.equal(await makes(other, folder), true);
    assert.equal((await weightsIn(folder)).length, 1);
  });

  test('a note that is lost or damaged costs nothing where the file is of this very checkpoint', async () => {
    const folder = temporaryFolder('side');
    const { checkpoint } = writeTinyCheckpoint(temporaryFolder('tiny'));
    await makes(checkpoint, folder);
    const [file = ''] = await weightsIn(folder);
    await writeFile(noteOf(path.join(folder, file)), '[{"name": 7}');
    assert.equal(await makes(checkpoint, folder), false);
    assert.equal((await readSources(path.join(folder, file)))[0]?.name, checkpoint.name);
  });
});

describe('the upkeep of side files', () => {
  const one = (name: string, days: number, more: Partial<SideFile> = {}): SideFile => ({
    file: name,
    bytes: 1e9,
    usedAt: NOW - days * DAY,
    models: ['m'],
    isNeeded: true,
    ...more,
  });
  const names = (files: readonly SideFile[]) => files.map(({ file }) => file);

  test('what no model needs goes after a day, what nobody uses after two months', () => {
    const files = [
      one('old', 61),
      one('gone', 2, { isNeeded: false }),
      one('just gone', 0.5, { isNeeded: false }),
      one('used', 30),
    ];
    assert.deepEqual(names(unused(files, NOW)), ['old', 'gone']);
    assert.deepEqual(names(outdated(files, NOW)), ['old', 'gone']);
  });

  test('what takes too much room together goes, least lately used first; what may be in use stays', () => {
    const files = [one('a', 9), one('b', 8), one('c', 7), one('now', 0, { bytes: 5e9 })];
    assert.deepEqual(names(outdated(files, NOW, 7e9)), ['a']);
    assert.deepEqual(names(outdated(files, NOW, 6e9)), ['a', 'b']);
    assert.deepEqual(names(outdated(files, NOW, 1e9)), ['a', 'b', 'c']);
    assert.deepEqual(outdated([], NOW, 0), []);
  });

  test('is done before another one is made, and notes do not stay alone', async () => {
    const folder = temporaryFolder('side');
    const first = writeTinyCheckpoint(temporaryFolder('tiny')).checkpoint;
    const second = writeTinyCheckpoint(temporaryFolder('tiny'), { seed: 2 }).checkpoint;
    const { file } = await ensureQuantisedWeights(first, 'q8', folder);
    await rm(first.tensors.head.file);
    const old = new Date(Date.now() - 2 * DAY);
    await utimes(file, old, old);
    await writeFile(path.join(folder, 'removed-by-hand.weights.json'), '[]');
    await writeFile(path.join(folder, 'probe-cuda.json'), '{}');
    const listed = await listSideFiles(folder);
    assert.deepEqual(
      listed.map(({ models, isNeeded }) => [models, isNeeded]),
      [[[first.name], false]],
    );
    const made = await ensureQuantisedWeights(second, 'q8', folder);
    const name = path.basename(made.file);
    assert.deepEqual((await readdir(folder)).sort(), [name, `${name}.json`, 'probe-cuda.json'].sort());
    assert.ok((await stat(made.file)).atimeMs > Date.now() - DAY);
    assert.equal(await removeSideFile({ file: made.file }), true);
    assert.deepEqual(await readdir(folder), ['probe-cuda.json']);
    assert.equal(await removeSideFile({ file: made.file }), false);
    await tidySideFiles(path.join(folder, 'nowhere'));
    assert.deepEqual(await listSideFiles(path.join(folder, 'nowhere')), []);
  });
});

describe('the files of a loaded model', () => {
  test('are looked at: the same, gone, or changed, which is refused by name', async () => {
    const folder = temporaryFolder('loaded');
    const [original, made] = [path.join(folder, 'model.safetensors'), path.join(folder, 'a.weights')];
    for (const file of [original, made]) await writeFile(file, 'weights');
    const files = await LoadedFiles.of([original], [made]);
    assert.equal(await files.state(), 'same');
    await utimes(made, new Date(), new Date());
    assert.equal(await files.state(), 'same', 'another window used it');
    await rm(made);
    assert.equal(await files.state(), 'gone');
    await files.requireUnchanged('mine');
    await writeFile(`${original}.new`, 'wEIGHTS');
    await utimes(`${original}.new`, new Date(), new Date(Date.now() + 5000));
    await rename(`${original}.new`, original);
    assert.equal(await files.state(), 'changed');
    await assert.rejects(files.requireUnchanged('mine'), {
      code: 'model-changed',
      message: /The files of mine have changed .* Restart the engine/,
    });
    await rm(original);
    assert.equal(await files.state(), 'gone');
  });
});
