// What is installed: a folder for each model, with a file that says what was put there, from where, and with which checksums.
// That file appears last, by the rename of the whole folder: a model without it is not there.
import fs from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Fields } from '../checkpoint/fields';
import { isMissing, isObject, type JsonObject, parseJsonObject, unreadable } from '../checkpoint/json';
import { EngineError, toEngineError } from '../errors';
import { isModelId } from './catalogue';
import { asChecksum, type Checksum } from './checksum';
import { nameFault } from './fileNames';

export interface InstalledFile {
  /** Path below `root`, with forward slashes. */
  readonly name: string;
  readonly size: number;
  readonly checksum: Checksum;
}

/** A model as `install.json` describes it. */
export interface InstalledModel {
  readonly id: string;
  readonly title: string;
  readonly family: string;
  /** Where it is from; absent for a folder or file of the person's own. */
  readonly origin?: {
    readonly host: string;
    readonly repository: string;
    readonly commit: string;
    readonly license: string;
  };
  /** Absolute path of the folder that the files lie in. */
  readonly root: string;
  /** Absolute path that the engine opens: `root`, or a GGUF file in it. */
  readonly place: string;
  readonly files: readonly InstalledFile[];
  /** Absolute paths of quantised weights that were made when it was installed. */
  readonly quantised: readonly string[];
}

/** Of an entry that cannot be read, or whose files are not there. */
export interface DamagedModel {
  readonly id: string;
  readonly fault: EngineError;
}

export const MANIFEST = 'install.json';
/** Downloads that are not finished, and locks. */
export const STAGING = '.staging';

/** Where a model is while it is removed: a removal that was killed leaves it there. */
export function removedFolder(models: string, id: string): string {
  return path.join(models, STAGING, `${id}.removed`);
}

const FORMAT = 1;
const MOST_BYTES = 8_000_000;
const CODE = 'checkpoint-malformed';

/** `install.json` of a model. Relative paths are below the model's folder, so that the folder of models can be moved. */
export async function writeManifest(
  folder: string,
  model: Omit<InstalledModel, 'id'>,
  isOwn: boolean,
): Promise<void> {
  const { root, place, ...rest } = model;
  const manifest = {
    format: FORMAT,
    ...rest,
    root: isOwn ? path.basename(root) : root,
    entry: path.relative(root, place).split(path.sep).join('/'),
    files: model.files.map(({ name, size, checksum }) => ({ name, size, checksum: checksum.value })),
  };
  const file = path.join(folder, MANIFEST);
  await writeFile(`${file}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true });
  await rename(`${file}.new`, file);
}

/** Adds quantised weights to what goes with the model when it is removed. */
export async function recordQuantised(
  models: string,
  model: InstalledModel,
  files: readonly string[],
): Promise<InstalledModel> {
  const { id, ...rest } = model;
  const folder = path.join(models, id);
  const quantised = [...new Set([...model.quantised, ...files])];
  await writeManifest(folder, { ...rest, quantised }, model.root.startsWith(folder + path.sep));
  return { ...model, quantised };
}

/** The model of this id, or undefined where it is not installed. @throws EngineError where its file is damaged */
export function readInstalled(models: string, id: string): InstalledModel | undefined {
  if (!isModelId(id)) return undefined;
  const folder = path.join(models, id);
  const file = path.join(folder, MANIFEST);
  let bytes: Buffer;
  try {
    const stats = fs.statSync(file);
    if (!stats.isFile()) throw damaged(id, 'is not a regular file');
    if (stats.size > MOST_BYTES) throw damaged(id, 'is too long');
    bytes = fs.readFileSync(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error instanceof EngineError ? error : unreadable(file, error);
  }
  const remedy = `Run "palimpsest models remove ${id}" and install it again.`;
  return modelOf(id, folder, parseJsonObject(bytes, file, CODE, remedy));
}

function damaged(id: string, what: string): EngineError {
  return new EngineError(
    CODE,
    `${MANIFEST} of ${id} ${what}. Run "palimpsest models remove ${id}" and install it again.`,
    { id },
  );
}

function modelOf(id: string, folder: string, json: JsonObject): InstalledModel {
  const fields = new Fields(json, `${MANIFEST} of ${id}`, CODE);
  fields.onlyKeys(['format', 'title', 'family', 'origin', 'root', 'entry', 'files', 'quantised']);
  const format = fields.integer('format', { max: 2 ** 31 - 1 });
  if (format > FORMAT) throw fields.fail('format', 'is from a newer version of Palimpsest. Update it');
  const given = fields.string('root');
  const root = path.isAbsolute(given) ? given : path.join(folder, safeName(given, id));
  const entry = fields.string('entry');
  const files = fields.value('files');
  if (!Array.isArray(files)) throw fields.fail('files', 'is not a list');
  const origin = fields.section('origin');
  const quantised = fields.value('quantised') ?? [];
  if (!Array.isArray(quantised)) throw fields.fail('quantised', 'is not a list');
  return {
    id,
    title: fields.string('title'),
    family: fields.string('family'),
    ...(origin
      ? {
          origin: {
            host: origin.string('host'),
            repository: origin.string('repository'),
            commit: origin.string('commit'),
            license: origin.string('license'),
          },
        }
      : {}),
    root,
    place: entry === '' ? root : path.join(root, safeName(entry, id)),
    files: files.map((file: unknown) => fileOf(file, id)),
    quantised: quantised.filter((name): name is string => typeof name === 'string' && path.isAbsolute(name)),
  };
}

function safeName(name: string, id: string): string {
  if (nameFault(name) !== undefined) throw damaged(id, 'names a file elsewhere');
  return name;
}

function fileOf(value: unknown, id: string): InstalledFile {
  if (!isObject(value)) throw damaged(id, 'has a file that is none');
  const fields = new Fields(value, `${MANIFEST} of ${id}, files`, CODE);
  const checksum = asChecksum(fields.string('checksum'));
  if (checksum === undefined) throw fields.fail('checksum', 'is none');
  return {
    name: safeName(fields.string('name'), id),
    size: fields.integer('size', { min: 0, max: 2 ** 50 }),
    checksum,
  };
}

/**
 * Why the model cannot be what was installed, by the names and sizes of its files: somebody deleted some, or the cache that they are
 * linked from. What is the person's own may change, and has to be there only.
 */
export function lossOf({ id, origin, root, place, files }: InstalledModel): EngineError | undefined {
  const remove = `"palimpsest models remove ${id}"`;
  const fault = (what: string) => new EngineError(CODE, `${id} is damaged: ${what}`, { id });
  const sizeOf = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.size;
  try {
    if (origin === undefined)
      return sizeOf(place) === undefined
        ? fault(`${place} does not exist. Put it back, or run ${remove}.`)
        : undefined;
    for (const { name, size } of files) {
      const found = sizeOf(path.join(root, name));
      if (found === size) continue;
      const what = found === undefined ? 'is missing' : 'has another size';
      return fault(`${name} ${what}. Run ${remove} and install it again.`);
    }
  } catch (error) {
    return unreadable(root, error);
  }
  return undefined;
}

/** Everything that is installed, by id; what cannot be read, or has lost a file, is named beside it. */
export async function listInstalled(models: string): Promise<readonly (InstalledModel | DamagedModel)[]> {
  const names = await readdir(models).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw unreadable(models, error);
  });
  return names
    .filter(isModelId)
    .sort()
    .flatMap((id) => {
      try {
        const model = readInstalled(models, id);
        if (model === undefined) return [];
        const fault = lossOf(model);
        return fault === undefined ? model : { id, fault };
      } catch (error) {
        return { id, fault: toEngineError(error) };
      }
    });
}

export function isDamaged(model: InstalledModel | DamagedModel): model is DamagedModel {
  return 'fault' in model;
}
