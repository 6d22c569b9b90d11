// The packager of VS Code extensions. It brings two hundred packages of which a build needs none, so it is installed on demand
// into the user's cache folder, like the VS Code of the tests.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** The last that runs on Node 20. */
const VERSION = '3.9.2';

const cacheHome = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
const cache = path.join(cacheHome, 'palimpsest', 'vsce', VERSION);

/** Its functions; a finished install has a stamp, an interrupted one is made again. */
export function ensureVsce() {
  const stamp = path.join(cache, 'complete');
  if (!fs.existsSync(stamp)) {
    console.error(`Installing @vscode/vsce ${VERSION} into ${cache} …`);
    fs.rmSync(cache, { recursive: true, force: true });
    fs.mkdirSync(cache, { recursive: true });
    fs.writeFileSync(path.join(cache, 'package.json'), '{ "private": true }\n');
    const words = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status } = spawnSync('npm', ['install', `@vscode/vsce@${VERSION}`, ...words], {
      cwd: cache,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    if (status !== 0) throw new Error('The packager could not be installed: is there a network?');
    fs.writeFileSync(stamp, '');
  }
  return createRequire(path.join(cache, 'package.json'))('@vscode/vsce');
}
