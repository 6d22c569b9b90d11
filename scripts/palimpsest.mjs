// `npm run palimpsest -- infill FILE …`: sets up, builds, and runs the command with the words behind it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureDependencies, root, run } from './setup.mjs';

/** The command's exit code. */
export function palimpsest(words) {
  ensureDependencies();
  run('node', ['esbuild.js']);
  const cli = path.join(root, 'dist', 'cli.js');
  return spawnSync(process.execPath, [cli, ...words], { cwd: root, stdio: 'inherit' }).status ?? 1;
}

if (process.argv[1] === path.join(root, 'scripts', 'palimpsest.mjs')) {
  process.exitCode = palimpsest(process.argv.slice(2));
}
