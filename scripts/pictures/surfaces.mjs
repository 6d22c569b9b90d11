// What a person sees of the extension, one surface after the other, in a window that is open. Each fails when the editor does not
// show what it should.
import assert from 'node:assert/strict';
import { enginePid, inBursts, sleep } from './hold.mjs';

const LIMIT = { timeout: 60_000 };
const PYTHON = 'inventory.py';
const TYPESCRIPT = 'rateLimiter.ts';
/** A line of the TypeScript sample as the editor's first rewrite has it (extension/ui/firstRewrite.ts): the model writes all of it anew. */
const WRONG = { file: TYPESCRIPT, line: 37, text: '    const bucket = this.buckets.get(key);' };
/** A line of the Python sample with a misspelt name, which is put right without a mask. */
const MISSPELT = { file: PYTHON, line: 54, text: '            if tag in item.tgas:' };

/** In this order in one window. */
export const TOGETHER = [
  'denoise',
  'oneLine',
  'statusBar',
  'loading',
  'quickFix',
  'suspicious',
  'walkthrough',
  'stopped',
];
/** In windows of their own, with these settings. */
export const APART = {
  diffEditor: { 'palimpsest.rewrite.preview': 'diffEditor' },
  ghostText: { 'palimpsest.ghostText.enabled': true },
  models: {},
};

/** `window`: what `openWorkbench` gives; `picture(name)` keeps one. */
export function surfaces(window, picture) {
  const { page, home } = window;
  const { keyboard } = page;
  const lens = page.locator('.codelens-decoration', { hasText: 'Accept' }).first();
  const status = page.locator('.statusbar-item[id*="palimpsest"]').first();

  async function review(lines) {
    await window.select(...lines);
    await keyboard.press('Shift+Alt+w');
    await lens.waitFor(LIMIT);
    await sleep(700);
  }

  async function reject() {
    await keyboard.press('Escape');
    await lens.waitFor({ state: 'detached' });
  }

  /** Types a line with something wrong in it in place of the file's own. */
  async function write({ file, line, text }) {
    await window.open(file);
    await window.select(line, line);
    await keyboard.insertText(text);
  }

  /** Once, so that the next time shows the denoise and not the loading. */
  async function begin() {
    await write(WRONG);
    await window.select(WRONG.line, WRONG.line);
    const before = await window.shownText();
    await review([WRONG.line, WRONG.line]);
    await reject();
    assert.equal(await window.shownText(), before, 'Esc leaves everything as it was');
  }

  /** Decorations stand in the style sheet, not in the text. */
  const drawn = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('.view-lines .view-line span')]
        .map((span) => getComputedStyle(span, '::before').content)
        .filter((content) => content !== 'none' && content !== 'normal')
        .join('\n'),
    );

  async function denoise() {
    await window.select(WRONG.line, WRONG.line);
    await inBursts(
      enginePid(home),
      () => keyboard.press('Shift+Alt+w'),
      async () => {
        const [, share] = /(\d+)%/.exec((await status.textContent()) ?? '') ?? [];
        assert.equal(await lens.count(), 0, 'masks were seen before it was over');
        if (share === undefined || Number(share) < 25 || isLooking((await status.textContent()) ?? ''))
          return false;
        if (!/[░▒▓]{4}/u.test(await drawn())) return false;
        await picture('denoise');
        return true;
      },
      async () => isLooking((await status.textContent()) ?? ''),
    );
    await lens.waitFor(LIMIT);
    await sleep(700);
    await picture('review');
    await keyboard.press('Control+Alt+Enter');
    await lens.waitFor({ state: 'detached' });
    await keyboard.press('Control+z');
    await window.command('File: Revert File');
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached', ...LIMIT });
  }

  async function oneLine() {
    await write(MISSPELT);
    await review([MISSPELT.line, MISSPELT.line]);
    await picture('line');
    await reject();
    await window.command('File: Revert File');
  }

  async function diffEditor() {
    await write(WRONG);
    await window.select(WRONG.line, WRONG.line);
    await keyboard.press('Shift+Alt+w');
    await page.locator('.diff-editor .view-line, .monaco-diff-editor .view-line').first().waitFor(LIMIT);
    await sleep(1200);
    await picture('diff');
    await keyboard.press('Escape');
    await page
      .locator('.monaco-diff-editor')
      .first()
      .waitFor({ state: 'detached', ...LIMIT });
  }

  async function ghostText() {
    // For the engine to be up.
    await begin();
    await window.open(PYTHON);
    await window.select(42, 42);
    const slowly = async (key) => {
      await sleep(300);
      await keyboard.press(key);
    };
    for (const key of ['End', 'Enter', 'Enter', 'Backspace']) await slowly(key);
    await keyboard.insertText('def names(self):');
    await slowly('Enter');
    await keyboard.insertText('result = []');
    await slowly('Enter');
    await keyboard.insertText('for item in self.items');
    const ghost = page.locator('[class*="ghost-text"]:visible').first();
    for (let tries = 0; tries < 10 && (await ghost.count()) === 0; tries++) {
      await window.command('Trigger Inline Suggestion');
      await sleep(1500);
    }
    await ghost.waitFor({ timeout: 1000 });
    await picture('ghost');
  }

  async function models() {
    await window.open(PYTHON);
    await window.command('Focus on Models View');
    const row = page.locator('.pane-body .monaco-list-row', { hasText: 'DreamOn 7B' }).first();
    await row.waitFor(LIMIT);
    await row.hover();
    await sleep(1500);
    await picture('models');
  }

  async function quickFix() {
    await window.open(TYPESCRIPT);
    await window.select(28, 28);
    await keyboard.press('End');
    await keyboard.insertText('\nconst left: number = bucket.tokenz;');
    await page.locator('.squiggly-error').first().waitFor(LIMIT);
    await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowLeft');
    await sleep(1500);
    await keyboard.press('Control+.');
    await page.locator('.action-widget .action', { hasText: 'Palimpsest' }).first().waitFor(LIMIT);
    await sleep(400);
    await picture('fix');
    await keyboard.press('Escape');
  }

  async function suspicious() {
    await window.command('Palimpsest: Toggle Suspicious Tokens');
    await page.locator('.statusbar-item', { hasText: 'suspicious tokens' }).waitFor(LIMIT);
    await page.mouse.move(700, 590);
    await sleep(2500);
    await keyboard.press('Alt+.');
    await page
      .locator('.monaco-hover', { hasText: /in its place|each other’s place|%/ })
      .first()
      .waitFor(LIMIT);
    await sleep(500);
    await picture('suspicious');
    await keyboard.press('Escape');
    await window.command('Palimpsest: Toggle Suspicious Tokens');
    await window.command('File: Revert File');
  }

  async function statusBar() {
    await status.hover();
    await page.locator('.monaco-hover', { hasText: 'million parameters' }).first().waitFor(LIMIT);
    await sleep(300);
    await picture('status');
    await page.mouse.move(700, 590);
  }

  async function loading() {
    await window.command('Palimpsest: Stop Engine');
    await write(WRONG);
    await window.select(WRONG.line, WRONG.line);
    await keyboard.press('Shift+Alt+w');
    let pid;
    for (let tries = 0; pid === undefined && tries < 500; tries++) {
      pid = enginePid(home);
      await sleep(5);
    }
    assert.ok(pid, 'an engine was started');
    process.kill(pid, 'SIGSTOP');
    try {
      await page.locator('.notification-toast', { hasText: 'loading the model' }).waitFor(LIMIT);
      await sleep(500);
      await picture('loading');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await page.locator('.statusbar-item', { hasText: 'starter' }).waitFor(LIMIT);
    await keyboard.press('Escape');
    await sleep(500);
    await keyboard.press('Escape');
    await window.command('File: Revert File');
  }

  async function stopped() {
    for (let kills = 0; kills < 8 && !/failed/.test((await status.textContent()) ?? ''); kills++) {
      let pid;
      for (let tries = 0; pid === undefined && tries < 300; tries++) {
        pid = enginePid(home);
        await sleep(20);
      }
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await sleep(300);
    }
    await page.locator('.notification-toast', { hasText: 'will not be restarted' }).waitFor(LIMIT);
    await sleep(500);
    await picture('stopped');
    await window.command('Notifications: Clear All Notifications');
  }

  async function walkthrough() {
    await window.command('Welcome: Open Walkthrough...');
    await page.waitForSelector('.quick-input-widget input');
    await keyboard.insertText('Get Started with Palimpsest');
    await page
      .locator('.quick-input-list .monaco-list-row', { hasText: 'Palimpsest' })
      .first()
      .waitFor(LIMIT);
    await keyboard.press('Enter');
    await page.locator('.getting-started-step').first().waitFor(LIMIT);
    // Narrower, its pictures are left out.
    const size = page.viewportSize();
    await page.setViewportSize({ width: 1360, height: 760 });
    await sleep(1500);
    await picture('walkthrough');
    await page.setViewportSize(size);
    await window.command('View: Close Editor');
  }

  return {
    begin,
    denoise,
    oneLine,
    statusBar,
    loading,
    quickFix,
    suspicious,
    walkthrough,
    stopped,
    diffEditor,
    ghostText,
    models,
  };
}

/** Before a line is masked, what is wrong in it is looked for; `said`: by the status bar item. */
function isLooking(said) {
  return /looking|reading/.test(said);
}

/** [screenshot, milliseconds]: selecting, the denoise, the review, accepting, undoing. */
export async function wholeStory(window) {
  const { page, home } = window;
  const { keyboard } = page;
  const lens = page.locator('.codelens-decoration', { hasText: 'Accept' }).first();
  const status = page.locator('.statusbar-item[id*="palimpsest"]').first();
  const frames = [];
  const keep = async (millis) => frames.push([await page.screenshot(), millis]);
  await window.select(WRONG.line, WRONG.line);
  await sleep(300);
  await keep(1200);
  let last = '';
  await inBursts(
    enginePid(home),
    () => keyboard.press('Shift+Alt+w'),
    async () => {
      if ((await lens.count()) > 0) return true;
      const now = `${await status.textContent()}\n${await window.shownText()}`;
      if (now !== last) await keep(110);
      last = now;
      return false;
    },
    async () => isLooking((await status.textContent()) ?? ''),
  );
  await sleep(700);
  await keep(2500);
  await keyboard.press('Control+Alt+Enter');
  await lens.waitFor({ state: 'detached' });
  await sleep(300);
  await keep(1500);
  await keyboard.press('Control+z');
  await sleep(500);
  await keep(1200);
  return frames;
}
