// Reads a file so that every byte can be put back, and writes it so that it is old or new, never something between.
import { randomBytes } from 'node:crypto';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, systemCode, throwIfCancelled } from '../errors';
import { isAlive } from '../living';
import type { CommandContext } from './context';

export interface SourceFile {
  /** Path as it was given, or `-`. */
  readonly name: string;
  /** Absent for standard input. */
  readonly path?: string;
  /** The content, a byte order mark included. */
  readonly text: string;
  /** The content as it was read, to see whether it still is what it was. */
  readonly bytes: Uint8Array;
}

export const STANDARD_INPUT = '-';

type Deed = 'read' | 'written';

function reasonOf(error: unknown, name: string, deed: Deed): string {
  switch (systemCode(error)) {
    case 'ENOENT':
      return `There is no file ${name}.`;
    case 'EISDIR':
      return `${name} is a folder; name a file in it.`;
    case 'EACCES':
    case 'EPERM':
      return `${name} cannot be ${deed} by this user; check its permissions.`;
    case 'ENOTDIR':
      return `Part of the path ${name} is not a folder.`;
    case 'ELOOP':
      return `${name} is a symbolic link that leads back to itself.`;
    case 'ENOSPC':
      return `The disk is full; ${name} was left as it was.`;
    case 'EROFS':
      return `${name} is on a read-only file system.`;
    default:
      return `${name} could not be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function fileError(error: unknown, name: string, deed: Deed = 'read'): EngineError {
  const full = systemCode(error) === 'ENOSPC';
  return new EngineError(
    full ? 'disk-full' : 'file-unreadable',
    reasonOf(error, name, deed),
    { file: name },
    { cause: error },
  );
}

/** UTF-8 bytes as text; throws `file-unreadable` on what is not text. */
function decodeSource(bytes: Uint8Array, name: string): string {
  const shown = name === STANDARD_INPUT ? 'Standard input' : name;
  if (bytes.includes(0)) {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    const what = utf16 ? 'is UTF-16; save it as UTF-8 first' : 'is a binary file (it has NUL bytes)';
    throw new EngineError('file-unreadable', `${shown} ${what}.`, { file: name });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EngineError(
      'file-unreadable',
      `${shown} is not valid UTF-8; save it as UTF-8 first.`,
      { file: name },
      { cause },
    );
  }
}

async function readAll(
  stream: AsyncIterable<Uint8Array | string>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) {
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk);
    }
  } catch (error) {
    throwIfCancelled(signal);
    throw fileError(error, 'standard input');
  }
  throwIfCancelled(signal);
  return Buffer.concat(chunks);
}

/** What a command has to read with. */
type Reading = Pick<CommandContext, 'folder' | 'stdin' | 'uncancelled'> & { readonly signal?: AbortSignal };

/** Reads a file, or standard input for `-`; throws `file-unreadable`. */
export async function readSource(
  name: string,
  { folder, stdin: standardInput, signal, uncancelled = (work) => work() }: Reading,
): Promise<SourceFile> {
  if (name === STANDARD_INPUT) {
    const bytes = await readAll(standardInput, signal);
    return { name, bytes, text: decodeSource(bytes, name) };
  }
  const file = path.resolve(folder, name);
  let bytes: Uint8Array;
  try {
    const stat = await fs.stat(file);
    if (!stat.isFile() && !stat.isFIFO() && !stat.isDirectory()) {
      throw new EngineError('file-unreadable', `${name} is not a regular file.`, { file: name });
    }
    // A pipe that nobody writes to is waited for in a native call.
    bytes = await (stat.isFIFO() ? uncancelled(() => fs.readFile(file)) : fs.readFile(file));
  } catch (error) {
    throw error instanceof EngineError ? error : fileError(error, name);
  }
  return { name, path: file, bytes, text: decodeSource(bytes, name) };
}

/**
 * Puts the text in the file's place in one step: a temporary file beside it, then a rename. Links are followed, the
 * mode is kept. A file with other hard links is written through instead, so that all its names go on being one file; until
 * that is done the temporary file has the whole new text. Throws `file-unreadable` and leaves the file alone when it is no longer what was read.
 */
export async function writeSource(source: SourceFile, text: string): Promise<void> {
  if (source.path === undefined) {
    throw new EngineError('option-invalid', 'Standard input cannot be written back.');
  }
  let temporary: string | undefined;
  try {
    const target = await fs.realpath(source.path);
    const stat = await fs.stat(target);
    if (!stat.isFile()) {
      throw new EngineError('file-unreadable', `${source.name} is not a regular file.`, {
        file: source.name,
      });
    }
    await fs.access(target, fs.constants.W_OK);
    await removeLeftovers(path.dirname(target));
    temporary = path.join(
      path.dirname(target),
      `.${path.basename(target)}.palimpsest-${process.pid}-${randomBytes(6).toString('hex')}.tmp`,
    );
    const handle = await createBeside(temporary, stat.mode & 0o7777, source.name);
    try {
      await handle.writeFile(text, 'utf8');
      if (process.getuid?.() === 0) await handle.chown(stat.uid, stat.gid);
      await handle.chmod(stat.mode & 0o7777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const now = await fs.readFile(target);
    if (!now.equals(source.bytes)) {
      throw new EngineError(
        'file-unreadable',
        `${source.name} has changed since it was read; nothing was written. Run the command again.`,
        { file: source.name },
      );
    }
    if (stat.nlink > 1) {
      await writeThrough(target, text, source.bytes);
    } else {
      await fs.rename(temporary, target);
      temporary = undefined;
    }
  } catch (error) {
    throw error instanceof EngineError ? error : fileError(error, source.name, 'written');
  } finally {
    if (temporary !== undefined) await fs.rm(temporary, { force: true });
  }
}

/** The file may be writable where its folder is not. */
async function createBeside(temporary: string, mode: number, name: string): Promise<FileHandle> {
  try {
    return await fs.open(temporary, 'wx', mode);
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== 'EACCES' && code !== 'EPERM') throw cause;
    throw new EngineError(
      'file-unreadable',
      `${name} was left as it was: this user cannot create the new file beside it in ${path.dirname(temporary)}. Check that folder's permissions.`,
      { file: name },
      { cause },
    );
  }
}

const TEMPORARY = /^\..+\.palimpsest-(\d+)-[0-9a-f]{12}\.tmp$/;

/** Takes away what commands that were killed left in the folder. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const pid = Number(TEMPORARY.exec(name)?.[1] ?? process.pid);
    if (pid === process.pid || isAlive(pid)) continue;
    await fs.rm(path.join(folder, name), { force: true }).catch(() => undefined);
  }
}

/** Should that fail half way, the old bytes are put back. */
async function writeThrough(target: string, text: string, old: Uint8Array): Promise<void> {
  const handle = await fs.open(target, 'r+');
  const put = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; )
      at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
    await handle.truncate(bytes.length);
    await handle.sync();
  };
  try {
    await put(Buffer.from(text, 'utf8')).catch(async (error) => {
      await put(old);
      throw error;
    });
  } finally {
    await handle.close();
  }
}
