// The test command: `npm test` runs everything, `npm test -- canvas` the files whose path has that word. The suites inside
// a real VS Code take minutes: words run them only where one of them is `host` (`npm test -- host engine`). Python is
// asked for by training's tests alone (test/training).
import fs from 'node:fs';
import path from 'node:path';
import { ensureDependencies, root, run, runSideBySide } from './setup.mjs';
import { ensurePython, PythonMissing } from './testing/python.mjs';
import { ensureSoftwareVulkan } from './testing/softwareVulkan.mjs';

const words = process.argv.slice(2);

function testFiles(folder) {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : testFiles(file);
      return entry.name.endsWith('.test.ts') ? [file] : [];
    })
    .sort();
}

ensureDependencies();
/** Needs a server that somebody has started; it says how. */
const LLAMA_SERVER = path.join('test', 'engine', 'llamaServer.test.ts');
const files = testFiles('test')
  .filter((file) => words.every((word) => path.relative(root, file).includes(word)))
  .filter((file) => file !== LLAMA_SERVER || process.env.PALIMPSEST_LLAMA_SERVER);
const hosted = words.length === 0 || words.includes('host');
if (files.length === 0 && !hosted && !words.includes('ui')) {
  console.error(`No test file matches ${words.join(' ')}.`);
  process.exit(1);
}
if (words.length === 0) run('node', ['scripts/check.mjs']);
run('node', ['esbuild.js']);
if (files.some((file) => /webgpu|engine.offline/.test(file))) ensureSoftwareVulkan();
const training = files.some((file) => path.relative(root, file).startsWith(path.join('test', 'training')));
const pythonTests = [];
if (training) {
  try {
    const python = ensurePython();
    process.env.PALIMPSEST_TRAINING_PYTHON = python;
    run(python, ['-m', 'ruff', 'check', '--config', 'training/ruff.toml', 'training']);
    run(python, ['-m', 'ruff', 'format', '--check', '--config', 'training/ruff.toml', 'training']);
    pythonTests.push([python, ['-m', 'pytest', '--quiet', 'training'], { isBackground: hosted }]);
  } catch (error) {
    if (!(error instanceof PythonMissing)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
// The spec reporter repeats what failed at the end: a log is often kept in part only.
const reporter = '--test-reporter=spec';
const browserTests = [];
if (words.length === 0 || words.includes('ui')) {
  const seen = fs
    .readdirSync(path.join(root, 'test/ui'))
    .filter((file) => file.endsWith('.test.mjs'))
    .map((file) => path.join('test/ui', file));
  browserTests.push(['node', ['scripts/vscode/install.mjs']]);
  browserTests.push(['node', ['--test', reporter, '--test-concurrency=1', ...seen]]);
}
// The loader for `require` alone: it starts in a fifth of a second less, in each of some 200 processes.
const nodeTests =
  files.length > 0
    ? [['node', ['--require', 'tsx/cjs', '--test', reporter, '--test-concurrency=2', ...files]]]
    : [];
// Half of the time, a browser test waits for the end of a process: the others have the processor meanwhile.
await runSideBySide(nodeTests, browserTests);
// Last, beside no other test that wants the processor: what is waited for in an editor must not wait for other tests.
const hostTests = ['scripts/hostTests.mjs', ...words.filter((word) => word !== 'host')];
if (hosted) await runSideBySide([['node', hostTests]], pythonTests);
else await runSideBySide(pythonTests);
