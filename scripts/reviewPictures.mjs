// Pictures of a review taken apart: hunks in the editor, pinned words beside the old text, comment threads. Real keys in a
// real workbench, as in pictures.mjs; kept in docs/images/.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureDependencies, root, run } from './setup.mjs';
import { openWorkbench } from './workbench.mjs';

const THEMES = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  contrast: 'Default High Contrast',
};
const FILE = 'inventory.py';
/** Two lines apart: jointly denoised, so there is more than one thing to change. */
const PLACES = ['total = 0', 'return self.items.pop(name)'];
const IMAGES = path.join(root, 'docs', 'images');
const MOST_TRIES = 12;

async function inWorkbench(theme, settings, look) {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-pictures-'));
  const folder = path.join(place, 'shop');
  fs.cpSync(path.join(root, 'docs/samples'), folder, { recursive: true });
  const window = await openWorkbench({
    folder,
    extension: root,
    settings: {
      'workbench.colorTheme': theme,
      'editor.minimap.enabled': false,
      'editor.occurrencesHighlight': 'off',
      'editor.stickyScroll.enabled': false,
      'palimpsest.engine.provider': 'cpu',
      'palimpsest.ghostText.enabled': false,
      ...settings,
    },
  });
  try {
    await window.open(FILE);
    await window.select(39, 39);
    await pointAtPlaces(window.page);
    await window.page.keyboard.press('Control+Alt+p');
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

/** A cursor in each, by mouse, with Alt held for all but the first. */
async function pointAtPlaces(page) {
  for (const [i, text] of PLACES.entries()) {
    // The editor's spaces do not break.
    const pattern = new RegExp(text.replace(/[()]/g, '\\$&').replace(/ /g, '\\s'));
    const line = page.locator('.view-line', { hasText: pattern }).first();
    await line.click({ position: { x: 100, y: 8 }, modifiers: i > 0 ? ['Alt'] : [] });
  }
}

async function picture(page, surface, name) {
  await page.waitForTimeout(600);
  await page.screenshot({ path: path.join(IMAGES, `${surface}-${name}.png`) });
  console.log(`docs/images/${surface}-${name}.png`);
}

/** Asks again until there is more than one hunk; what the model writes is its own affair. */
async function untilSeveral(page) {
  const accept = page.locator('.codelens-decoration', { hasText: 'Again' });
  const all = page.locator('.codelens-decoration', { hasText: 'Accept All' });
  await accept.first().waitFor({ timeout: 60_000 });
  for (let tries = 0; tries < MOST_TRIES && (await all.count()) === 0; tries++) {
    await page.keyboard.press('Control+Alt+p');
    await accept.first().waitFor();
    await page.waitForTimeout(1500);
  }
  assert.ok((await all.count()) > 0, 'a candidate has several hunks');
}

ensureDependencies();
run('node', ['esbuild.js']);
fs.mkdirSync(IMAGES, { recursive: true });
const wanted = process.argv.slice(2);
for (const [name, theme] of Object.entries(THEMES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await inWorkbench(theme, {}, async ({ page, shownText }) => {
    await untilSeveral(page);
    await picture(page, 'hunks', name);
    const before = await shownText();
    await page.keyboard.press('Control+Alt+m');
    await page.locator('.diff-editor, .monaco-diff-editor').first().waitFor();
    await page.waitForTimeout(1500);
    await page.keyboard.press('Control+Alt+k');
    await picture(page, 'pinned', name);
    assert.notEqual(await shownText(), before, 'it is shown beside the old text');
  });
  await inWorkbench(theme, { 'palimpsest.rewrite.preview': 'comments' }, async ({ page }) => {
    await page
      .locator('.review-widget .review-comment')
      .first()
      .waitFor({ state: 'visible', timeout: 60_000 });
    await picture(page, 'comments', name);
  });
}
