// A software Vulkan device (Mesa's lavapipe), so that the WebGPU path is tested where there is no GPU.
// Debian 12's own Mesa (22.3) is too old for WebGPU; its backports have a newer one. Needs root and apt-get.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { APT_WORDS } from '../setup.mjs';

const ICD_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** The manifest of lavapipe, if it is installed. */
function lavapipeManifest() {
  for (const folder of ICD_FOLDERS) {
    if (!fs.existsSync(folder)) continue;
    const name = fs.readdirSync(folder).find((file) => file.startsWith('lvp_icd'));
    if (name) return path.join(folder, name);
  }
  return undefined;
}

/** Installs lavapipe where that can be done without asking; returns its manifest, or undefined with the reason told. */
export function ensureSoftwareVulkan() {
  if (process.platform !== 'linux') return undefined;
  const known = lavapipeManifest();
  if (known) return known;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    console.error(
      'No software Vulkan device: install Mesa 24 or newer (mesa-vulkan-drivers) to test WebGPU without a GPU.',
    );
    return undefined;
  }
  console.log('Installing a software Vulkan device for the WebGPU tests …');
  const release = fs.readFileSync('/etc/os-release', 'utf8');
  const options = /VERSION_CODENAME=bookworm/.test(release) ? backportsOptions() : [];
  const apt = (...args) =>
    spawnSync('apt-get', [...options, ...APT_WORDS, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  const from = options.length > 0 ? ['-t', 'bookworm-backports'] : [];
  if (
    !apt('update') ||
    !apt('install', '-y', '--no-install-recommends', ...from, 'mesa-vulkan-drivers', 'libvulkan1')
  ) {
    console.error('The software Vulkan device could not be installed.');
    return undefined;
  }
  return lavapipeManifest();
}

/** The package mirror that this machine uses already. */
function configuredMirror() {
  const targets = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const uris = (targets.stdout ?? '').split('\n').filter((uri) => /\/debian\/?$/.test(uri));
  return uris[0]?.replace(/\/$/, '');
}

/** Backports for this one call only: the machine's own package sources stay as they are. */
function backportsOptions() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-apt-'));
  fs.mkdirSync(path.join(folder, 'lists', 'partial'), { recursive: true });
  fs.chmodSync(folder, 0o755);
  const mirror = configuredMirror();
  if (!mirror) return [];
  const key = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  fs.writeFileSync(
    path.join(folder, 'sources.list'),
    ['bookworm', 'bookworm-updates', 'bookworm-backports']
      .map((suite) => `deb ${key} ${mirror} ${suite} main\n`)
      .join(''),
  );
  return [
    `-oDir::Etc::sourcelist=${folder}/sources.list`,
    '-oDir::Etc::sourceparts=/dev/null',
    `-oDir::State::lists=${folder}/lists`,
  ];
}

if (process.argv[1] && path.resolve(process.argv[1]) === path.resolve(import.meta.filename ?? '')) {
  const manifest = ensureSoftwareVulkan();
  if (!manifest) process.exit(1);
  console.log(manifest);
}
