// `./run` of packed pieces with nothing of this environment: no network, an empty home, and, where namespaces can be had, an empty folder
// in place of the repository.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve('.');

/** Pieces are made and run on this platform alone. */
export const canRunPieces = process.platform === 'linux' && process.arch === 'x64';

export const canUnshare = canRunPieces && spawnSync('unshare', ['-rmn', 'true']).status === 0;

/** Packs into `folder`; @returns its exit code and what it said */
export function packPieces(folder: string, words: readonly string[]) {
  return spawnSync(process.execPath, ['scripts/offline.mjs', folder, ...words], {
    encoding: 'utf8',
    cwd: root,
  });
}

/** A command and its arguments; `env`: what else the environment has, as NAME=value. */
export function packedCommand(
  pieces: string,
  words: readonly string[],
  env: readonly string[] = [],
): readonly [string, string[]] {
  const home = fs.mkdtempSync(path.join(pieces, 'home-'));
  const run = [path.join(pieces, 'run'), ...words];
  const clean = ['env', '-i', `HOME=${home}`, 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...env];
  if (!canUnshare) return ['env', [...clean.slice(1), ...run]];
  const hide = 'mount -t tmpfs none "$0" && cd / && exec "$@"';
  return ['unshare', ['-rmn', 'sh', '-c', hide, root, ...clean, ...run]];
}

export function runPacked(pieces: string, words: readonly string[], env: readonly string[] = []) {
  const [file, args] = packedCommand(pieces, words, env);
  return spawnSync(file, args, { encoding: 'utf8', cwd: '/' });
}
