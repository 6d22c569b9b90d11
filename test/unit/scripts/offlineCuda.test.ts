// The CUDA provider's libraries in the pieces: taken out of what Python's package manager downloads, which a stub stands in for here
// (the package has 247 MB).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';

const root = path.resolve(__dirname, '../../..');
const STUB = `#!/usr/bin/env python3
import os, sys, zipfile
words = sys.argv[1:]
assert words[:3] == ["-m", "pip", "download"] and "--no-deps" in words and "--only-binary=:all:" in words, words
name, version = words[-1].split("==")
if os.environ.get("STUB_FAILS"):
    sys.exit(1)
with zipfile.ZipFile(os.path.join(words[words.index("--dest") + 1], f"{name}-{version}.whl"), "w") as wheel:
    for file in os.environ["STUB_FILES"].split(","):
        wheel.writestr(f"onnxruntime/capi/{file}", file)
`;

describe('the CUDA provider in the pieces', {
  skip:
    process.platform === 'win32' ? 'the stub is a script with a first line that names its program' : false,
}, () => {
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cuda-'));
    fs.writeFileSync(path.join(folder, 'python'), STUB, { mode: 0o755 });
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const staged = (env: NodeJS.ProcessEnv) => {
    const stage = fs.mkdtempSync(path.join(folder, 'stage-'));
    const script = `import { stageCuda } from ${JSON.stringify(path.join(root, 'scripts/offline/cuda.mjs'))};
      try { await stageCuda(${JSON.stringify(stage)}); } catch (error) { console.log(error.message); }`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, PALIMPSEST_PYTHON: path.join(folder, 'python'), ...env },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const files = fs
      .readdirSync(stage, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile());
    return { said: stdout.trim(), files: files.map(({ name }) => name).sort() };
  };

  test('two libraries are taken, and nothing else', () => {
    const names = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];
    assert.deepEqual(staged({ STUB_FILES: [...names, 'libonnxruntime_providers_tensorrt.so'].join() }), {
      said: '',
      files: names,
    });
  });

  test('a package without them, and one that cannot be had, are named', () => {
    assert.match(
      staged({ STUB_FILES: 'readme.txt' }).said,
      /^The package onnxruntime-gpu-[\d.]+\.whl has no CUDA/,
    );
    assert.match(
      staged({ STUB_FAILS: '1' }).said,
      /^The Python package onnxruntime-gpu [\d.]+ could not be downl/,
    );
  });
});
