import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import zlib from 'node:zlib';
import { isEngineError } from '../../../engine/errors';
import { addCuda } from '../../../engine/runtime/addCuda';
import { missingLibraries } from '../../../engine/runtime/cudaProvider';

/** A zip archive of these files, every other one compressed. */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const bodies: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  Object.entries(files).forEach(([name, text], index) => {
    const plain = Buffer.from(text);
    const isDeflated = index % 2 === 0;
    const packed = isDeflated ? zlib.deflateRawSync(plain) : plain;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(name.length, 26);
    // Archives may have more in a file's own header than in the list.
    header.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(isDeflated ? 8 : 0, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(plain.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    list.push(entry, Buffer.from(name));
    const body = Buffer.concat([header, Buffer.from(name), Buffer.alloc(4), packed]);
    bodies.push(body);
    offset += body.length;
  });
  const names = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(names.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, names, end]);
}

describe('adding CUDA', () => {
  let folder: string;
  let wheel: string;
  const provider = 'libonnxruntime_providers_cuda.so';
  const files = {
    'onnxruntime/capi/libonnxruntime_providers_cuda.so': 'the provider '.repeat(100),
    'onnxruntime/capi/libonnxruntime_providers_shared.so': 'the bridge',
    'onnxruntime/capi/libonnxruntime.so.1.30.0': 'another runtime',
    'onnxruntime_gpu-1.30.0.dist-info/METADATA': 'Version: 1.30.0',
  };
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-add-cuda-'));
    wheel = path.join(folder, 'package.whl');
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const add = (archive: Buffer, version = '1.30.0', platform = 'linux-x64') => {
    fs.writeFileSync(wheel, archive);
    const target = fs.mkdtempSync(path.join(folder, 'runtime-'));
    return { target, added: addCuda(wheel, { folder: target, version, platform }) };
  };
  const refused = async ({ added, target }: ReturnType<typeof add>, pattern: RegExp) => {
    await assert.rejects(added, (error) => isEngineError(error) && pattern.test(error.message));
    assert.ok(!fs.readdirSync(target).some((name) => name.endsWith('.part')));
  };

  test('its two libraries lie beside the runtime, and nothing else does', async () => {
    const { target, added } = add(zipOf(files));
    await added;
    assert.deepEqual(fs.readdirSync(target).sort(), [provider, 'libonnxruntime_providers_shared.so']);
    assert.equal(fs.readFileSync(path.join(target, provider), 'utf8'), files[`onnxruntime/capi/${provider}`]);
  });

  test('another version, another package, and another platform are refused with what to do', async () => {
    await refused(
      add(zipOf(files), '1.31.0'),
      /it is onnxruntime_gpu-1\.30\.0, and the engine needs onnxruntime-gpu 1\.31\.0\. Download the package with: pip download --no-deps onnxruntime-gpu==1\.31\.0$/,
    );
    await refused(add(zipOf({ 'six.py': '' })), /it is another package/);
    const { [`onnxruntime/capi/${provider}` as const]: _, ...without } = files;
    await refused(add(zipOf(without)), /it has no libonnxruntime_providers_cuda\.so; take the one for Linux/);
    await refused(add(zipOf(files), '1.30.0', 'win32-x64'), /only be added on Linux x64/);
  });

  test('a download that is cut off, or damaged, is refused', async () => {
    const whole = zipOf(files);
    await refused(add(whole.subarray(0, whole.length - 30)), /not a zip archive, or not a whole one/);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 90, 100);
    await refused(add(damaged), /cannot be added from .*Download the package/);
  });

  test('libraries that the loader would not find are named', () => {
    const folders: Record<string, string[]> = {
      '/opt/cuda/lib': ['libcudart.so.13'],
      '/etc/ld.so.conf.d': ['cuda.conf'],
      '/usr/lib64': ['libcublas.so.13'],
    };
    const sources = {
      env: {},
      list: (place: string) => folders[place] ?? [],
      read: (file: string) =>
        file === '/etc/ld.so.conf.d/cuda.conf' ? '# CUDA\n/opt/cuda/lib\n' : undefined,
    };
    const wanted = ['libcudart.so.13', 'libcublas.so.13', 'libcudnn.so.9'];
    assert.deepEqual(missingLibraries(wanted, sources), ['libcudnn.so.9']);
    const env = { LD_LIBRARY_PATH: '/elsewhere' };
    folders['/elsewhere'] = ['libcudnn.so.9'];
    assert.deepEqual(missingLibraries(wanted, { ...sources, env }), []);
  });
});
