// What a review shows is what Tab inserts: read from the screen, with real keys in a real workbench.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { root } from '../../scripts/setup.mjs';
import { openWorkbench } from '../../scripts/vscode/workbench.mjs';
import { until } from './processes.mjs';

const LIMIT_MILLIS = 60_000;
const FILE = 'rateLimiter.ts';

/** Runs in the page: `shownGhost` reads what is on the screen now, `watchGhost` keeps in `seenGhosts` what changes from frame to frame. */
function readGhosts() {
  const LINES =
    '.ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text .view-line, .suggest-preview-text .view-line';
  globalThis.shownGhost = () =>
    [...(document.querySelector('.editor-group-container.active')?.querySelectorAll(LINES) ?? [])]
      .map((line) => line.textContent.replace(/\u00a0/g, ' '))
      .join('\n');
  globalThis.watchGhost = () => {
    globalThis.seenGhosts = [globalThis.shownGhost()];
    const look = () => {
      const now = globalThis.shownGhost();
      if (now !== globalThis.seenGhosts.at(-1)) globalThis.seenGhosts.push(now);
      requestAnimationFrame(look);
    };
    look();
  };
}

describe('a review', { timeout: 240_000 }, () => {
  let place;
  let window;
  before(async () => {
    place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-review-'));
    const folder = path.join(place, 'shop');
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
    await window.page.evaluate(readGhosts);
    await window.open(FILE);
  });
  after(async () => {
    await window.close();
    fs.rmSync(place, { recursive: true, force: true });
  });

  const lens = (text) => window.page.locator('.codelens-decoration', { hasText: text }).first();
  /** New lines below a hunk, as they are on the screen, in the group of editors that has the focus. */
  const ghost = () => window.page.evaluate(() => globalThis.shownGhost());

  /** Rewrites lines, and gives the new ones as they are on the screen. */
  const rewritten = async (first, last) => {
    await window.select(first, last);
    await window.page.keyboard.press('Shift+Alt+w');
    const anyway = window.page.locator('.codelens-decoration a', { hasText: 'Show Anyway' }).first();
    await lens('Accept').or(anyway).first().waitFor({ timeout: LIMIT_MILLIS });
    if (await anyway.isVisible()) await anyway.click();
    await lens('Accept').waitFor({ timeout: LIMIT_MILLIS });
    return until(async () => (await ghost()) || undefined, 'the new lines');
  };

  test('shows the candidate that it names, and Tab inserts it', async () => {
    const first = await rewritten(44, 49);
    await window.page.keyboard.press('Alt+]');
    await lens('Candidate 2 of').waitFor();
    // The one that was shown before would stay for ever.
    const second = await until(async () => {
      const now = await ghost();
      return now !== '' && now !== first ? now : undefined;
    }, 'the new lines of the next candidate');
    await window.page.keyboard.press('Tab');
    await until(async () => (await ghost()) !== second, 'new lines that are ghost text no longer');
    // An answer may repeat lines that stand elsewhere in the file: what counts is what stands before the next line.
    const isAbove = (lines, text) => text.includes(`${lines}\n    const bucket = this.buckets.get`);
    const text = await window.shownText();
    assert.ok(isAbove(second, text), text);
    assert.ok(!isAbove(first, text));
  });

  test('new lines that the editor has hidden come back by themselves, and stay as they are', async () => {
    const shown = await rewritten(12, 14);
    await window.page.evaluate(() => globalThis.watchGhost());
    await window.page.keyboard.press('F1');
    await window.page.waitForSelector('.quick-input-widget input');
    await window.page.keyboard.press('Escape');
    // The editor hides them a moment after it loses the focus: by then it may have it again.
    const seen = () => window.page.evaluate(() => globalThis.seenGhosts);
    await until(async () => (await seen()).length >= 3, 'the new lines hidden, and shown again');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.deepEqual(await seen(), [shown, '', shown], 'nothing flickers');
    await window.page.keyboard.press('Tab');
    await lens('Accept').waitFor({ state: 'detached' });
    assert.ok((await window.shownText()).includes(shown));
  });
});
