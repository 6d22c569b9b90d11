// Opens a checkpoint folder: config, family, tokenizer, tensor headers, each checked against the others. No weight
// is read.
import path from 'node:path';
import { EngineError } from '../errors';
import { chatLayout, type FoundLayout } from './chatTemplate';
import { readShape } from './config';
import { STARTER_LANGUAGES } from './families';
import type { Family } from './family';
import { namingFolder } from './folderErrors';
import { type JsonObject, readJsonObject, readSmallFile } from './json';
import { applyOverride, OVERRIDE_NAME, overrideBase, overrideIsComplete } from './override';
import { checkpointName, type Recognised, recogniseFamily, withConfig } from './recognise';
import { remarksOn } from './remarks';
import { resolveSpecials } from './specials';
import { mapTensors, usedTensors } from './tensors';
import { createTokenizer, tokenIdOf } from './tokenizer';
import { readTokenizerDefinition } from './tokenizerFiles';
import type { Checkpoint, TensorDtype, TensorLocation } from './types';
import { readTensors, requireFolder } from './weightFiles';

const MAX_CONFIG_BYTES = 8_000_000;

/**
 * @param folder a Hugging Face checkpoint folder (or a snapshot in its cache)
 * @throws EngineError with the codes of checkpoint folders (errors.ts)
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const root = path.resolve(folder);
  return namingFolder(root, () => openFolder(root));
}

async function openFolder(root: string): Promise<Checkpoint> {
  await requireFolder(root);
  const read = (name: string) =>
    readJsonObject(path.join(root, name), MAX_CONFIG_BYTES, 'checkpoint-malformed');
  const config = await read('config.json');
  if (!config) throw missingConfig(root);
  const [override, generationConfig, tokenizerConfig, specialTokensMap, stored] = await Promise.all([
    read(OVERRIDE_NAME),
    read('generation_config.json'),
    read('tokenizer_config.json'),
    read('special_tokens_map.json'),
    readTensors(root),
  ]);
  const definition = await readTokenizerDefinition(root, tokenizerConfig);
  const idOf = tokenIdOf(definition);
  const name = checkpointName(root);
  const { known, remarks } = chooseFamily(
    override,
    () => recogniseFamily({ config, name, hasToken: (text) => idOf(text) !== undefined }),
    config,
  );
  const shape = readShape(config);
  requireRoom(known.family, shape.contextLength);
  const mapped = mapTensors(stored, shape, known);
  const { vocabSize } = shape;
  const specials = resolveSpecials(known, {
    idOf,
    config,
    generationConfig,
    tokenizerConfig,
    specialTokensMap,
    vocabSize,
  });
  const family = { ...known.family, tensorNames: mapped.scheme };
  const languages = family.attention.kind === 'cached-canvas' ? languageTokens(idOf) : {};
  const tokenizer = createTokenizer(definition, {
    specials: [...Object.values(specials), ...Object.values(languages)],
    vocabSize,
  });
  const used = usedTensors(mapped.tensors);
  const { chat, remarks: chatRemarks }: FoundLayout =
    family.infill.kind === 'prompt'
      ? await chatLayout(tokenizerConfig, await templateFile(root), tokenizer)
      : { remarks: [] };
  return {
    folder: root,
    name,
    family,
    shape: {
      ...shape,
      contextLength: Math.min(shape.contextLength, known.contextLimit ?? shape.contextLength),
      tiedHead: mapped.tiedHead,
      qkNorm: mapped.qkNorm,
    },
    tensors: mapped.tensors,
    tokenizer,
    specials,
    storedDtype: mainDtype(used),
    parameters: used.reduce((sum, tensor) => sum + elements(tensor), 0),
    languageTokens: languages,
    ...(chat ? { chat } : {}),
    remarks: [
      ...remarks,
      ...chatRemarks,
      ...(await remarksOn({
        mapped,
        known,
        shape,
        config,
        generationConfig,
        normaliser: definition.normaliser,
      })),
    ],
  };
}

/** A gap for the hole that takes all positions leaves none to read: every request would find no room. */
function requireRoom({ attention }: Family, contextLength: number): void {
  if (attention.kind !== 'cached-canvas' || attention.holeGap < contextLength) return;
  throw new EngineError(
    'checkpoint-malformed',
    `The hole gap of ${attention.holeGap} positions leaves nothing of a context of ${contextLength}. Correct config.json, or the palimpsest.json beside it.`,
    { holeGap: attention.holeGap, contextLength },
  );
}

async function templateFile(root: string): Promise<string | undefined> {
  const file = path.join(root, 'chat_template.jinja');
  return (await readSmallFile(file, MAX_CONFIG_BYTES, 'checkpoint-malformed'))?.toString('utf8');
}

/** palimpsest.json where it says something, else recognition. */
function chooseFamily(
  override: JsonObject | undefined,
  recognise: () => Recognised,
  config: JsonObject,
): Recognised {
  if (!override) return recognise();
  const base = overrideBase(override);
  if (base) {
    const withNumbers = { ...base, family: withConfig(base.family, config) };
    return { known: applyOverride(override, withNumbers), remarks: [] };
  }
  if (overrideIsComplete(override)) return { known: applyOverride(override, undefined), remarks: [] };
  const recognised = recognise();
  return { ...recognised, known: applyOverride(override, recognised.known) };
}

function missingConfig(root: string): EngineError {
  return new EngineError(
    'checkpoint-missing',
    `${path.basename(root)} holds no config.json. Give the folder that holds config.json, tokenizer.json and the .safetensors files.`,
    { folder: root },
  );
}

function languageTokens(idOf: (text: string) => number | undefined): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [language, text] of Object.entries(STARTER_LANGUAGES)) {
    const id = idOf(text);
    if (id !== undefined) found[language] = id;
  }
  return found;
}

function elements(tensor: TensorLocation): number {
  return tensor.shape.reduce((product, size) => product * size, 1);
}

/** The dtype that holds most bytes: norms are often F32 beside BF16 weights. */
function mainDtype(tensors: readonly TensorLocation[]): TensorDtype {
  const bytes = new Map<TensorDtype, number>();
  for (const { dtype, length } of tensors) bytes.set(dtype, (bytes.get(dtype) ?? 0) + length);
  return [...bytes].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['F32', 0] as [
    TensorDtype,
    number,
  ])[0];
}
