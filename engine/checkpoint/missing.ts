// What a folder lacks before it can be opened, all at once: `palimpsest check` should not send a person back for one
// file after the other.
import { access } from 'node:fs/promises';
import path from 'node:path';
import { hasGgufWeights, weightFileNames } from './weightFiles';

/** Names of the files that a checkpoint needs and this folder lacks; empty where none is missing. */
export async function missingFiles(folder: string): Promise<readonly string[]> {
  const has = (name: string) =>
    access(path.join(folder, name)).then(
      () => true,
      () => false,
    );
  const missing: string[] = [];
  if (!(await has('config.json'))) missing.push('config.json');
  const slow = (await has('vocab.json')) && (await has('merges.txt'));
  if (!slow && !(await has('tokenizer.json'))) missing.push('tokenizer.json');
  // An index that cannot be read is told by opening the folder.
  const weights = await weightFileNames(folder).catch(() => undefined);
  if (weights?.length === 0 && !(await hasGgufWeights(folder))) missing.push('model.safetensors');
  for (const name of weights ?? []) if (!(await has(name))) missing.push(name);
  return missing;
}
