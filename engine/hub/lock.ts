// One installer at a time for each model, in whatever process. Node has no file locks, so a file with the owner's name stands for
// one, and its time says that the owner lives: it is touched every few seconds.
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isObject, own } from '../checkpoint/json';
import { EngineError, systemCode } from '../errors';
import { ensureFolder } from '../folder';
import { isAlive } from '../living';
import { readNote } from '../note';

const TOUCHED_EVERY = 5_000;
/** An owner on another machine (a shared folder) that was silent for so long is gone. */
const ABANDONED_AFTER = 60_000;

export interface Lock {
  /** Fires when somebody else has taken it: this machine slept, most likely. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

interface Owner {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

/** @throws EngineError `model-busy` where a living process has it */
export async function takeLock(file: string, model: string): Promise<Lock> {
  await ensureFolder(path.dirname(file));
  const self: Owner = { id: randomBytes(8).toString('hex'), host: os.hostname(), pid: process.pid };
  const draft = `${file}.${self.id}`;
  await writeFile(draft, JSON.stringify(self));
  try {
    // A link is made whole or not at all, and fails where there is one.
    for (let tries = 0; !(await linked(draft, file)); tries++) {
      const owner = await ownerOf(file);
      if ((owner !== undefined && (await isLiving(owner, file))) || tries > 3) throw busy(model, owner);
      await putAside(file, owner);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return keep(file, self);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    // Some network folders have no links.
    return writeFile(to, await readFile(from), { flag: 'wx' }).then(
      () => true,
      (failure: unknown) => {
        if (systemCode(failure) === 'EEXIST') return false;
        throw failure;
      },
    );
  }
}

async function ownerOf(file: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readNote(file));
    if (!isObject(value)) return undefined;
    const [id, host, pid] = [own(value, 'id'), own(value, 'host'), own(value, 'pid')];
    if (typeof id === 'string' && typeof host === 'string' && typeof pid === 'number')
      return { id, host, pid };
  } catch {
    // Gone meanwhile, or written by nobody we know.
  }
  return undefined;
}

async function isLiving({ host, pid }: Owner, file: string): Promise<boolean> {
  if (host === os.hostname() && !isAlive(pid)) return false;
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < ABANDONED_AFTER;
}

/** Takes a dead owner's lock away; where another process was faster, its lock is put back. */
async function putAside(file: string, dead: Owner | undefined): Promise<void> {
  const aside = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const taken = await ownerOf(aside);
  if (taken?.id !== dead?.id) await linked(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

function keep(file: string, self: Owner): Lock {
  const lost = new AbortController();
  const timer = setInterval(async () => {
    if ((await ownerOf(file))?.id !== self.id) {
      lost.abort();
      clearInterval(timer);
      return;
    }
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
  }, TOUCHED_EVERY);
  timer.unref();
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer);
      if ((await ownerOf(file))?.id === self.id) await rm(file, { force: true });
    },
  };
}

function busy(model: string, owner: Owner | undefined): EngineError {
  const who = owner === undefined ? '' : ` (process ${owner.pid} on ${owner.host})`;
  return new EngineError(
    'model-busy',
    `${model} is being installed or removed by another window or terminal${who}. Wait until it is done.`,
    { model, ...(owner ?? {}) },
  );
}
