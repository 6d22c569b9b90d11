// The window for VS Code's workbench in tests: the system's Chromium, quiet and without a display. Installed where that
// can be done without asking (root on Debian or Ubuntu); elsewhere a sentence says what is missing.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { chromium } from 'playwright-core';
import { APT_WORDS } from '../setup.mjs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
/** Without fonts a headless window shows boxes. */
const PACKAGES = ['chromium', 'fonts-dejavu-core', 'fonts-liberation'];
const APT_MILLIS = 8 * 60_000;

function findChromium() {
  const named = process.env.CHROMIUM;
  if (named === undefined) return PLACES.find((place) => fs.existsSync(place));
  if (!fs.existsSync(named)) throw new Error(`CHROMIUM names ${named}, where there is nothing.`);
  return named;
}

/** The executable. Throws with what to do where there is none and none can be installed. */
export function ensureChromium() {
  const known = findChromium();
  if (known !== undefined) return known;
  if (process.getuid?.() !== 0 || !fs.existsSync('/usr/bin/apt-get')) {
    throw new Error(
      'There is no Chromium, which shows the VS Code that the tests run in: install it (Debian, Ubuntu: ' +
        '`sudo apt-get update && sudo apt-get install chromium`) or name one in the environment variable CHROMIUM.',
    );
  }
  console.log('Installing Chromium, which shows the VS Code that the tests run in …');
  aptGet('update');
  aptGet('install', '-y', '--no-install-recommends', ...PACKAGES);
  const installed = findChromium();
  if (installed === undefined) throw new Error('apt-get installed Chromium, but it is in no known place.');
  return installed;
}

function aptGet(...words) {
  const { status, error } = spawnSync('apt-get', [...APT_WORDS, ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: APT_MILLIS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return;
  const why = error === undefined ? `it ended with ${status}` : error.message;
  throw new Error(
    `Chromium could not be installed: \`apt-get ${words.join(' ')}\` failed (${why}). Install it by hand, or name one ` +
      'in the environment variable CHROMIUM.',
  );
}

export function launchBrowser() {
  return chromium.launch({
    executablePath: ensureChromium(),
    timeout: 60_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Containers give /dev/shm a few megabytes, which a workbench outgrows.
      '--disable-dev-shm-usage',
    ],
  });
}
