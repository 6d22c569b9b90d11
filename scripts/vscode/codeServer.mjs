// A real VS Code for tests and for trying the extension where the desktop one cannot be downloaded or shown: code-server
// is VS Code's own workbench and a genuine Node extension host behind a local port. It is installed on demand into a
// cache folder outside the repository, because its install scripts compile and its size is no business of `npm ci`.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';
import { lonelyNetwork } from './lonelyNetwork.mjs';

const CODE_SERVER = '4.139.1';
/** The VS Code inside, which is how `code --version` answers. */
export const CODE_VERSION = '1.139.1';
const NODE_MAJOR = 24;
/** Of one npm command. */
const INSTALL_MILLIS = 5 * 60_000;

const cacheHome = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
const cache = path.join(cacheHome, 'palimpsest', 'code-server', CODE_SERVER);

/** Half of the download: assistants and their native helpers, which neither editing nor tests need. */
const UNUSED = [
  'code-server/lib/vscode/node_modules/@github',
  'code-server/lib/vscode/node_modules/@microsoft/mxc-sdk',
  'code-server/lib/vscode/extensions/copilot',
  'code-server/lib/vscode/extensions/mermaid-markdown-features',
];

function npm(args, cwd) {
  const words = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync('npm', [...args, ...words], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
    timeout: INSTALL_MILLIS,
  });
  if (result.status !== 0) {
    const why = result.error === undefined ? '' : ` (${result.error.message})`;
    throw new Error(
      `VS Code could not be installed: \`npm ${args.join(' ')}\` failed in ${cwd}${why}. It needs the npm registry once; a ` +
        'VS Code that is there already can be named in the environment variable PALIMPSEST_VSCODE.',
    );
  }
}

/** The Node that runs it, and its entry. A finished install has a stamp; an interrupted one is made again. */
export function ensureCodeServer() {
  const server = path.join(cache, 'node_modules', 'code-server');
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const nodePackage = `node-${platform}-${process.arch}`;
  const ownNode = Number(process.versions.node.split('.')[0]) !== NODE_MAJOR;
  const node = ownNode ? path.join(cache, 'node_modules', nodePackage, 'bin', 'node') : process.execPath;
  const stamp = path.join(cache, 'complete');
  if (!fs.existsSync(stamp)) {
    console.log(`Installing VS Code ${CODE_VERSION} (code-server) into ${cache} …`);
    fs.rmSync(cache, { recursive: true, force: true });
    fs.mkdirSync(cache, { recursive: true });
    fs.writeFileSync(path.join(cache, 'package.json'), '{ "private": true }\n');
    npm(
      ['install', `code-server@${CODE_SERVER}`, ...(ownNode ? [`${nodePackage}@${NODE_MAJOR}`] : [])],
      cache,
    );
    for (const part of ['lib/vscode', 'lib/vscode/extensions']) {
      npm(['install', '--omit=dev'], path.join(server, part));
    }
    for (const folder of [...UNUSED, `${nodePackage}/include`, `${nodePackage}/share`]) {
      fs.rmSync(path.join(cache, 'node_modules', folder), { recursive: true, force: true });
    }
    fs.writeFileSync(stamp, '');
  }
  const log = path.join(server, 'lib/vscode/node_modules/@vscode/spdlog/index.js');
  fs.copyFileSync(path.join(root, 'scripts', 'vscode', 'spdlog.cjs'), log);
  return { node, entry: path.join(server, 'out', 'node', 'entry.js') };
}

/** The one that is wished for where it is free. */
function freePort(wished = 0) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', (error) => {
      if (wished === 0) reject(error);
      else resolve(freePort());
    });
    probe.listen(wished, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** What makes a run the same everywhere: nothing pops up, nothing is saved or fetched by itself. */
const QUIET = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'update.mode': 'none',
  'files.autoSave': 'off',
  'window.confirmBeforeClose': 'never',
};

/** As a person would: the editor's own command unpacks it. */
function install(vsix, { node, entry, places }) {
  const { status, stdout, stderr } = spawnSync(node, [entry, ...places, '--install-extension', vsix], {
    encoding: 'utf8',
    env: { ...process.env, EXTENSIONS_GALLERY: '{}' },
  });
  if (status !== 0) throw new Error(`${vsix} could not be installed:\n${stdout}${stderr}`);
}

/**
 * Starts a server with fresh user data. `installed`: extension folders that appear as installed, by a link; `vsix`: a
 * package that is installed. `onExit`: it ended by itself.
 * `isAlone`: in a network without a way out (lonelyNetwork.mjs). `smoke` lets a page drive tests (`codeAutomationLog`, `codeAutomationExit`).
 */
export async function startCodeServer({
  settings = {},
  installed = [],
  vsix,
  env = {},
  smoke = false,
  port,
  onExit,
  isAlone = false,
} = {}) {
  const { node, entry } = ensureCodeServer();
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-code-'));
  const folder = (name) => {
    const made = path.join(home, name);
    fs.mkdirSync(made, { recursive: true });
    return made;
  };
  const userData = folder('user');
  const extensions = folder('extensions');
  // Those of the scope `machine` are read from the second file alone: the extension host counts as another machine.
  for (const place of ['user/User', 'user/Machine']) {
    fs.writeFileSync(
      path.join(folder(place), 'settings.json'),
      JSON.stringify({ ...QUIET, ...settings }, null, 2),
    );
  }
  for (const source of installed) {
    const { publisher, name, version } = JSON.parse(
      fs.readFileSync(path.join(source, 'package.json'), 'utf8'),
    );
    fs.symlinkSync(
      path.resolve(source),
      path.join(extensions, `${publisher}.${name}-${version}`),
      'junction',
    );
  }
  const places = ['--user-data-dir', userData, '--extensions-dir', extensions];
  if (vsix !== undefined) install(vsix, { node, entry, places });
  const listen = await freePort(port);
  const network = isAlone ? await lonelyNetwork(home, listen) : undefined;
  const [program, ...words] = [...(network?.words ?? []), node];
  const child = spawn(
    program,
    [
      ...words,
      entry,
      ...['--config', path.join(home, 'config.yaml'), '--bind-addr', `127.0.0.1:${listen}`, '--auth', 'none'],
      ...places,
      ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
      ...['--disable-getting-started-override', '--disable-proxy'],
    ],
    {
      env: {
        ...process.env,
        EXTENSIONS_GALLERY: '{}',
        TMPDIR: folder('tmp'),
        VSCODE_OPTIONS: smoke ? 'enable-smoke-test-driver' : '',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: the extension host would outlive a server that is ended alone.
      detached: true,
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000);
    });
  }
  const stop = async () => {
    const gone = new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', resolve);
    });
    network?.close();
    signalGroup(child, 'SIGTERM');
    let late;
    const limit = new Promise((resolve) => {
      late = setTimeout(resolve, 5000);
    });
    await Promise.race([gone, limit]);
    // Left to run, it would keep the caller's process for as long.
    clearTimeout(late);
    signalGroup(child, 'SIGKILL');
    fs.rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  const url = `http://127.0.0.1:${listen}/`;
  try {
    await untilHealthy(url, child);
  } catch {
    await stop();
    throw new Error(`VS Code's server did not start:\n${output}`);
  }
  if (onExit) child.once('exit', onExit);
  return {
    url,
    port: listen,
    home,
    pid: child.pid,
    log: () => output,
    logFiles: () => readLogs(path.join(userData, 'logs')),
    stop,
  };
}

/** [name, text] of each log that VS Code and its extensions wrote in this run. */
function readLogs(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(remoteexthost|Palimpsest)\.log$/.test(entry.name))
    .map((entry) => {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      return [path.relative(folder, file), fs.readFileSync(file, 'utf8')];
    });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

async function untilHealthy(url, child) {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error('exited');
    try {
      // A connection that is made before anybody listens behind it may stay silent.
      if ((await fetch(`${url}healthz`, { signal: AbortSignal.timeout(2000) })).ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(100);
  }
  throw new Error('silent');
}

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * The page that opens `folder` (or a workspace file), with the file `open` in it, with extensions under development and, for a test
 * run, the suite's entry.
 */
export function workbenchUrl(server, { folder, open, development = [], tests }) {
  const remote = (file) => `vscode-remote://127.0.0.1:${server.port}${path.resolve(file)}`;
  const payload = development.map((source) => ['extensionDevelopmentPath', remote(source)]);
  if (open) payload.push(['openFile', remote(open)]);
  if (tests) payload.push(['extensionTestsPath', remote(tests)]);
  const kind = folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
  const query = new URLSearchParams({ [kind]: path.resolve(folder) });
  if (payload.length > 0) query.set('payload', JSON.stringify(payload));
  return `${server.url}?${query}`;
}
