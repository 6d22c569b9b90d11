import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { killedInstall, rivalInstalls } from '../unit/hub/killing';

const MIB = 2 ** 20;

test('an install that is killed at twenty points ends in the right bytes, and fetches hardly any twice', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-kills-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const points = Array.from({ length: 20 }, () => randomInt(64 * MIB)).sort((a, b) => a - b);
  const { wanted, found, bytes, sent, kills, left } = await killedInstall(folder, 64 * MIB, MIB, points);
  assert.equal(found, wanted, points.join());
  for (const { at, here, isRight } of kills) {
    assert.ok(isRight, `killed at ${at}: what is there is the beginning of the file`);
    assert.ok(here <= at && at - here <= MIB, `killed at ${at}: ${here} bytes were there`);
  }
  assert.equal(sent, bytes + kills.reduce((sum, { at, here }) => sum + at - here, 0), points.join());
  assert.deepEqual(left, ['config.json', 'install.json', 'model.safetensors']);
});

test('of two processes that install the same model, one does, and the other says so or finds it there', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-two-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const { outcomes, asked, bytes, found, wanted } = await rivalInstalls(folder, 16 * MIB, 3);
  assert.ok(outcomes.some(({ code }) => code === 0));
  for (const { code, complaint } of outcomes)
    if (code !== 0) assert.match(complaint, /is being installed or removed by another window or terminal/);
  assert.equal(found, wanted);
  assert.equal(asked, bytes);
});
