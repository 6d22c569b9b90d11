// Pictures of a review taken apart: hunks in the editor, pinned words beside the old text, comment threads. Real keys in a
// real workbench, as in pictures.mjs; kept in docs/images/.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { ensureDependencies, run } from '../setup.mjs';
import { IMAGES, inWindow, keepPicture, THEMES } from './window.mjs';

const FILE = 'inventory.py';
/** Two lines apart: jointly denoised, so there is more than one thing to change. */
const PLACES = ['total = 0', 'return self.items.pop(name)'];
const MOST_TRIES = 12;
/** Old and new text stand side by side in it. */
const WIDE = { width: 1180, height: 700 };

function inReview(theme, settings, look) {
  return inWindow(
    theme,
    async (window) => {
      await window.open(FILE);
      await window.select(39, 39);
      await pointAtPlaces(window.page);
      await window.page.keyboard.press('Shift+Alt+w');
      await look(window);
    },
    { viewport: WIDE, settings },
  );
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
  await keepPicture(page, surface, name);
}

/** Asks again until there is more than one hunk; what the model writes is its own affair. */
async function untilSeveral(page) {
  const accept = page.locator('.codelens-decoration', { hasText: 'Again' });
  const all = page.locator('.codelens-decoration', { hasText: 'Accept All' });
  await accept.first().waitFor({ timeout: 60_000 });
  for (let tries = 0; tries < MOST_TRIES && (await all.count()) === 0; tries++) {
    await page.keyboard.press('Shift+Alt+w');
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
  await inReview(theme, {}, async ({ page, shownText }) => {
    await untilSeveral(page);
    await picture(page, 'hunks', name);
    const before = await shownText();
    await page.keyboard.press('Shift+Alt+m');
    await page.locator('.diff-editor, .monaco-diff-editor').first().waitFor();
    await page.waitForTimeout(1500);
    await page.keyboard.press('Shift+Alt+k');
    await picture(page, 'pinned', name);
    assert.notEqual(await shownText(), before, 'it is shown beside the old text');
  });
  await inReview(theme, { 'palimpsest.rewrite.preview': 'comments' }, async ({ page }) => {
    await page
      .locator('.review-widget .review-comment')
      .first()
      .waitFor({ state: 'visible', timeout: 60_000 });
    await picture(page, 'comments', name);
  });
}
