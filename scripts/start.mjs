// `npm start`: the first thing a newcomer runs. Sets up, builds, brings up a real VS Code in the browser with the extension
// and the sample workspace, and prints where. Ctrl-C ends all of it. Another folder can be named: `npm start -- FOLDER`.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureDependencies, root, run } from './setup.mjs';
import { startCodeServer, workbenchUrl } from './vscode/codeServer.mjs';

const SAMPLES = path.join(root, 'docs', 'samples');
const FIRST = 'inventory.py';
/** What "Try a Rewrite on a Sample" opens, as a file without a name: with this one beside it, the answer would just be copied. */
const WALKTHROUGH = 'rateLimiter.ts';
/** The same address each time, where it is free. */
const PORT = 8137;

function folderNamed(name) {
  const folder = path.resolve(name);
  if (fs.existsSync(folder) && fs.statSync(folder).isDirectory()) return folder;
  console.error(`${name} is not a folder. The command line is elsewhere: npm run palimpsest -- ${name} …`);
  process.exit(1);
}

/** Where a person sits in front of this machine. */
function openBrowser(url) {
  const hasDisplay = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const opener =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', url.replace(/&/g, '^&')]]
        : hasDisplay
          ? ['xdg-open', [url]]
          : undefined;
  if (opener === undefined || process.env.CI) return;
  spawn(...opener, { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}

const [name] = process.argv.slice(2);
const named = name === undefined ? undefined : folderNamed(name);
ensureDependencies();
run('node', ['esbuild.js']);

// A copy, so that whatever is tried leaves the checkout alone.
const place = named ?? fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-'));
const folder = named ?? path.join(place, 'samples');
if (named === undefined) {
  fs.cpSync(SAMPLES, folder, {
    recursive: true,
    filter: (file) => path.basename(file) !== WALKTHROUGH,
  });
}
let server;
let stopping;
function stop(code) {
  stopping ??= (async () => {
    await server?.stop();
    if (named === undefined) fs.rmSync(place, { recursive: true, force: true });
    process.exit(code);
  })();
  return stopping;
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));

try {
  server = await startCodeServer({
    installed: [root],
    settings: { 'editor.minimap.enabled': false },
    port: PORT,
    onExit: () => {
      if (stopping) return;
      console.error('VS Code ended unexpectedly.');
      void stop(1);
    },
  });
} catch (error) {
  console.error(error.message);
  await stop(1);
}
const url = workbenchUrl(server, {
  folder,
  open: named === undefined ? path.join(folder, FIRST) : undefined,
});
const copied =
  named === undefined
    ? '\nIn orders.py, type "label = f" again: ghost text completes it from prices.py, a file that is not open.'
    : '';
console.log(`
VS Code with Palimpsest: ${url}

Select some lines of ${named ? 'a file' : FIRST} and press Shift+Alt+W (macOS: Cmd+Option+P): the masks turn into code, then a diff is shown.
Tab accepts, Esc rejects, Alt+] shows the next candidate, the same key again asks for another one, Ctrl+Z undoes.${copied}
The command "Welcome: Open Walkthrough" has the rest. Ctrl+C here ends everything.`);
openBrowser(url);
