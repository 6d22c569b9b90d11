// Where an engine that several windows share is found: a folder of the person's own, in which a record names its socket and the secret
// that lets somebody in. One engine for each key.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EngineError } from '../errors';
import { ensureFolderSync } from '../folder';
import { isAlive } from '../living';
import { readNoteSync } from '../note';

/** Lower-case hexadecimal digits. */
const KEY = /^[0-9a-f]{16,64}$/;
/** A path that is longer cannot be a socket's on every system. */
const LONGEST_SOCKET = 100;

/** Milliseconds. */
const OLD_LOG = 7 * 24 * 3600 * 1000;

/** What a running engine says of itself. */
export interface SharedRecord {
  readonly pid: number;
  /** Path of a socket, or name of a pipe on Windows. */
  readonly socket: string;
  /** Hexadecimal. */
  readonly secret: string;
}

export interface SharedPlace {
  readonly folder: string;
  /** JSON, a SharedRecord; there while the engine takes connections. */
  readonly record: string;
  /** Holds the process id of the engine that runs or comes up. */
  readonly claim: string;
  /** What the engine writes on its standard error. */
  readonly log: string;
}

/** @throws EngineError `engine-not-started` where the folder is not the person's alone; the system's own error where it cannot be made */
export function sharedPlace(key: string, folder: string = sharedFolder()): SharedPlace {
  if (!KEY.test(key)) throw new EngineError('engine-not-started', `${key} is no key of a shared engine.`);
  ensureFolderSync(folder, 0o700);
  const facts = fs.lstatSync(folder);
  const isOwn =
    process.getuid === undefined || (facts.uid === process.getuid() && (facts.mode & 0o077) === 0);
  if (!facts.isDirectory() || !isOwn)
    throw new EngineError(
      'engine-not-started',
      `The folder ${folder} belongs to somebody else, or others can write to it: delete it, or turn off palimpsest.engine.shared.`,
      { folder },
    );
  const file = (extension: string) => path.join(folder, `${key}.${extension}`);
  return { folder, record: file('json'), claim: file('claim'), log: file('log') };
}

/** The system's folder for a person's sockets, else one for temporary files. */
function sharedFolder(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  if (
    process.platform === 'linux' &&
    runtime !== undefined &&
    path.isAbsolute(runtime) &&
    fs.existsSync(runtime)
  )
    return path.join(runtime, 'palimpsest');
  return path.join(os.tmpdir(), `palimpsest-${process.getuid?.() ?? 'engine'}`);
}

/** A socket that nobody has used before. Undefined where its path would be too long. */
export function newSocket({ folder }: SharedPlace): string | undefined {
  const name = randomBytes(8).toString('hex');
  if (process.platform === 'win32') return `\\\\.\\pipe\\palimpsest-${name}`;
  const socket = path.join(folder, `${name}.sock`);
  return socket.length > LONGEST_SOCKET ? undefined : socket;
}

/** Undefined where there is none, or none that can be read. */
export function readRecord({ record }: SharedPlace): SharedRecord | undefined {
  try {
    const { pid, socket, secret }: Partial<SharedRecord> = Object(JSON.parse(readNoteSync(record)));
    if (!Number.isSafeInteger(pid) || typeof socket !== 'string' || typeof secret !== 'string')
      return undefined;
    return { pid: Number(pid), socket, secret };
  } catch {
    return undefined;
  }
}

export function writeRecord({ record }: SharedPlace, content: SharedRecord): void {
  const partial = `${record}.${content.pid}`;
  fs.writeFileSync(partial, JSON.stringify(content), { mode: 0o600 });
  fs.renameSync(partial, record);
}

/** Whether this process is the one that comes up; not where another one runs, or came first. */
export function claim(place: SharedPlace, pid: number = process.pid): boolean {
  const { claim: file } = place;
  for (let attempt = 0; attempt < 2; attempt++) {
    if (createWhole(file, String(pid))) {
      sweep(place);
      return true;
    }
    const owner = Number(readText(file));
    if (owner === pid) return true;
    if (owner > 0 && isRunning(owner)) return false;
    // Only one of several can take it away.
    try {
      fs.renameSync(file, `${file}.${pid}`);
      fs.rmSync(`${file}.${pid}`, { force: true });
    } catch {
      return false;
    }
  }
  return false;
}

/** False where it is there already. Nobody ever sees half of it. */
function createWhole(file: string, text: string): boolean {
  const partial = `${file}.${process.pid}.new`;
  fs.writeFileSync(partial, text, { mode: 0o600 });
  try {
    fs.linkSync(partial, file);
    return true;
  } catch (error) {
    if (Object(error).code !== 'EEXIST') throw error;
    return false;
  } finally {
    fs.rmSync(partial, { force: true });
  }
}

/** What engines that were killed have left, this one's and those of other keys, and logs that nobody reads any more. */
function sweep({ folder }: SharedPlace): void {
  for (const name of fs.readdirSync(folder)) {
    const key = name.replace(/\.json$/, '');
    if (!name.endsWith('.json') || !KEY.test(key)) continue;
    const place = sharedPlace(key, folder);
    const record = readRecord(place);
    if (record !== undefined && !isRunning(record.pid)) release(place, record.pid);
  }
  for (const name of fs.readdirSync(folder).filter((one) => one.endsWith('.log'))) {
    const file = path.join(folder, name);
    if (Date.now() - fs.statSync(file).mtimeMs > OLD_LOG) fs.rmSync(file, { force: true });
  }
}

/** Whether it still is: of two that take over from a dead one at the same moment, the second has it. */
export function isClaimed({ claim: file }: SharedPlace, pid: number = process.pid): boolean {
  return Number(readText(file)) === pid;
}

/** Takes away what this process has left there, and nothing of another one. */
export function release(place: SharedPlace, pid: number = process.pid): void {
  const record = readRecord(place);
  if (record?.pid === pid) {
    fs.rmSync(place.record, { force: true });
    if (process.platform !== 'win32') fs.rmSync(record.socket, { force: true });
  }
  if (Number(readText(place.claim)) === pid) fs.rmSync(place.claim, { force: true });
}

function readText(file: string): string {
  try {
    return readNoteSync(file);
  } catch {
    return '';
  }
}

/** What stands in a log behind so many bytes; all of it where it has been cut meanwhile. */
export function textFrom(file: string, from: number): string {
  const bytes = fs.readFileSync(file);
  return bytes.subarray(bytes.length < from ? 0 : from).toString();
}

/** One that is dead, and only waits for its parent to notice, runs no more. */
export function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  return process.platform !== 'linux' || !/^State:\s+[ZX]/m.test(readText(`/proc/${pid}/status`));
}
