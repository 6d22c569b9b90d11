// The bench command: `npm run bench` names what can be measured, `npm run bench -- forward …` measures it.
import fs from 'node:fs';
import path from 'node:path';
import { ensureDependencies, root, run } from './setup.mjs';

const folder = path.join(root, 'bench');

/** Name and file of each bench: a file that runs itself. The others are what the benches share. */
const benches = new Map(
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
    .filter((file) => /^(runBench|main)\(/m.test(fs.readFileSync(file, 'utf8')))
    .map((file) => [path.parse(file).name, file])
    .sort(),
);

const [name, ...options] = process.argv.slice(2);
const file = benches.get(name);
if (file === undefined) {
  const why = name === undefined ? '' : `There is no bench "${name}". `;
  console.error(`${why}Name one of: ${[...benches.keys()].join(', ')}. Tables go to bench/results.`);
  process.exit(name === undefined ? 0 : 1);
}
ensureDependencies();
run('node', ['--import', 'tsx', file, ...options]);
