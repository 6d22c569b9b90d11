// What ignore files say in workspace folders that are on no disk of this machine, where there is no git to ask: read through the editor, and matched
// as in untrusted workspaces.
import path from 'node:path';
import { FileSystemError, FileType, Uri, workspace } from 'vscode';
import { type IgnoreFile, isNamedIn, LIMITS } from '../../engine/privacy/ignoreFiles';

/** Milliseconds in which all ignore files of a folder are to be read, and for which they are known. */
const READ_MILLIS = 3000;
const KNOWN_MILLIS = 30_000;

interface Known {
  readonly at: number;
  readonly files: Promise<readonly IgnoreFile[]>;
}

export class VirtualIgnore {
  /** By folder. */
  private readonly known = new Map<string, Known>();

  constructor(private readonly rootOf = (uri: Uri) => workspace.getWorkspaceFolder(uri)?.uri) {}

  /** Undefined: nobody can tell. What is in no workspace folder is not ignored. */
  async isIgnored(uri: Uri): Promise<boolean | undefined> {
    const root = this.rootOf(uri);
    if (root === undefined) return false;
    const relative = path.posix.relative(root.path, uri.path);
    if (relative === '' || relative.startsWith('../')) return false;
    try {
      return await isNamedIn(await this.filesFor(root, path.posix.dirname(relative)), relative);
    } catch {
      return undefined;
    }
  }

  forget(): void {
    this.known.clear();
  }

  private filesFor(root: Uri, folder: string): Promise<readonly IgnoreFile[]> {
    const key = `${root.toString()} ${folder}`;
    const known = this.known.get(key);
    if (known !== undefined && performance.now() - known.at < KNOWN_MILLIS) return known.files;
    const files = inTime(readFiles(root, folder));
    this.known.set(key, { at: performance.now(), files });
    return files;
  }
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

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It takes too long.')), READ_MILLIS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
