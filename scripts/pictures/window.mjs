// A workbench with the sample shop open, set up to look the same on every machine: what all pictures are taken of.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';
import { openWorkbench } from '../vscode/workbench.mjs';

export const THEMES = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  contrast: 'Default High Contrast',
};
export const IMAGES = path.join(root, 'docs', 'images');

const SETTINGS = {
  'editor.minimap.enabled': false,
  'editor.occurrencesHighlight': 'off',
  'editor.stickyScroll.enabled': false,
  'workbench.editor.useModal': 'off',
  'palimpsest.engine.provider': 'cpu',
  'palimpsest.model.path': 'starter',
  // What the status bar shows is to be the same on every machine.
  'palimpsest.node.path': 'node',
  'palimpsest.ghostText.enabled': false,
};

/** `look` gets the window; whatever becomes of it, the window and its folder are gone afterwards. */
export async function inWindow(theme, look, { viewport = { width: 1040, height: 620 }, settings = {} } = {}) {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-pictures-'));
  const folder = path.join(place, 'shop');
  fs.cpSync(path.join(root, 'docs/samples'), folder, { recursive: true });
  const window = await openWorkbench({
    folder,
    extension: root,
    viewport,
    settings: { ...SETTINGS, 'workbench.colorTheme': theme, ...settings },
  });
  try {
    await look(window);
  } catch (error) {
    const file = path.join(os.tmpdir(), 'palimpsest-pictures-failure.png');
    await window.page.screenshot({ path: file });
    console.error(`The window as it was: ${file}`);
    throw error;
  } finally {
    await window.close();
    fs.rmSync(place, { recursive: true, force: true });
  }
}

/** Keeps what a page shows as the picture of a surface in a theme. */
export async function keepPicture(page, surface, name) {
  await page.screenshot({ path: path.join(IMAGES, `${surface}-${name}.png`) });
  console.log(`docs/images/${surface}-${name}.png`);
}
