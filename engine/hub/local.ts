// A folder or a file of the person's own gets a name, so that it can be chosen like any other model. It stays where it is.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { unreadable } from '../checkpoint/json';
import type { Checkpoint } from '../checkpoint/types';
import { EngineError, throwIfCancelled } from '../errors';
import { ensureFolder } from '../folder';
import { catalogue, isModelId } from './catalogue';
import { fileChecksum } from './checksum';
import { includedModel } from './included';
import { type InstalledFile, type InstalledModel, readInstalled, STAGING, writeManifest } from './installed';
import { takeLock } from './lock';

/** Files of a folder that the engine reads. */
const READ = /\.(json|txt|jinja|safetensors)$|^model\.gguf$/i;

export interface LocalContext {
  readonly models: string;
  /** Name to install it under; absent: made of the checkpoint's. */
  readonly id?: string;
  readonly open: (place: string) => Promise<Pick<Checkpoint, 'folder' | 'name' | 'family'>>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** @throws EngineError of opening it; `option-invalid` where the name is taken or none can be made */
export async function installLocal(given: string, context: LocalContext): Promise<InstalledModel> {
  const { models, signal } = context;
  const checkpoint = await context.open(given);
  const place = checkpoint.folder;
  const id = context.id ?? slug(checkpoint.name);
  if (!isModelId(id))
    throw new EngineError(
      'option-invalid',
      `${JSON.stringify(id)} cannot be a model's name. Choose one of a to z, 0 to 9, dots, and hyphens with --id.`,
    );
  requireFreeName(models, id);
  const isFile = (await stat(place)).isFile();
  const root = isFile ? path.dirname(place) : place;
  const names = isFile ? [path.basename(place)] : (await readdir(place)).filter((name) => READ.test(name));
  const found = await sizesOf(root, names.sort());
  const total = [...found.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  const files: InstalledFile[] = [];
  for (const [name, size] of found) {
    throwIfCancelled(signal);
    const onBytes = (count: number) => {
      done += count;
      context.onProgress?.({ done, total });
    };
    const file = path.join(root, name);
    const checksum = await fileChecksum('sha256', file, size, { signal, onBytes }).catch((error: unknown) => {
      throwIfCancelled(signal);
      throw unreadable(file, error);
    });
    files.push({ name, size, checksum });
  }
  const model = { title: checkpoint.name, family: checkpoint.family.id, root, place, files, quantised: [] };
  const lock = await takeLock(path.join(models, STAGING, `${id}.lock`), id);
  try {
    requireFreeName(models, id);
    const folder = path.join(models, id);
    await ensureFolder(folder);
    await writeManifest(folder, model, false);
    return { id, ...model };
  } finally {
    await lock.release();
  }
}

/** Of regular files: folders, pipes, and links that lead nowhere are none of the engine's. */
async function sizesOf(root: string, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of names) {
    const found = await stat(path.join(root, name)).catch(() => undefined);
    if (found?.isFile()) sizes.set(name, found.size);
  }
  return sizes;
}

function requireFreeName(models: string, id: string): void {
  const isOffered = includedModel(id) !== undefined || catalogue().some((model) => model.id === id);
  if (!isOffered && readInstalled(models, id) === undefined) return;
  throw new EngineError(
    'option-invalid',
    isOffered
      ? `${id} is the name of a model that Palimpsest includes or offers. Choose another one with --id.`
      : `A model named ${id} is installed already. Choose another name with --id, or remove that one first.`,
  );
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 64);
}
