// `npm run offline -- OUT`: what a bare machine with a GPU and without a network needs to check and measure the engine, in pieces of at
// most 60 MB with a checksum each, and the command `run` that does it all there. For Linux on x86-64.
//   --piece MB          largest piece, default 60
//   --cuda              adds the CUDA provider's libraries, from the Python package of the same ONNX Runtime (about 300 MB)
//   --training DIR      adds the pieces that training/offline-pieces.sh has made, and the code that trains from them
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stageCuda } from './offline/cuda.mjs';
import { pack, removePieces } from './offline/pieces.mjs';
import { glibcOf, stageEngine, stageTraining } from './offline/stage.mjs';
import { ensureDependencies, root } from './setup.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    piece: { type: 'string', default: '60' },
    cuda: { type: 'boolean', default: false },
    training: { type: 'string' },
  },
});
const [out] = positionals;
const megabytes = Number(values.piece);
if (out === undefined || !(megabytes > 0)) {
  console.error(
    'Specify a folder for the pieces: npm run offline -- OUT [--piece MB] [--cuda] [--training DIR]',
  );
  process.exit(2);
}
if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('The pieces hold the Node.js that runs this command, so they are made on Linux x64.');
  process.exit(1);
}
ensureDependencies();
const folder = path.resolve(out);
fs.mkdirSync(folder, { recursive: true });
const stage = fs.mkdtempSync(path.join(folder, '.stage-'));
try {
  const archives = [
    ['palimpsest', () => stageEngine(stage)],
    ...(values.cuda ? [['cuda', () => stageCuda(stage)]] : []),
    ...(values.training ? [['training', () => stageTraining(stage, path.resolve(values.training))]] : []),
  ];
  removePieces(folder);
  let glibc = '2.17';
  const lists = [];
  for (const [name, fill] of archives) {
    fs.rmSync(stage, { recursive: true, force: true });
    fs.mkdirSync(stage);
    await fill();
    if (name === 'palimpsest') glibc = glibcOf(stage);
    const { pieces, listSum } = await pack(stage, folder, name, megabytes * 1e6);
    lists.push(`${name}:${listSum}`);
    const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    console.log(
      `${name}: ${pieces.length} ${pieces.length === 1 ? 'piece' : 'pieces'}, ${(total / 1e6).toFixed(1)} MB`,
    );
  }
  const script = fs.readFileSync(path.join(root, 'scripts', 'offline', 'run.sh'), 'utf8');
  const filled = script.replace('@GLIBC@', glibc).replace('@LISTS@', lists.join(' '));
  fs.writeFileSync(path.join(folder, 'run'), filled, { mode: 0o755 });
  console.log(`Copy ${out} to the machine and run ./run there. It needs glibc ${glibc} or newer.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  fs.rmSync(stage, { recursive: true, force: true });
}
