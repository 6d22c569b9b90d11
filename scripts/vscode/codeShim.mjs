#!/usr/bin/env node
// Takes the arguments of a `code` executable, so that @vscode/test-electron can run a suite in code-server and Chromium
// without knowing. Ends with the exit code of the run.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import { launchBrowser } from './browser.mjs';
import { CODE_VERSION, startCodeServer, workbenchUrl } from './codeServer.mjs';

/** What the extension host says of itself and not of the suite. */
const NOISE =
  /spdlog|native-watchdog|additional builtin ext|^Creating a socket|connection token|AccountPolicyGate|AgentHost|reconnection-grace|Service Worker/;
/** Without a word: every test has a limit of its own (test/host/index.ts), and tells how it went. */
const SILENCE_MILLIS = 180_000;
/** Of a whole run. */
const LIMIT_MILLIS = Number(process.env.PALIMPSEST_HOST_LIMIT_MS ?? 900_000);

function readArguments(words) {
  const options = new Map();
  const folders = [];
  for (const word of words) {
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(word);
    if (match) options.set(match[1], [...(options.get(match[1]) ?? []), match[2] ?? '']);
    else folders.push(word);
  }
  return { options, folders };
}

function moduleFile(name) {
  const found = [name, `${name}.js`, path.join(name, 'index.js')].find(
    (file) => fs.existsSync(file) && fs.statSync(file).isFile(),
  );
  if (found === undefined) throw new Error(`There is no suite at ${name}.`);
  return fs.realpathSync(found);
}

async function runSuite({ options, folders }) {
  const [suite] = options.get('extensionTestsPath') ?? [];
  if (suite === undefined) throw new Error('This stands in for `code` in test runs only.');
  const folder = folders[0] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-empty-'));
  const server = await startCodeServer({ smoke: true });
  let browser;
  const stop = async () => {
    await browser?.close().catch(() => undefined);
    await server.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => stop().then(() => process.exit(130)));
  try {
    browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const said = keepWords(page);
    const end = new Promise((resolve) => {
      const late = (what) => resolve({ code: 124, why: what });
      const lateAfter = (millis, what) => setTimeout(late, millis, `${what} ${millis / 1000} s`).unref();
      lateAfter(LIMIT_MILLIS, 'The suite did not end within');
      let silence = lateAfter(SILENCE_MILLIS, 'The suite said nothing for');
      page.on('crash', () => late('The window crashed'));
      const log = (_type, values) => {
        const line = withoutOwnFrames(format(...values));
        if (line === '' || NOISE.test(line)) return;
        console.log(line);
        clearTimeout(silence);
        silence = lateAfter(SILENCE_MILLIS, 'The suite said nothing for');
      };
      void page.exposeFunction('codeAutomationLog', log);
      void page.exposeFunction('codeAutomationExit', (code) => resolve({ code: Number(code) }));
    });
    await page.goto(
      workbenchUrl(server, {
        folder,
        development: options.get('extensionDevelopmentPath') ?? [],
        tests: moduleFile(suite),
      }),
    );
    const { code, why } = await end;
    if (code !== 0) await tellState(page, server, said, why);
    return code;
  } finally {
    await stop();
  }
}

/** VS Code's own frames say nothing about us. */
const OWN_FRAME = /extensionHostProcess\.js:|workbench\.js:|node:internal|vsda/;

function withoutOwnFrames(text) {
  if (!text.includes('\n')) return text;
  return text
    .split('\n')
    .filter((line) => !OWN_FRAME.test(line))
    .join('\n');
}

/** The last of what the window itself said. */
function keepWords(page) {
  const words = [];
  const keep = (text) => {
    const line = withoutOwnFrames(text).split('\n').slice(0, 8).join('\n');
    if (line === '') return;
    words.push(line);
    if (words.length > 60) words.shift();
  };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) keep(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => keep(`uncaught: ${error.stack ?? error.message}`));
  page.on('crash', () => keep('the page crashed'));
  return words;
}

/** What is needed to understand a failure on a machine that nobody can look at. */
async function tellState(page, server, said, why) {
  if (why !== undefined) console.error(`${why}.`);
  const picture = path.join(os.tmpdir(), 'palimpsest-host-failure.png');
  const taken = await page.screenshot({ path: picture, timeout: 10_000 }).then(
    () => picture,
    (error) => `none (${error.message})`,
  );
  console.error(`\nThe window as it was: ${taken}`);
  const parts = [['The window', said.join('\n')], ['The server', server.log()], ...server.logFiles()];
  for (const [title, text] of parts) {
    const lines = text
      .split('\n')
      .filter((line) => line.trim() !== '' && !NOISE.test(line) && !OWN_FRAME.test(line));
    if (lines.length > 0) console.error(`\n--- ${title}\n${lines.slice(-60).join('\n')}`);
  }
}

const request = readArguments(process.argv.slice(2));
if (request.options.has('version')) {
  console.log(CODE_VERSION);
} else {
  process.exitCode = await runSuite(request).catch((error) => {
    console.error(error.message);
    return 1;
  });
}
