// Hashes everything of a model again, and takes a model away: what was put there, and nothing else.
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '../checkpoint/json';
import { EngineError } from '../errors';
import { ensureFolder } from '../folder';
import { noteOf } from '../graph/sideFileNote';
import { isModelId } from './catalogue';
import { fileChecksum } from './checksum';
import { type InstalledModel, MANIFEST, readInstalled, removedFolder, STAGING } from './installed';
import { takeLock } from './lock';

export interface FileFault {
  readonly name: string;
  readonly fault: 'missing' | 'size' | 'checksum' | 'unreadable';
}

/** What is wrong with the files of a model; nothing where all is well. */
export async function verify(
  model: InstalledModel,
  context: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  } = {},
): Promise<readonly FileFault[]> {
  const total = model.files.reduce((sum, { size }) => sum + size, 0);
  const faults: FileFault[] = [];
  let done = 0;
  for (const { name, size, checksum } of model.files) {
    const start = done;
    const file = path.join(model.root, name);
    try {
      const found = await stat(file);
      if (!found.isFile() || found.size !== size) faults.push({ name, fault: 'size' });
      else {
        const { value } = await fileChecksum(checksum.kind, file, size, {
          signal: context.signal,
          onBytes: (count) => {
            done += count;
            context.onProgress?.({ done, total });
          },
        });
        if (value !== checksum.value) faults.push({ name, fault: 'checksum' });
      }
    } catch (error) {
      if (context.signal?.aborted) throw error;
      faults.push({ name, fault: isMissing(error) ? 'missing' : 'unreadable' });
    }
    done = start + size;
    context.onProgress?.({ done, total });
  }
  return faults;
}

export interface Removal {
  /** Bytes that are free again; links into another program's cache, and a folder of the person's own, free none. */
  readonly bytes: number;
  /** Files that somebody else put into the model's folder, which stay. */
  readonly kept: readonly string[];
}

/** Removes the model, or what an unfinished install or removal of it left. @throws EngineError `model-unknown`, `model-busy` */
export async function remove(models: string, id: string): Promise<Removal> {
  const folder = path.join(models, id);
  const unfinished = path.join(models, STAGING, id);
  const aside = removedFolder(models, id);
  const places = [path.join(folder, MANIFEST), unfinished, aside];
  if (!isModelId(id) || !(await Promise.all(places.map(exists))).includes(true)) {
    throw new EngineError(
      'model-unknown',
      `No model named ${id} is installed. "palimpsest models list" shows what is.`,
      { id },
    );
  }
  await ensureFolder(path.join(models, STAGING));
  const lock = await takeLock(path.join(models, STAGING, `${id}.lock`), id);
  try {
    const model = readable(models, id);
    let bytes = (await sizeBelow(unfinished)) + (await sizeBelow(aside));
    for (const rest of [unfinished, aside]) await rm(rest, { recursive: true, force: true });
    const isOwn = model?.root.startsWith(folder + path.sep) ?? false;
    const ours = new Set([
      MANIFEST,
      ...(isOwn && model ? model.files.map(({ name }) => join(folder, model, name)) : []),
    ]);
    const kept = (await namesBelow(folder)).filter((name) => !ours.has(name));
    bytes += await sizeBelow(folder, ours);
    if (kept.length === 0) await removeWhole(folder, aside, id);
    else for (const name of ours) await rm(path.join(folder, name), { force: true });
    for (const file of model?.quantised ?? []) {
      if (!file.endsWith('.weights')) continue;
      bytes += (await stat(file).catch(() => undefined))?.size ?? 0;
      for (const one of [file, noteOf(file)]) await rm(one, { force: true });
    }
    return { bytes, kept: kept.map((name) => path.join(folder, name)) };
  } finally {
    await lock.release();
  }
}

function join(folder: string, { root }: InstalledModel, name: string): string {
  return path.join(path.relative(folder, root), ...name.split('/'));
}

/** A manifest that is damaged names no files: then only it goes, and the rest is reported. */
function readable(models: string, id: string): InstalledModel | undefined {
  try {
    return readInstalled(models, id);
  } catch {
    return undefined;
  }
}

/** First out of sight in one step, so that nobody opens a half of it; Windows refuses that while a file is in use. */
async function removeWhole(folder: string, aside: string, id: string): Promise<void> {
  try {
    await rename(folder, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw new EngineError(
      'model-busy',
      `${id} is in use. Stop the engine, or close the window that uses it, and remove it again.`,
      { id },
      { cause: error },
    );
  }
  await rm(aside, { recursive: true, force: true });
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

/** Paths of all files below a folder, links as what they are. */
async function namesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(path.relative(folder, entry.parentPath), entry.name));
}

async function sizeBelow(folder: string, only?: ReadonlySet<string>): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const name = path.join(path.relative(folder, entry.parentPath), entry.name);
    if (entry.isFile() && (only?.has(name) ?? true))
      bytes += (await stat(path.join(folder, name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
