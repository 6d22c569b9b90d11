// The CUDA provider of the same ONNX Runtime, from its Python package: the npm package has none for Linux, and fetches its own from
// elsewhere. CUDA and cuDNN are not in it; the other machine's Python environment has them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';
import { BINARIES } from './stage.mjs';

const PROVIDER = /libonnxruntime_providers_(cuda|shared)\.so$/;

export async function stageCuda(stage) {
  const { version } = JSON.parse(
    fs.readFileSync(path.join(root, 'node_modules/onnxruntime-node/package.json'), 'utf8'),
  );
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cuda-'));
  try {
    const wheel = download(version, folder);
    const target = path.join(stage, BINARIES);
    fs.mkdirSync(target, { recursive: true });
    const names = command('unzip', ['-Z1', wheel])
      .split('\n')
      .filter((name) => PROVIDER.test(name));
    if (names.length < 2) throw new Error(`The package ${path.basename(wheel)} has no CUDA provider.`);
    command('unzip', ['-q', '-j', wheel, ...names, '-d', target]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function download(version, folder) {
  const python = process.env.PALIMPSEST_PYTHON ?? 'python3';
  const { status } = spawnSync(
    python,
    [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      folder,
      `onnxruntime-gpu==${version}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [wheel] = fs.readdirSync(folder).filter((name) => name.endsWith('.whl'));
  if (status === 0 && wheel !== undefined) return path.join(folder, wheel);
  throw new Error(
    `The Python package onnxruntime-gpu ${version} could not be downloaded: is there a network, and does a version like that exist? Without --cuda, the pieces need none.`,
  );
}

function command(name, words) {
  const { status, stdout, error } = spawnSync(name, words, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? stdout}`);
  return stdout;
}
