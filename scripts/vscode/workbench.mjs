// Drives VS Code's workbench as a person would: opens files, runs commands, presses keys, reads what is on the screen.
import { launchBrowser } from './browser.mjs';
import { startCodeServer, workbenchUrl } from './codeServer.mjs';
import { watchScreen } from './screenWatch.mjs';

const FILE_ROW = '.explorer-viewlet .monaco-list-row';

/** A window on `folder` with the extension from a checkout, or from a package (`vsix`); `close` ends all that was started. */
export async function openWorkbench({
  folder,
  extension,
  vsix,
  settings,
  env,
  isAlone,
  viewport = { width: 1180, height: 700 },
}) {
  const server = await startCodeServer({
    settings,
    env,
    isAlone,
    installed: extension ? [extension] : [],
    vsix,
  });
  const browser = await launchBrowser().catch(async (error) => {
    await server.stop();
    throw error;
  });
  const openPage = async (where) => {
    const page = await browser.newPage({ viewport });
    await page.goto(workbenchUrl(server, { folder: where }));
    // Until the extension is active there is neither ghost text nor a status bar item.
    await page.locator('.statusbar-item', { hasText: 'Palimpsest' }).waitFor({ timeout: 60_000 });
    return { page, ...driver(page) };
  };
  const close = async () => {
    await browser.close();
    await server.stop();
  };
  try {
    const first = await openPage(folder);
    /** `another`: a second window of the same VS Code on another folder. */
    return { close, home: server.home, serverPid: server.pid, another: openPage, ...first };
  } catch (error) {
    await close();
    throw error;
  }
}

function driver(page) {
  const command = async (title) => {
    await page.keyboard.press('F1');
    await page.waitForSelector('.quick-input-widget input');
    await page.keyboard.insertText(title);
    await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
    await page.keyboard.press('Enter');
  };
  const lens = (text) => page.locator('.codelens-decoration', { hasText: text }).first();
  const settled = () => lens(/Accept|Dismiss/);
  return {
    command,
    async open(name) {
      await page.locator(FILE_ROW, { hasText: name }).dblclick();
      await page.locator('.tab.active', { hasText: name }).waitFor();
      await page.waitForSelector('.editor-instance .view-lines .view-line');
    },
    /** Lines count from 1; from the first column of the one to the last of the other. They are not both empty. */
    async select(first, last) {
      await page.keyboard.press('Control+g');
      await page.waitForSelector('.quick-input-widget input');
      await page.keyboard.insertText(String(first));
      await page.keyboard.press('Enter');
      // Until it is gone, it takes the keys that are meant for the editor.
      await page.waitForSelector('.quick-input-widget', { state: 'hidden' });
      await page.keyboard.press('Home');
      await page.keyboard.press('Home');
      for (let line = first; line < last; line++) await page.keyboard.press('Shift+ArrowDown');
      await page.keyboard.press('Shift+End');
      await page.locator('.statusbar-item', { hasText: new RegExp(`Ln ${last}, .*selected`) }).waitFor();
    },
    /** What the editor shows, decorations and ghost text included. */
    shownText: () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.editor-instance .view-lines .view-line')]
          .sort((a, b) => Number.parseFloat(a.style.top) - Number.parseFloat(b.style.top))
          .map((line) => line.textContent.replace(/\u00a0/g, ' '))
          .join('\n'),
      ),
    status: () => page.locator('.statusbar-item[id*="palimpsest"]').first().textContent(),
    /** A lens of a review, or of what is said where there is none to show: that nothing good, suspicious, or likelier was found. */
    /** What is on the screen from here on. */
    watch: (everyMillis) => watchScreen(page, everyMillis),
    settled,
    /** Until that is gone. Where nothing was masked the selection has come back, and the first Escape is for it. */
    async dismiss() {
      const hasSelection = await lens('Rewrite Anyway').isVisible();
      for (let presses = 0; presses <= Number(hasSelection); presses++) await page.keyboard.press('Escape');
      await settled().waitFor({ state: 'detached' });
    },
  };
}
