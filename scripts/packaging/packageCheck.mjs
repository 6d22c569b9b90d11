// Whether a VSIX works: it is installed as a person would install it, in a VS Code that knows nothing of this checkout, and
// has to rewrite a line with the engine and the model that are inside.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';
import { openWorkbench } from '../vscode/workbench.mjs';

export async function checkPackage(vsix) {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-vsix-'));
  const folder = path.join(place, 'shop');
  fs.cpSync(path.join(root, 'docs', 'samples'), folder, { recursive: true });
  const { page, close, home, ...window } = await openWorkbench({
    folder,
    vsix,
    settings: { 'palimpsest.engine.provider': 'cpu', 'palimpsest.ghostText.enabled': false },
  });
  try {
    const [installed] = fs
      .readdirSync(path.join(home, 'extensions'))
      .filter((name) => name.startsWith('palimpsest.'));
    assert.ok(installed, 'it is installed');
    assert.ok(!fs.lstatSync(path.join(home, 'extensions', installed)).isSymbolicLink());
    await window.open('inventory.py');
    await window.select(54, 55);
    const before = await window.shownText();
    await page.keyboard.press('Shift+Alt+w');
    const lens = page.locator('.codelens-decoration', { hasText: 'Accept' });
    await lens.waitFor({ timeout: 90_000 });
    assert.match(await window.status(), /starter · CPU/);
    await page.keyboard.press('Tab');
    await lens.waitFor({ state: 'detached' });
    assert.notEqual(await window.shownText(), before, 'Tab accepts');
    console.log(`Installed as ${installed}: a rewrite was made, shown and accepted.`);
  } catch (error) {
    const file = path.join(os.tmpdir(), 'palimpsest-vsix-failure.png');
    await page.screenshot({ path: file });
    console.error(`The window as it was: ${file}`);
    throw error;
  } finally {
    await close();
    fs.rmSync(place, { recursive: true, force: true });
  }
}
