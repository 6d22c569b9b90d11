// A lock that is held, and one that somebody else has taken meanwhile.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { STAGING } from '../../../engine/hub/installed';
import { takeLock } from '../../../engine/hub/lock';
import { catalogueModel, world } from './installing';

const TOUCHED_EVERY = 5_000;
/** A process of this machine that lives, in any case for as long as this one. */
const OTHER = JSON.stringify({ id: 'other', host: os.hostname(), pid: process.pid });

function placeOf(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-lock-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'model.lock');
}

async function until(what: () => boolean): Promise<void> {
  for (let looks = 0; !what(); looks++) {
    assert.ok(looks < 2000, 'it did not come to that');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a lock that is held', () => {
  test('says again and again that its owner lives', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const file = placeOf(t);
    const lock = await takeLock(file, 'model');
    for (let times = 0; times < 2; times++) {
      fs.utimesSync(file, 1, 1);
      t.mock.timers.tick(TOUCHED_EVERY);
      await until(() => fs.statSync(file).mtimeMs > 1e12);
    }
    assert.equal(lock.lost.aborted, false);
    await lock.release();
    assert.equal(fs.existsSync(file), false);
  });

  for (const [name, content] of [
    ['somebody else’s', OTHER],
    ['gone', undefined],
  ] as const) {
    test(`is lost where its file is ${name}, and leaves what is there`, async (t) => {
      t.mock.timers.enable({ apis: ['setInterval'] });
      const file = placeOf(t);
      const lock = await takeLock(file, 'model');
      if (content === undefined) fs.rmSync(file);
      else fs.writeFileSync(file, content);
      assert.equal(lock.lost.aborted, false);
      t.mock.timers.tick(TOUCHED_EVERY);
      await until(() => lock.lost.aborted);
      await lock.release();
      assert.equal(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined, content);
    });
  }

  test('that an install loses ends it, with a sentence, and the other’s is left alone', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { models, fails } = await world(t);
    const file = path.join(models, STAGING, `${catalogueModel().id}.lock`);
    let isTaken = false;
    await fails('model-busy', /^Another window or terminal took over the install of dreamon-tiny/, {
      confirm: async () => {
        fs.writeFileSync(file, OTHER);
        t.mock.timers.tick(TOUCHED_EVERY);
        for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
        isTaken = true;
      },
    });
    assert.ok(isTaken);
    assert.equal(fs.readFileSync(file, 'utf8'), OTHER);
  });
});
