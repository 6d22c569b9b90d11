// What a session of the editor leaves behind: no file that is not VS Code's or ours, no socket of the extension or the engine, and
// no attempt to reach the network. Seen from outside, in a home folder and a network of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { root } from '../../scripts/setup.mjs';
import {
  attemptsOutside,
  canBeAlone,
  internetSockets,
  socketsOf,
} from '../../scripts/vscode/lonelyNetwork.mjs';
import { openWorkbench } from '../../scripts/vscode/workbench.mjs';
import { processes, until } from './processes.mjs';

const FILE = 'inventory.py';

/** Files and links below a folder, by their paths in it. */
function filesIn(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** What VS Code goes on writing by itself. */
const VS_CODE = /^vscode-[\w-]+\.sock$|code-server[\\/]heartbeat$/;

const isAlone = canBeAlone();

describe('traces of the extension host', { timeout: 480_000 }, () => {
  test('a session with a rewrite and ghost text leaves nothing behind', async () => {
    const place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-traces-'));
    const home = path.join(place, 'home');
    const folder = path.join(place, 'shop');
    fs.mkdirSync(home);
    fs.cpSync(path.join(root, 'docs/samples'), folder, { recursive: true });
    const window = await openWorkbench({
      folder,
      extension: root,
      isAlone,
      env: { HOME: home },
      settings: {
        'editor.minimap.enabled': false,
        'palimpsest.engine.provider': 'cpu',
        'palimpsest.model.path': 'starter',
      },
    });
    const engine = () =>
      processes().find(({ args }) => args.includes(window.home) && args.includes('engine.js'));
    const left = () => ({
      home: filesIn(home).filter((file) => !VS_CODE.test(file)),
      temporary: filesIn(path.join(window.home, 'tmp')).filter((file) => !VS_CODE.test(file)),
    });
    try {
      await window.open(FILE);
      assert.equal(engine(), undefined);
      const byVsCode = left();
      await window.select(39, 39);
      await window.page.keyboard.press('Shift+Alt+w');
      await window.settled().waitFor({ timeout: 60_000 });
      await window.dismiss();
      await window.page.keyboard.press('End');
      await window.page.keyboard.type('\nif self.items');
      const { pid } = await until(engine, 'the engine');
      assert.deepEqual(left(), byVsCode);
      const storage = filesIn(path.join(window.home, 'user', 'User', 'globalStorage'));
      const ours = storage.filter((file) => file.startsWith('palimpsest.palimpsest'));
      assert.ok(ours.length > 0);
      for (const file of ours)
        assert.match(file, /[\\/]cache[\\/](probe-[\w-]+\.json|[\w-]+\.weights(\.json)?)$/);
      if (!isAlone) return;
      const internet = new Set(internetSockets(pid));
      assert.ok(internet.size > 0, 'VS Code itself listens');
      assert.deepEqual(
        socketsOf(pid).filter((inode) => internet.has(inode)),
        [],
        'the engine',
      );
      // The extension host and the engine are in one network, in which nothing leads out.
      assert.equal(attemptsOutside(pid), 0);
    } finally {
      await window.close();
      fs.rmSync(place, { recursive: true, force: true });
    }
  });
});
