// What is on a workbench's screen from moment to moment: kept in the page itself, so that nothing between it and whoever looks
// makes it later.

/** Begins to look; each change is kept until it is taken. */
export async function watchScreen(page, everyMillis) {
  await page.evaluate(watch, everyMillis);
  return {
    /** As it is now. */
    now: () => page.evaluate(() => globalThis.screenNow()),
    /** Every change since the last time, oldest first. */
    take: () => page.evaluate(() => globalThis.takeScreens()),
  };
}

/** Runs in the page. */
function watch(everyMillis) {
  const seen = [];
  let last = '';
  const textOf = (selector) =>
    [...document.querySelectorAll(selector)]
      .map((one) => one.textContent.replace(/\u00a0/g, ' ').trim())
      .join('\n');
  const isThere = (selector) => [...document.querySelectorAll(selector)].some((one) => one.offsetParent);
  /** Masks stand in the style sheet, not in the text. */
  const hasMasks = () =>
    [...document.querySelectorAll('.editor-instance .view-line span[class*="ced-"]')].some((span) =>
      /[░▒▓]/u.test(getComputedStyle(span, '::before').content + getComputedStyle(span, '::after').content),
    );
  const digest = (selector) => {
    let hash = 0;
    for (const one of document.querySelectorAll(selector))
      for (const letter of one.innerHTML) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
    return hash;
  };
  const look = () => ({
    status: textOf('.statusbar-item[id*="palimpsest"]'),
    lenses: textOf('.editor-group-container.active .codelens-decoration'),
    ghost: textOf('.ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text .view-line'),
    messages: textOf(
      '.notification-toast, .monaco-dialog-box, .statusbar-item[id="status.message"], .statusbar-item[id="status.progress"]',
    ),
    isAsked: isThere('.monaco-dialog-box'),
    isPicking: isThere('.quick-input-widget'),
    isDirty: document.querySelector('.tab.active.dirty') !== null,
    file: textOf('.tab.active'),
    hasMasks: hasMasks(),
    editor: digest('.editor-instance .view-lines, .editor-instance .view-overlays'),
  });
  const keep = () => {
    const now = { at: Date.now(), ...look() };
    const text = JSON.stringify({ ...now, at: 0 });
    if (text !== last) seen.push(now);
    last = text;
    return now;
  };
  globalThis.screenNow = keep;
  globalThis.takeScreens = () => seen.splice(0);
  keep();
  setInterval(keep, everyMillis);
}
