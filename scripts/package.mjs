// `npm run package`: the VSIX of this platform, with the native library of no other one.
//   --target PLATFORM   of another: linux-x64, linux-arm64, darwin-arm64, win32-x64, win32-arm64
//   --list              names the files and makes nothing
//   --check             installs what was made in a fresh VS Code and lets it rewrite a line
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeNotices } from './packaging/notices.mjs';
import { ensureVsce } from './packaging/vsce.mjs';
import { ensureDependencies, root, run } from './setup.mjs';

const BINARIES = 'node_modules/onnxruntime-node/bin/napi-v6';

/** What onnxruntime-node has a library for. */
function platforms() {
  return fs
    .readdirSync(path.join(root, BINARIES))
    .flatMap((system) => fs.readdirSync(path.join(root, BINARIES, system)).map((arch) => `${system}-${arch}`))
    .sort();
}

/** The allow-list for one platform: the one of the repository and that platform's library. */
function ignoreFile(target) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-package-'));
  const file = path.join(folder, 'vscodeignore');
  const common = fs.readFileSync(path.join(root, '.vscodeignore'), 'utf8');
  fs.writeFileSync(file, `${common}\n!${BINARIES}/${target.replace('-', '/')}/**\n`);
  return { file, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

const { values } = parseArgs({
  options: { target: { type: 'string' }, list: { type: 'boolean' }, check: { type: 'boolean' } },
});
const target = values.target ?? `${process.platform}-${process.arch}`;
ensureDependencies();
if (!platforms().includes(target)) {
  console.error(`There is no ONNX Runtime for ${target}; there is for ${platforms().join(', ')}.`);
  process.exit(1);
}
if (!values.list) {
  run('node', ['esbuild.js', '--production']);
  writeNotices();
}
const vsce = ensureVsce();
const ignore = ignoreFile(target);
try {
  const common = { cwd: root, ignoreFile: ignore.file };
  if (values.list) {
    const files = await vsce.listFiles({ ...common, packageManager: vsce.PackageManager.Npm });
    console.log(
      files
        .map((file) => file.replace(/\\/g, '/'))
        .sort()
        .join('\n'),
    );
  } else {
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    const packagePath = path.join(root, `palimpsest-${version}-${target}.vsix`);
    await vsce.createVSIX({
      ...common,
      packagePath,
      target,
      // The pictures of the README are in the repository and not in the package.
      readmePath: 'media/README.md',
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
    const megabytes = (fs.statSync(packagePath).size / 1e6).toFixed(1);
    console.log(`${path.basename(packagePath)}: ${megabytes} MB`);
    if (values.check) {
      const { checkPackage } = await import('./packaging/packageCheck.mjs');
      await checkPackage(packagePath);
    }
  }
} finally {
  ignore.remove();
}
