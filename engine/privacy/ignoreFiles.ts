// The ignore files of a repository, read without git: found, bounded, and matched by a library under a deadline. A repository
// may be anybody's, so only regular files are opened, and what is too large to be an ignore file is no answer.

import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { withDeadline } from '../deadline';
import { systemCode } from '../errors';

/** Bytes of one file, patterns of all that apply to a place, characters of one, and folders above it. */
export const LIMITS = { bytes: 1_000_000, patterns: 5000, patternLength: 1000, folders: 128 } as const;
const MATCH_MILLIS = 250;

/** Why there is no answer, for the log. */
class UnreadableIgnoreFile extends Error {}

export interface Repository {
  /** Absolute, links resolved. */
  readonly root: string;
  /** The file itself, its folder's links resolved. */
  readonly file: string;
  /** From the root down to the file's own folder. */
  readonly folders: readonly string[];
}

/** The repository that `file` lies in; undefined where it lies in none, or its folder is not there. */
export async function repositoryOf(file: string): Promise<Repository | undefined> {
  const home = await realpath(path.dirname(file)).catch(() => undefined);
  if (home === undefined) return undefined;
  const folders = [home];
  for (let folder = home; folders.length <= LIMITS.folders; folder = path.dirname(folder)) {
    if (folder !== home) folders.unshift(folder);
    const found = await lstat(path.join(folder, '.git')).catch(() => undefined);
    if (found !== undefined) return { root: folder, file: path.join(home, path.basename(file)), folders };
    if (path.dirname(folder) === folder) return undefined;
  }
  throw new UnreadableIgnoreFile('it lies too many folders deep');
}

export interface IgnoreFile {
  /** Folder that its patterns are about, relative to the root, with forward slashes; empty for the root. */
  readonly folder: string;
  readonly text: string;
}

/**
 * What the repository's own ignore files say, the weakest first, as git orders them.
 * @throws UnreadableIgnoreFile where one is no regular file, or larger than any ignore file
 */
export async function readIgnoreFiles({ root, folders }: Repository): Promise<readonly IgnoreFile[]> {
  const excludes = await readBounded(path.join(root, '.git', 'info', 'exclude'));
  const files: IgnoreFile[] = excludes === undefined ? [] : [{ folder: '', text: excludes }];
  for (const folder of folders) {
    const text = await readBounded(path.join(folder, '.gitignore'));
    const relative = path.relative(root, folder).split(path.sep).join('/');
    if (text !== undefined) files.push({ folder: relative, text });
  }
  return files;
}

/**
 * Whether the ignore files name it, tracked or not: only git knows what is tracked.
 * @throws UnreadableIgnoreFile, DeadlineError
 */
export async function isNamedByIgnoreFiles(repository: Repository): Promise<boolean> {
  const config = process.env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config');
  const own = await readBounded(path.join(config, 'git', 'ignore')).catch(() => undefined);
  const files = [
    ...(own === undefined ? [] : [{ folder: '', text: own }]),
    ...(await readIgnoreFiles(repository)),
  ];
  const relative = path.relative(repository.root, repository.file).split(path.sep).join('/');
  return isNamedIn(files, relative);
}

/**
 * Whether ignore files name a place. `files`: the weakest first; `relative`: to the root, with forward slashes.
 * @throws UnreadableIgnoreFile, DeadlineError
 */
export async function isNamedIn(files: readonly IgnoreFile[], relative: string): Promise<boolean> {
  const patterns = files.flatMap(({ folder, text }) =>
    text.split(/\r?\n/).map((line) => under(folder, line)),
  );
  if (patterns.length > LIMITS.patterns) throw new UnreadableIgnoreFile('they have too many patterns');
  if (patterns.some((pattern) => pattern.length > LIMITS.patternLength))
    throw new UnreadableIgnoreFile('they have a pattern that is too long');
  const { default: ignore } = await import('ignore');
  // Git's own default, except where file systems do not care.
  const matcher = ignore({ ignorecase: process.platform !== 'linux' });
  return withDeadline(MATCH_MILLIS, () => matcher.add(patterns).ignores(relative));
}

/** A pattern of the ignore file in `folder` as one of the root's. */
function under(folder: string, line: string): string {
  if (folder === '' || line.trim() === '' || line.startsWith('#')) return line;
  const negation = line.startsWith('!') ? '!' : '';
  const pattern = line.slice(negation.length);
  const place = folder.replace(/[\\*?[\]!# ]/g, '\\$&');
  const isAnchored = pattern.replace(/\/\s*$/, '').includes('/');
  const rest = isAnchored ? pattern.replace(/^\//, '') : `**/${pattern}`;
  return `${negation}/${place}/${rest}`;
}

/** Links are not followed, as git does not follow them here; opening a named pipe must not wait for a writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR']);

async function readBounded(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, FLAGS);
    try {
      const found = await handle.stat();
      if (found.isDirectory()) return undefined;
      if (!found.isFile()) throw new UnreadableIgnoreFile(`${file} is not a regular file`);
      if (found.size > LIMITS.bytes) throw new UnreadableIgnoreFile(`${file} is too large`);
      const bytes = Buffer.alloc(found.size);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      return bytes.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UnreadableIgnoreFile) throw error;
    const code = systemCode(error) ?? '';
    if (ABSENT.has(code)) return undefined;
    throw new UnreadableIgnoreFile(`${file} cannot be read (${code})`);
  }
}
