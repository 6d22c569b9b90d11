// What is shipped: the packager itself is asked for its list. Nothing may be in it that is no part of the product, and nothing
// may be missing that the product needs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { before, describe } from 'node:test';
import zlib from 'node:zlib';
import esbuild, { type BuildOptions } from 'esbuild';

const root = path.resolve(__dirname, '../../../..');
const { optionsOf }: { optionsOf: (bundle: string, minify: boolean) => BuildOptions } = require(
  path.join(root, 'esbuild.js'),
);
const ORT = 'node_modules/onnxruntime-node/bin/napi-v6/';

function listed(...words: string[]): { readonly status: number | null; readonly lines: readonly string[] } {
  const script = path.join(root, 'scripts', 'package.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--list', ...words], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, lines: `${stdout}${status === 0 ? '' : stderr}`.trim().split('\n') };
}

describe('the package', () => {
  let files: readonly string[] = [];
  before(() => {
    const { status, lines } = listed('--target', 'linux-x64');
    assert.equal(status, 0, lines.join('\n'));
    files = lines;
  });

  test('has all that runs, explains and translates', () => {
    for (const file of [
      'package.json',
      'package.nls.json',
      'package.nls.de.json',
      'l10n/bundle.l10n.de.json',
      'media/walkthrough/rewrite.svg',
      'LICENSE',
      'CHANGELOG.md',
      'media/README.md',
      'media/icon.png',
      'extension/api/palimpsest.d.ts',
      'dist/extension.js',
      'dist/palimpsest.js',
      'dist/suspicions.js',
      'dist/engine.js',
      'dist/probe.js',
      'dist/template.js',
      'dist/secretRules.js',
      'dist/ignoreRules.js',
      'dist/readers.js',
      'dist/cli.js',
      'dist/sample.txt',
      'dist/tree-sitter/tree-sitter.wasm',
      'dist/tree-sitter/tree-sitter-python.wasm',
      'models/coder/calibration.json',
      'models/coder/config.json',
      'models/coder/model.gguf',
      'models/coder/tokenizer.json',
      'models/starter/calibration.json',
      'models/starter/config.json',
      'models/starter/model.safetensors',
      'models/starter/tokenizer.json',
      'node_modules/onnxruntime-node/package.json',
      'node_modules/onnxruntime-node/dist/index.js',
      'node_modules/onnxruntime-common/package.json',
      'node_modules/onnxruntime-common/dist/cjs/package.json',
      'node_modules/onnxruntime-common/dist/cjs/index.js',
      `${ORT}linux/x64/onnxruntime_binding.node`,
    ]) {
      assert.ok(files.includes(file), `${file} is in it`);
    }
  });

  test('has nothing else', () => {
    const allowed =
      /^(package(\.nls(\.[a-z-]+)?)?\.json|LICENSE|README\.md|CHANGELOG\.md|media\/(README\.md|icon\.png|walkthrough\/[\w-]+\.svg)|l10n\/bundle\.l10n\.[a-z-]+\.json|extension\/api\/palimpsest\.d\.ts|dist\/((extension|palimpsest|suspicions|engine|probe|template|secretRules|ignoreRules|readers|cli)\.js|sample\.txt|ThirdPartyNotices\.txt|tree-sitter\/[\w.-]+)|models\/(coder|starter)\/[\w.]+|node_modules\/onnxruntime-(node|common)\/.+)$/;
    assert.deepEqual(
      files.filter((file) => !allowed.test(file)),
      [],
    );
    const forbidden = /\.(ts|map|vsix)$|(^|\/)(test|training|bench|docs|spikes)\//;
    assert.deepEqual(
      files.filter((file) => forbidden.test(file) && file !== 'extension/api/palimpsest.d.ts'),
      [],
    );
  });

  test('has the native library of its platform and of no other', () => {
    const native = files.filter((file) => file.startsWith(ORT));
    assert.ok(native.length >= 2);
    for (const file of native) assert.ok(file.startsWith(`${ORT}linux/x64/`), file);
    const mac = listed('--target', 'darwin-arm64').lines.filter((file) => file.startsWith(ORT));
    assert.ok(mac.length > 0);
    for (const file of mac) assert.ok(file.startsWith(`${ORT}darwin/arm64/`), file);
  });

  test('is at most 130 MB to download, and each model in it at most 90', () => {
    const bytesOf = (file: string): number => {
      const bytes = fs.readFileSync(path.join(root, file));
      // Weights do not get any smaller.
      return /\.(gguf|safetensors)$/.test(file) ? bytes.length : zlib.deflateRawSync(bytes).length;
    };
    const sum = (of: readonly string[]) => of.reduce((bytes, file) => bytes + bytesOf(file), 0);
    assert.ok(sum(files) <= 130e6, `${sum(files)} bytes`);
    for (const model of ['coder', 'starter']) {
      const own = sum(files.filter((file) => file.startsWith(`models/${model}/`)));
      assert.ok(own > 1e6 && own <= 90e6, `${model}: ${own} bytes`);
    }
  });

  test('is refused for a platform that ONNX Runtime has no library for', () => {
    const { status, lines } = listed('--target', 'darwin-x64');
    assert.equal(status, 1);
    assert.match(lines.join('\n'), /There is no ONNX Runtime for darwin-x64/);
  });

  test('is what the manifest names', () => {
    const manifest: { main: string; icon: string; bin: Record<string, string> } = JSON.parse(
      fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
    );
    for (const file of [manifest.main, manifest.icon, ...Object.values(manifest.bin)]) {
      assert.ok(files.includes(file.replace(/^\.\//, '')), file);
    }
  });
});

describe('the extension’s bundles', () => {
  const sizeOf = async (name: string): Promise<number> => {
    const { outputFiles } = await esbuild.build({ ...optionsOf(name, true), write: false });
    return outputFiles?.[0]?.contents.length ?? Number.NaN;
  };

  const partsOf = async (name: string): Promise<readonly string[]> => {
    const { metafile } = await esbuild.build({ ...optionsOf(name, true), write: false, metafile: true });
    const outputs = Object.values(metafile?.outputs ?? {});
    const inputs = outputs.flatMap((one) => Object.entries(one.inputs));
    return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
  };

  test('what every window reads is small', async () => {
    const bytes = await sizeOf('extension');
    assert.ok(bytes < 42_000, `${bytes} bytes`);
  });

  test('what is read on first use is under 420 kB', async () => {
    const bytes = await sizeOf('palimpsest');
    assert.ok(bytes < 420_000, `${bytes} bytes`);
  });

  test('suspicious tokens are read with the first look for them', async () => {
    const own = (file: string) => file.startsWith('extension/suspicion/');
    const known = 'extension/suspicion/lateSuspicions.ts';
    assert.deepEqual((await partsOf('palimpsest')).filter(own), [known]);
    const late = await partsOf('suspicions');
    assert.ok(late.includes('extension/suspicion/suspicions.ts'), late.join('\n'));
    // An error of another class would have no code, and another message would not take the place of the one that is shown.
    const shared = ['engine/errors.ts', 'extension/ui/statusMessage.ts'];
    assert.deepEqual(
      late.filter((file) => shared.includes(file)),
      [],
    );
  });
});
