// No orphan, whatever is killed: the extension host, the server, the window. Seen from outside, because who is killed
// cannot look; with real keys in a real workbench.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach, describe } from 'node:test';
import { root } from '../../scripts/setup.mjs';
import { openWorkbench } from '../../scripts/vscode/workbench.mjs';
import { processes, until } from './processes.mjs';

const LIMIT_MILLIS = 60_000;
/** From the end of the extension host. */
const ORPHAN_MILLIS = 5000;
const FILE = 'rateLimiter.ts';

describe('the engine outlives nobody', { timeout: 480_000 }, () => {
  let place;
  let folder;
  let window;
  beforeEach(async () => {
    place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-life-'));
    folder = path.join(place, 'shop');
    fs.cpSync(path.join(root, 'docs/samples'), folder, { recursive: true });
    window = await openWorkbench({
      folder,
      extension: root,
      settings: {
        'editor.minimap.enabled': false,
        'palimpsest.engine.provider': 'cpu',
        'palimpsest.model.path': 'starter',
        'palimpsest.ghostText.enabled': false,
        'palimpsest.rewrite.candidates': 8,
        'typescript.validate.enable': false,
      },
    });
    await window.open(FILE);
  });
  afterEach(async () => {
    await window.close();
    fs.rmSync(place, { recursive: true, force: true });
  });

  const accept = () => window.page.locator('.codelens-decoration', { hasText: 'Accept' }).first();
  /** The review is over before the next key comes, as it is for a person. */
  async function dismiss() {
    await window.page.keyboard.press('Escape');
    await accept().waitFor({ state: 'detached' });
  }

  const engine = () =>
    processes().find(({ args }) => args.includes(window.home) && args.includes('engine.js'));
  /** A review of a rewrite, with its engine. */
  async function reviewed() {
    await window.select(44, 49);
    await window.page.keyboard.press('Shift+Alt+w');
    // Whether the answer is good enough to be shown unasked is the model's affair.
    const anyway = window.page.locator('.codelens-decoration a', { hasText: 'Show Anyway' }).first();
    await accept().or(anyway).first().waitFor({ timeout: LIMIT_MILLIS });
    if (await anyway.isVisible()) await anyway.click();
    await accept().waitFor({ timeout: LIMIT_MILLIS });
    return until(engine, 'an engine');
  }

  async function endedWith(pid) {
    const begun = Date.now();
    await until(() => !processes().some((one) => one.pid === pid), 'the end of the engine', ORPHAN_MILLIS);
    console.log(`    ended after ${Date.now() - begun} ms`);
  }

  /** On the disk, and in the editor without decorations. */
  function untouched() {
    const original = fs.readFileSync(path.join(root, 'docs/samples', FILE), 'utf8');
    assert.equal(fs.readFileSync(path.join(folder, FILE), 'utf8'), original);
  }

  test('an extension host that is killed under review', async () => {
    const { pid, parent } = await reviewed();
    process.kill(parent, 'SIGKILL');
    await endedWith(pid);
    untouched();
    assert.equal(await window.page.locator('.tab.active.dirty').count(), 0);
  });

  test('an extension host that is killed while the engine loads', async () => {
    await window.select(6, 51);
    await window.page.keyboard.press('Shift+Alt+w');
    const { pid, parent } = await until(engine, 'an engine');
    process.kill(parent, 'SIGKILL');
    await endedWith(pid);
    untouched();
  });

  test('an extension host that is killed in the middle of a denoise', async () => {
    await reviewed();
    await dismiss();
    await window.select(6, 51);
    const { pid, parent } = await until(engine, 'an engine');
    // Looked for from before it begins: how long it lasts is the model's affair.
    const begun = window.page
      .locator('.statusbar-item', { hasText: /\d+%/ })
      .waitFor({ timeout: LIMIT_MILLIS });
    await window.page.keyboard.press('Shift+Alt+w');
    await begun;
    process.kill(parent, 'SIGKILL');
    await endedWith(pid);
    untouched();
  });

  test('a server that is killed', async () => {
    const { pid, parent: hostPid } = await reviewed();
    // The extension host is no child of the process that was started, but of the one that serves.
    const all = processes();
    const serving = [];
    for (let up = all.find((one) => one.pid === hostPid)?.parent; up !== undefined; ) {
      serving.push(up);
      up = up === window.serverPid ? undefined : all.find((one) => one.pid === up)?.parent;
    }
    assert.equal(serving.at(-1), window.serverPid, 'the server was found');
    for (const one of serving) process.kill(one, 'SIGKILL');
    // The extension host looks for its parent once a second.
    await until(
      () => !processes().some((one) => one.pid === hostPid),
      'the end of the extension host',
      15_000,
    );
    await endedWith(pid);
    untouched();
  });

  test('a window that is loaded again', async () => {
    const { pid } = await reviewed();
    await window.page.reload();
    await until(() => !processes().some((one) => one.pid === pid), 'the end of the engine', 15_000);
    await window.page
      .locator('.statusbar-item', { hasText: 'Palimpsest' })
      .waitFor({ timeout: LIMIT_MILLIS });
    const offer = window.page.locator('.notification-toast', {
      hasText: `The rewrite of ${FILE} was interrupted when the window closed`,
    });
    await offer.locator('.monaco-button', { hasText: 'Rewrite Again' }).waitFor({ timeout: LIMIT_MILLIS });
    assert.equal(engine(), undefined, 'and none is started before somebody asks');
    untouched();
    await offer.locator('.monaco-button', { hasText: 'Rewrite Again' }).click();
    await until(engine, 'the engine, for the rewrite');
  });

  test('an engine that is killed again and again shows its stopped state with a button that works', async () => {
    await reviewed();
    await dismiss();
    for (let kills = 0; kills < 5; kills++) {
      const { pid } = await until(engine, 'an engine');
      // Until it is loaded a death is one of its start; each counts.
      process.kill(pid, 'SIGKILL');
      await until(() => engine()?.pid !== pid, 'its end');
    }
    const item = window.page.locator('.statusbar-item[id*="palimpsest"]').first();
    await until(async () => /failed/.test(await item.textContent()), 'the stopped state');
    assert.match(await item.getAttribute('class'), /has-background-color|error/);
    const toast = window.page.locator('.notification-toast', { hasText: 'will not be restarted' });
    await toast.waitFor();
    assert.equal(await window.page.locator('.notification-toast').count(), 1, 'one message');
    await toast.locator('.monaco-button', { hasText: 'Restart Engine' }).click();
    await until(async () => /starter · CPU/.test(await item.textContent()), 'the engine, ready again');
    assert.ok(engine());
  });
});
