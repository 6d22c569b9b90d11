// Which files a folder's weights are in. File names in an index are data from the internet: none may
// lead out of the folder. A link that the folder itself holds may: a Hugging Face cache is links to its blobs.
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../errors';
import { brief, show } from './fields';
import { isMissing, isObject, own, readJsonObject, unreadable } from './json';
import { readSafetensorsHeader, type StoredTensor } from './safetensors';

export const INDEX_NAME = 'model.safetensors.index.json';
const SINGLE_NAME = 'model.safetensors';
/** Rounded weights, in place of safetensors. */
export const GGUF_NAME = 'model.gguf';
const MAX_INDEX_BYTES = 32_000_000;
const MAX_FILES = 10_000;

/** Names of the safetensors files, relative to the folder, sorted; empty where there are none. */
export async function weightFileNames(folder: string): Promise<readonly string[]> {
  const index = await readJsonObject(path.join(folder, INDEX_NAME), MAX_INDEX_BYTES, 'checkpoint-malformed');
  if (index) {
    const map = own(index, 'weight_map');
    if (!isObject(map)) throw malformedIndex('has no weight_map');
    const names = new Set<string>();
    for (const name of Object.values(map)) {
      if (typeof name !== 'string') throw malformedIndex('maps a tensor to something other than a file name');
      names.add(name);
    }
    if (names.size > MAX_FILES) throw malformedIndex(`names more than ${MAX_FILES} files`);
    for (const name of names) refuseUnsafeName(name);
    return [...names].sort();
  }
  const entries = await readFolder(folder);
  if (entries.includes(SINGLE_NAME)) return [SINGLE_NAME];
  return entries.filter((name) => name.endsWith('.safetensors')).sort();
}

/** Whether the weights are in `model.gguf`; safetensors files go first. */
export async function hasGgufWeights(folder: string): Promise<boolean> {
  if ((await weightFileNames(folder)).length > 0) return false;
  return (await readFolder(folder)).includes(GGUF_NAME);
}

/** All tensors of the safetensors files of a folder by name. */
export async function readTensors(folder: string): Promise<Map<string, StoredTensor>> {
  const names = await weightFileNames(folder);
  if (names.length === 0) throw await noWeights(folder);
  const tensors = new Map<string, StoredTensor>();
  for (const name of names) {
    for (const tensor of (await readSafetensorsHeader(await resolveWeightFile(folder, name))).values()) {
      const other = tensors.get(tensor.name);
      if (other) {
        throw new EngineError(
          'tensor-malformed',
          `The tensor ${brief(tensor.name)} is in two files, ${path.basename(other.file)} and ${name}. Remove the one that does not belong to this checkpoint.`,
          { tensor: brief(tensor.name), files: [other.file, tensor.file] },
        );
      }
      tensors.set(tensor.name, tensor);
    }
  }
  return tensors;
}

/** Absolute path with links resolved. A name inside a sub-folder must stay inside the checkpoint. */
export async function resolveWeightFile(folder: string, name: string): Promise<string> {
  refuseUnsafeName(name);
  try {
    const file = await realpath(path.join(folder, name));
    if (name.includes('/')) {
      const relative = path.relative(await realpath(folder), file);
      const outside = relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
      if (outside) throw leavesFolder(name);
    }
    return file;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (isMissing(error)) {
      throw new EngineError(
        'checkpoint-missing',
        `${name} is missing from ${path.basename(folder)}. Finish the download of this model.`,
        { folder, file: name },
      );
    }
    throw unreadable(path.join(folder, name), error);
  }
}

function refuseUnsafeName(name: string): void {
  const segments = name.split('/');
  const unsafe =
    name.length > 1024 ||
    /[\\:\0]/.test(name) ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..') ||
    !name.endsWith('.safetensors');
  if (unsafe) throw leavesFolder(name);
}

function leavesFolder(name: string): EngineError {
  return new EngineError(
    'checkpoint-malformed',
    `${INDEX_NAME} names ${show(name)}, which is not a safetensors file inside this folder. Do not use this checkpoint.`,
    { name: brief(name) },
  );
}

function malformedIndex(what: string): EngineError {
  return new EngineError('checkpoint-malformed', `${INDEX_NAME} ${what}. Download it again.`);
}

async function readFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(folder, error);
  }
}

async function noWeights(folder: string): Promise<EngineError> {
  const others = (await readFolder(folder)).filter((name) => /\.(bin|pt|pth|gguf|onnx)$/.test(name));
  const gguf = others.find((name) => name.endsWith('.gguf'));
  const advice =
    gguf !== undefined
      ? `It contains ${gguf}: choose that file instead of the folder.`
      : others.length > 0
        ? `It contains ${others[0]}, but weights must be in the safetensors format.`
        : 'Finish the download of this model.';
  return new EngineError(
    'checkpoint-missing',
    `${path.basename(folder)} contains no .safetensors file. ${advice}`,
    { folder },
  );
}

/** Throws `checkpoint-missing` unless the path is a folder. */
export async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw unreadable(folder, error);
  });
  if (found?.isDirectory()) return;
  throw new EngineError(
    'checkpoint-missing',
    `${folder} is not a folder. Choose the folder that contains config.json, tokenizer.json, and the .safetensors files, or a .gguf file.`,
    { folder },
  );
}
