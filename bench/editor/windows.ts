// Two windows of a real VS Code with the same model of real size: what the engines of both take, and that each is answered.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { figure, markdownTable, progress, publish, ROOT, ratio, runBench } from '../harness';
import { randomDreamOn } from '../runtime/randomDreamOn';
import { Engines } from './engines';

const FILE = 'rateLimiter.ts';
const LIMIT_MILLIS = 120_000;
/** After a request, until its memory has been given back. */
const REST_MILLIS = 6000;

interface Window {
  readonly page: {
    readonly keyboard: { press(key: string): Promise<void> };
    waitForTimeout(millis: number): Promise<void>;
  };
  open(name: string): Promise<void>;
  select(first: number, last: number): Promise<void>;
  settled(): { waitFor(options: { readonly timeout: number }): Promise<void> };
}

/** One line is rewritten; milliseconds until there is an answer. */
async function rewrite({ page, open, select, settled }: Window): Promise<number> {
  await open(FILE);
  await select(46, 46);
  const begun = performance.now();
  await page.keyboard.press('Shift+Alt+w');
  // Random weights write nonsense, which is held back, or find nothing likelier than what stands there.
  await settled().waitFor({ timeout: LIMIT_MILLIS });
  return performance.now() - begun;
}

async function measured(place: string, model: string, isShared: boolean): Promise<readonly string[]> {
  const { openWorkbench } = await import('../../scripts/vscode/workbench.mjs' as string);
  const folders = ['shop', 'store'].map((name) => path.join(place, name));
  for (const folder of folders) fs.cpSync(path.join(ROOT, 'docs/samples'), folder, { recursive: true });
  const first = await openWorkbench({
    folder: folders[0],
    extension: ROOT,
    settings: {
      'palimpsest.engine.provider': 'cpu',
      'palimpsest.engine.shared': isShared,
      'palimpsest.model.path': model,
      'palimpsest.ghostText.enabled': false,
      'typescript.validate.enable': false,
    },
  });
  const engines = new Engines(first.home);
  try {
    const one = await rewrite(first);
    await first.page.waitForTimeout(REST_MILLIS);
    const alone = engines.memory;
    const second: Window = await first.another(folders[1]);
    const two = await rewrite(second);
    await second.page.waitForTimeout(REST_MILLIS);
    const both = engines.memory;
    const row = [
      isShared ? 'shared' : 'one for each window',
      `${engines.pids.length}`,
      figure(alone / 1e6),
      figure(both / 1e6),
      ratio(both / alone),
      figure(one / 1000),
      figure(two / 1000),
    ];
    progress(row.join(' | '));
    return row;
  } finally {
    await first.close();
  }
}

runBench(async () => {
  const { folder } = await randomDreamOn();
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-windows-'));
  try {
    const rows: (readonly string[])[] = [];
    for (const isShared of [true, false]) rows.push(await measured(place, folder, isShared));
    publish({
      name: 'windows',
      title: 'Two windows with one model',
      facts: [
        'Random weights of 494 million parameters in DreamOn’s shape; VS Code’s own workbench and extension hosts',
      ],
      sections: [
        'Memory of all engine processes in MB, each page of memory counted once (PSS), six seconds after an answer. Seconds are from the key until one line has an answer, or is said to have none, which is what random weights mostly say; the first one waits for the model to load.',
        markdownTable(
          [
            'engine',
            'processes',
            'one window',
            'two windows',
            'ratio',
            'first answer, s',
            'answer in the second window, s',
          ],
          rows,
        ),
      ],
    });
  } finally {
    fs.rmSync(place, { recursive: true, force: true });
  }
});
