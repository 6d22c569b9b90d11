// `npm run palimpsest -- infill FILE …`: sets up, builds, and runs the command with the words behind it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureDependencies, root, run } from './setup.mjs';

/** The command's exit code. `folder`: where it runs. */
export function palimpsest(words, folder = root) {
  ensureDependencies();
  run('node', ['esbuild.js']);
  const cli = path.join(root, 'dist', 'cli.js');
  return spawnSync(process.execPath, [cli, ...words], { cwd: folder, stdio: 'inherit' }).status ?? 1;
}

if (process.argv[1] === path.join(root, 'scripts', 'palimpsest.mjs')) {
  // npm runs scripts in the package's folder, wherever the person stands.
  process.exitCode = palimpsest(process.argv.slice(2), process.env.INIT_CWD);
}
