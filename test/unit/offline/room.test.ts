import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { discard, reasonOfDisk } from '../../../bench/offline/room';
import { fill } from '../../../bench/offline/takenMemory';

test('a model for which the disk has no room is left out, with both figures', () => {
  assert.equal(reasonOfDisk(5e8, 64e9), undefined);
  assert.equal(reasonOfDisk(7.6e9, 40e9), 'It needs about 44.4 GB of disk, and 40.0 are free.');
});

test('what was measured is deleted with what was made of it, and nothing else', (t) => {
  const bench = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-room-'));
  t.after(() => fs.rmSync(bench, { recursive: true, force: true }));
  const models = path.join(bench, 'models');
  const folder = path.join(models, 'random-7B');
  fs.mkdirSync(folder, { recursive: true });
  fs.mkdirSync(path.join(models, 'random-0.5B'));
  fs.mkdirSync(path.join(bench, 'side'));
  for (const name of ['q8-1.weights', 'q8-1.weights.json', 'probe-webgpu-1.json'])
    fs.writeFileSync(path.join(bench, 'side', name), '');
  discard({ folder }, models);
  assert.deepEqual(fs.readdirSync(models), ['random-0.5B']);
  assert.deepEqual(fs.readdirSync(path.join(bench, 'side')), ['probe-webgpu-1.json']);
  for (const elsewhere of [bench, models])
    assert.throws(() => discard({ folder: elsewhere }, models), /no random model/);
});

/** A device of so many bytes, whose provider rejects what does not fit, or says nothing. */
function device(total: number, rejects: boolean) {
  let used = 0;
  return {
    used: () => used,
    take: async (numbers: number) => {
      if (used + 4 * numbers <= total) used += 4 * numbers;
      else if (rejects) throw new Error('no memory');
    },
    memory: () => ({ free: total - used, total }),
  };
}

test('a device is filled whether its provider says that it is full or not', async () => {
  for (const rejects of [true, false]) {
    const gpu = device(1000, rejects);
    assert.equal(await fill(gpu, [100, 20, 1]), 1000);
    assert.equal(gpu.used(), 1000);
  }
});

test('a device whose memory cannot be told is filled until it refuses', async () => {
  const gpu = device(1000, true);
  assert.equal(await fill({ take: gpu.take, memory: () => undefined }, [100, 20]), 960);
});

test('a device that takes nothing, says nothing, and has its memory free all the time is given up', async () => {
  let asked = 0;
  const taken = await fill(
    {
      take: async () => {
        asked++;
      },
      memory: () => ({ free: 1000, total: 1000 }),
    },
    [100, 20],
  );
  assert.equal(taken, 0);
  assert.equal(asked, 2);
});
