import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { cudaFolders } from '../../../bench/offline/cudaLibraries';
import { neededLibraries } from '../../../engine/runtime/elf';

describe("the CUDA provider's libraries", () => {
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cuda-'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('what a library is linked against is what the loader says', {
    skip: process.platform === 'linux' && process.arch === 'x64' ? false : 'Linux x64 only',
  }, () => {
    const library = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1';
    const { stdout } = spawnSync('ldd', [library], { encoding: 'utf8' });
    const needed = neededLibraries(library);
    assert.ok(needed.includes('libc.so.6') && needed.length > 2);
    for (const name of needed) assert.ok(stdout.includes(name), name);
  });

  test('a file that is no library is refused', () => {
    const file = path.join(folder, 'text.so');
    fs.writeFileSync(file, 'x'.repeat(100));
    assert.throws(() => neededLibraries(file), /is not a Linux library/);
    fs.writeFileSync(file, 'x');
    assert.throws(() => neededLibraries(file), /is cut off/);
  });

  test('they are looked for in the packages of Python, and what is missing is named', () => {
    const wanted = () => ['libcudart.so.13', 'libcudnn.so.9'];
    const place = path.join(folder, 'nvidia', 'cudnn', 'lib');
    fs.mkdirSync(place, { recursive: true });
    fs.writeFileSync(path.join(place, 'libcudnn.so.9'), '');
    const some = cudaFolders(folder, [folder], wanted);
    assert.deepEqual(some.folders, [place]);
    assert.match(some.text, /wants libcudart\.so\.13, libcudnn\.so\.9; not found: libcudart\.so\.13\. /);
    const torch = path.join(folder, 'torch', 'lib');
    fs.mkdirSync(torch, { recursive: true });
    fs.writeFileSync(path.join(torch, 'libcudart.so.13'), '');
    const all = cudaFolders(folder, [folder], wanted);
    assert.deepEqual([...all.folders].sort(), [place, torch].sort());
    assert.match(all.text, /all were found\.$/);
    assert.match(cudaFolders(folder, [folder], () => undefined).text, /not among the pieces/);
  });
});
