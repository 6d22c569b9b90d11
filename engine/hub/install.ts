// Installs a model of the catalogue: plan, room, consent, files, a look at what came, and one rename at the end.
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '../checkpoint/json';
import { EngineError, type ErrorCode, isEngineError, throwIfCancelled } from '../errors';
import { ensureFolder } from '../folder';
import type { CatalogueModel } from './catalogue';
import { fileChecksum } from './checksum';
import { diskError, type LaterBytes, requireRoom } from './disk';
import { download, partOf } from './download';
import { findCached, linkCached } from './huggingFaceCache';
import {
  type InstalledFile,
  type InstalledModel,
  lossOf,
  readInstalled,
  removedFolder,
  STAGING,
  writeManifest,
} from './installed';
import { takeLock } from './lock';
import type { Network } from './network';
import { type Plan, planFile, planFor } from './plan';
import type { RemoteFile } from './repository';

interface InstallProgress {
  /** `checking`: files that are on this machine are hashed; `downloading`: the others are fetched. */
  readonly phase: 'checking' | 'downloading';
  /** Bytes of the whole install that are here, and all of them. */
  readonly done: number;
  readonly total: number;
}

/** What a person agrees to. */
export interface Offer {
  readonly model: CatalogueModel;
  /** Bytes of all files, and those that are not here yet. */
  readonly bytes: number;
  readonly missing: number;
}

export interface InstallContext {
  /** Folder of installed models. */
  readonly models: string;
  /** Folder of Hugging Face's cache. */
  readonly cache: string;
  readonly network: Network;
  /** Told what comes before the first file is fetched; what it throws ends the install. */
  readonly confirm: (offer: Offer) => Promise<void> | void;
  /** Opens what was downloaded, and gives the family that it is. Throws where it is no checkpoint. */
  readonly inspect: (place: string) => Promise<{ readonly family: { readonly id: string } }>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: InstallProgress) => void;
  /** Bytes of one request; what a kill can cost. */
  readonly rangeBytes?: number;
  readonly freeBytes?: (folder: string) => Promise<number | undefined>;
  /** What is to be written when the model is there: an hour's download is for nothing where that has no room. */
  readonly later?: LaterBytes | undefined;
}

/**
 * Installs the model, going on where an earlier install stopped. Whatever fails, nothing half-installed can be opened.
 * @returns the model, also where it was installed before
 * @throws EngineError; `checkpoint-malformed` where it was installed before and has lost a file since
 */
export async function install(model: CatalogueModel, context: InstallContext): Promise<InstalledModel> {
  const { models } = context;
  const present = readInstalled(models, model.id);
  if (present) {
    const loss = lossOf(present);
    if (loss !== undefined) throw loss;
    return present;
  }
  try {
    await ensureFolder(path.join(models, STAGING));
  } catch (error) {
    throw diskError(error, models, 0);
  }
  const lock = await takeLock(path.join(models, STAGING, `${model.id}.lock`), model.id);
  const signal = context.signal ? AbortSignal.any([context.signal, lock.lost]) : lock.lost;
  try {
    return readInstalled(models, model.id) ?? (await installLocked(model, { ...context, signal }));
  } catch (error) {
    if (lock.lost.aborted && !context.signal?.aborted)
      throw new EngineError(
        'model-busy',
        `Another window or terminal took over the install of ${model.id}, because this one was silent for long. Look there.`,
        { model: model.id },
      );
    throw error;
  } finally {
    await lock.release();
  }
}

/**
 * A removal leaves what the person put into the model's folder. The rename at the end would fail because of it, hours later.
 * @throws EngineError `file-unreadable` where files are in the way
 */
async function clearPlace(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const other = entries.find((entry) => !entry.isDirectory());
  if (other === undefined) return rm(folder, { recursive: true, force: true });
  throw new EngineError(
    'file-unreadable',
    `${folder} has files that are not the model's, such as ${path.join(other.parentPath, other.name)}. Move them elsewhere, and install the model again.`,
    { folder },
  );
}

/** Failures that say nothing against the files of the plan. */
const PASSING: readonly ErrorCode[] = [
  'hub-unreachable',
  'hub-refused',
  'disk-full',
  'license-not-accepted',
  'out-of-memory',
];

async function installLocked(model: CatalogueModel, context: InstallContext): Promise<InstalledModel> {
  const { models, network, signal } = context;
  const staging = path.join(models, STAGING, model.id);
  // The folder has the repository's name: some families are told apart by it.
  const folder = model.repository.split('/')[1] ?? model.id;
  const staged = path.join(staging, folder);
  try {
    await clearPlace(path.join(models, model.id));
    await rm(removedFolder(models, model.id), { recursive: true, force: true });
    const plan = await planFor(model, staging, network, signal);
    const files = await fetchFiles(model, plan, staged, context);
    const { entry, family } = await inspectStaged(model, files, staged, context);
    throwIfCancelled(signal);
    const origin = {
      host: network.endpoint.host,
      repository: model.repository,
      commit: plan.commit,
      license: model.license.name,
    };
    const described = { title: model.title, family, origin, files, quantised: [] };
    const own = { ...described, root: staged, place: path.join(staged, entry) };
    await writeManifest(staging, own, true);
    await rm(planFile(staging), { force: true });
    await rename(staging, path.join(models, model.id));
    const root = path.join(models, model.id, folder);
    return { ...described, id: model.id, root, place: path.join(root, entry) };
  } catch (error) {
    throwIfCancelled(signal);
    // A list that may be wrong must not be believed again.
    if (!isEngineError(error) || !PASSING.includes(error.code)) await rm(planFile(staging), { force: true });
    throw diskError(error, models, 0);
  }
}

async function fetchFiles(
  model: CatalogueModel,
  { commit, files, isResumed }: Plan,
  staged: string,
  context: InstallContext,
): Promise<readonly InstalledFile[]> {
  const { signal, network, cache } = context;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const here = new Map<RemoteFile, number>();
  const report = (phase: InstallProgress['phase']) =>
    context.onProgress?.({ phase, done: [...here.values()].reduce((sum, bytes) => sum + bytes, 0), total });
  const cached = new Map<RemoteFile, string>();
  if (!isResumed) await keepOnly(files, staged, signal);
  for (const file of files) {
    const size = await sizeOf(path.join(staged, file.name));
    if (size === file.size && file.checksum) here.set(file, size);
    else {
      const found = await findCached(cache, model.repository, file);
      if (found !== undefined) cached.set(file, found);
      else if (file.checksum)
        here.set(file, await sizeOf(partOf(path.join(staged, file.name), file.checksum)));
    }
  }
  const known = [...here].reduce((sum, [, bytes]) => sum + bytes, 0);
  const linked = [...cached.keys()].reduce((sum, { size }) => sum + size, 0);
  const missing = Math.max(0, total - known - linked);
  await requireRoom(context.models, missing, context.freeBytes, context.later);
  await context.confirm({ model, bytes: total, missing });
  const installed: InstalledFile[] = [];
  for (const file of files) {
    throwIfCancelled(signal);
    const { name, size, checksum } = file;
    const target = path.join(staged, name);
    if (checksum && (await sizeOf(target)) === size) {
      // Renamed into place after its checksum was compared.
      installed.push({ name, size, checksum });
      continue;
    }
    const place = cached.get(file);
    const onBytes = (count: number) => {
      here.set(file, (here.get(file) ?? 0) + count);
      report('checking');
    };
    if (place !== undefined && checksum && (await linkCached(place, file, target, { signal, onBytes }))) {
      installed.push({ name, size, checksum });
      continue;
    }
    const compared = await download(
      { repository: model.repository, commit, file, target },
      {
        network,
        signal,
        onBytes: (bytes) => {
          here.set(file, bytes);
          report('downloading');
        },
        onChecked: (bytes) => {
          here.set(file, bytes);
          report('checking');
        },
        ...(context.rangeBytes === undefined ? {} : { rangeBytes: context.rangeBytes }),
      },
    );
    installed.push({ name, size, checksum: compared });
  }
  return installed;
}

/** Files of another plan: what is one of this plan's, byte for byte, stays; of the rest, nothing. */
async function keepOnly(
  files: readonly RemoteFile[],
  staged: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const names = await readdir(staged).catch(() => []);
  const parts = files.flatMap(({ name, checksum }) => (checksum ? [partOf(name, checksum)] : []));
  for (const name of names) {
    const place = path.join(staged, name);
    const file = files.find((each) => each.name === name);
    const isOurs = file?.checksum
      ? (await sizeOf(place)) === file.size &&
        (await fileChecksum(file.checksum.kind, place, file.size, { signal })).value === file.checksum.value
      : parts.includes(name);
    if (!isOurs) await rm(place, { recursive: true, force: true });
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? found.size : 0;
}

/** What came has to be the checkpoint that the catalogue says. */
async function inspectStaged(
  model: CatalogueModel,
  files: readonly InstalledFile[],
  staged: string,
  { inspect }: InstallContext,
): Promise<{ readonly entry: string; readonly family: string }> {
  const entry = files.find(({ name }) => name.toLowerCase().endsWith('.gguf'))?.name ?? '';
  const { family } = await inspect(path.join(staged, entry));
  if (family.id === model.family) return { entry, family: family.id };
  throw new EngineError(
    'family-unknown',
    `${model.repository} is a ${family.id} model, but the catalog says ${model.family}. Nothing was installed; update Palimpsest, or use another mirror.`,
    { model: model.id, found: family.id, expected: model.family },
  );
}
