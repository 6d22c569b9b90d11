// What ignore files say in workspace folders that are on no disk of this machine, where there is no git to ask: read through the editor, and matched
// as in untrusted workspaces.
import path from 'node:path';
import { FileSystemError, FileType, Uri, workspace } from 'vscode';
import { type IgnoreFile, isNamedIn, LIMITS } from '../../engine/privacy/ignoreFiles';
import { inTime } from '../common/inTime';

/** Milliseconds in which all ignore files above a file are to be read, and for which an answer is known; answers that are known at most. */
const READ_MILLIS = 3000;
const KNOWN_MILLIS = 30_000;
const MOST_KNOWN = 1000;

interface Known {
  readonly at: number;
  readonly answer: Promise<boolean | undefined>;
}

export class VirtualIgnore {
  /** By address. */
  private readonly known = new Map<string, Known>();

  constructor(private readonly rootOf = (uri: Uri) => workspace.getWorkspaceFolder(uri)?.uri) {}

  /** Undefined: nobody can tell. What is in no workspace folder is not ignored. */
  async isIgnored(uri: Uri): Promise<boolean | undefined> {
    const root = this.rootOf(uri);
    if (root === undefined) return false;
    const relative = path.posix.relative(root.path, uri.path);
    if (relative === '' || relative.startsWith('../')) return false;
    const key = uri.toString();
    const known = this.known.get(key);
    if (known !== undefined && performance.now() - known.at < KNOWN_MILLIS) return known.answer;
    if (this.known.size >= MOST_KNOWN) this.forget();
    const answer = isIgnoredIn(root, relative);
    this.known.set(key, { at: performance.now(), answer });
    return answer;
  }

  forget(): void {
    this.known.clear();
  }
}

async function isIgnoredIn(root: Uri, relative: string): Promise<boolean | undefined> {
  const files = await inTime(readFiles(root, path.posix.dirname(relative)), READ_MILLIS);
  return files && isNamedIn(files, relative).catch(() => undefined);
}

/** From the root down. */
async function readFiles(root: Uri, folder: string): Promise<readonly IgnoreFile[]> {
  const parts = folder === '.' ? [] : folder.split('/');
  if (parts.length > LIMITS.folders) throw new Error('It lies too many folders deep.');
  const folders = Array.from({ length: parts.length + 1 }, (_, depth) => parts.slice(0, depth).join('/'));
  const texts = await Promise.all(folders.map((own) => readBounded(Uri.joinPath(root, own, '.gitignore'))));
  return folders.flatMap((own, i) => {
    const text = texts[i];
    return text === undefined ? [] : [{ folder: own, text }];
  });
}

async function readBounded(file: Uri): Promise<string | undefined> {
  try {
    const { type, size } = await workspace.fs.stat(file);
    if ((type & FileType.File) === 0) return undefined;
    if (size > LIMITS.bytes) throw new Error('It is too large.');
    return Buffer.from(await workspace.fs.readFile(file)).toString('utf8');
  } catch (error) {
    if (error instanceof FileSystemError && error.code === 'FileNotFound') return undefined;
    throw error;
  }
}
