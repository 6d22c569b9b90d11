// Opens a checkpoint, a folder or a GGUF file: config, family, tokenizer, tensor headers, each checked against the
// others. No weight is read.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { type AdapterFile, openAdapter, readAdapterFile } from './adapter';
import { chatLayout, chatTemplateOf, type FoundLayout } from './chatTemplate';
import { type ConfigShape, readShape } from './config';
import { type KnownFamily, STARTER_LANGUAGES } from './families';
import type { Family, InfillKind } from './family';
import { brief } from './fields';
import { readFolderParts } from './folder';
import { namingFolder } from './folderErrors';
import { SHIFT_KEY } from './ggufConfig';
import { isGgufPath, readGgufParts } from './ggufFile';
import { type JsonObject, own } from './json';
import { applyOverride, overrideBase, overrideIsComplete } from './override';
import type { CheckpointParts } from './parts';
import { type Recognised, recogniseFamily, withConfig } from './recognise';
import { remarksOn } from './remarks';
import { resolveSpecials } from './specials';
import { mapTensors, usedTensors } from './tensors';
import { createTokenizer, tokenIdOf } from './tokenizer';
import type { Checkpoint, PackedType, RopeScaling, TensorLocation } from './types';

/**
 * @param place a Hugging Face checkpoint folder (or a snapshot in its cache), a `.gguf` file, or the folder of an adapter, whose base is
 * opened with it
 * @throws EngineError with the codes of checkpoints (errors.ts)
 */
export async function openCheckpoint(place: string): Promise<Checkpoint> {
  const root = path.resolve(place);
  return namingFolder(root, async () => {
    const adapter = isGgufPath(root) ? undefined : await readAdapterFile(root);
    return adapter === undefined ? openBase(root) : openAdapted(root, adapter);
  });
}

async function openBase(root: string): Promise<Checkpoint> {
  return assemble(await (isGgufPath(root) ? readGgufParts(root) : readFolderParts(root)));
}

async function openAdapted(root: string, file: AdapterFile): Promise<Checkpoint> {
  const { basePlace, baseName, masks } = file;
  if (!existsSync(basePlace)) {
    throw new EngineError(
      'checkpoint-missing',
      `This adapter is for ${brief(baseName)}, which is not there. Put it into ${path.dirname(basePlace)} as ${path.basename(basePlace)}.`,
      { base: basePlace },
    );
  }
  const base = await namingFolder(basePlace, () => openBase(basePlace));
  const adapter = await openAdapter(root, file, base);
  return {
    ...base,
    folder: root,
    name: `${base.name} with ${path.basename(root)}`,
    adapter,
    remarks: [
      ...base.remarks,
      `Masks draft up to ${masks} tokens a pass; the answers are those of ${base.name}.`,
    ],
  };
}

async function assemble(parts: CheckpointParts): Promise<Checkpoint> {
  const { config, configName, generationConfig, tokenizerConfig, specialTokensMap, name } = parts;
  const idOf = tokenIdOf(parts.tokenizer);
  const { known, remarks } = chooseFamily(
    parts.override,
    () =>
      recogniseFamily({
        ...{ config, name },
        hasToken: (text) => idOf(text) !== undefined,
        hasChatTemplate: chatTemplateOf(tokenizerConfig, parts.chatTemplate) !== undefined,
        tensorNames: parts.stored.keys(),
      }),
    config,
  );
  requireShift(known.family, parts);
  const said = readShape(config, configName);
  const { linearBias: _, slidingWindow: __, ...shape } = said;
  requireRoom(known.family, shape.contextLength);
  const mapped = mapTensors(parts.stored, said, known);
  const { vocabSize } = shape;
  const specials = resolveSpecials(known, {
    idOf,
    config,
    generationConfig,
    tokenizerConfig,
    specialTokensMap,
    vocabSize,
  });
  const family = { ...known.family, infill: openingOf(known.family, parts), tensorNames: mapped.scheme };
  const languages = family.attention.kind === 'cached-canvas' ? languageTokens(idOf) : {};
  const tokenizer = createTokenizer(parts.tokenizer, {
    specials: [...Object.values(specials), ...Object.values(languages)],
    vocabSize,
  });
  const used = usedTensors(mapped.tensors);
  const { chat, remarks: chatRemarks }: FoundLayout = canAnswer(family)
    ? await chatLayout(tokenizerConfig, parts.chatTemplate, tokenizer)
    : { remarks: [] };
  const opens = family.infill.kind === 'prompt' && family.infill.bos === true;
  const opening = opens && specials.bos !== undefined ? [specials.bos] : [];
  return {
    folder: parts.root,
    name,
    family,
    shape: {
      ...shape,
      ropeScaling: scalingOf(shape, parts),
      contextLength: contextOf(known, said),
      tiedHead: mapped.tiedHead,
      qkNorm: mapped.qkNorm,
    },
    tensors: mapped.tensors,
    tokenizer,
    specials,
    storedDtype: mainDtype(used),
    parameters: used.reduce((sum, tensor) => sum + elements(tensor), 0),
    languageTokens: languages,
    ...(chat ? { chat: { ...chat, before: [...opening, ...chat.before] } } : {}),
    remarks: [
      ...remarks,
      ...chatRemarks,
      ...(await remarksOn({
        mapped,
        known,
        shape: said,
        config,
        configName,
        generationConfig,
        normaliser: parts.tokenizer.normaliser,
      })),
    ],
  };
}

/** The layout with what this tokenizer does about its bos token in the place of the family's question. */
function openingOf({ infill }: Family, { tokenizer }: CheckpointParts): InfillKind {
  const asks = (infill.kind === 'fim-order' || infill.kind === 'prompt') && infill.bos === 'tokenizer';
  return asks ? { ...infill, bos: tokenizer.addsBos } : infill;
}

/**
 * As long as every token sees all that stands before it: a graph without a window gives the same numbers up to there, and
 * others beyond.
 */
function contextOf({ contextLimit }: KnownFamily, { contextLength, slidingWindow }: ConfigShape): number {
  return Math.min(contextLength, contextLimit ?? contextLength, slidingWindow ?? contextLength);
}

/** Factors that the checkpoint carries are the scaling by themselves. */
function scalingOf({ ropeScaling }: ConfigShape, { ropeFactors, root }: CheckpointParts): RopeScaling {
  if (!ropeFactors) return ropeScaling;
  if (ropeScaling.kind === 'none') return { kind: 'factors', factors: ropeFactors };
  throw new EngineError(
    'checkpoint-malformed',
    `${path.basename(root)} scales the rotary frequencies twice, by ${ropeScaling.kind} and by factors. Use another conversion of this model.`,
  );
}

/** Read from the wrong row, every token is plausible nonsense: a file that contradicts its family waits for somebody who knows. */
function requireShift(
  { title, shifted }: Family,
  { shifted: said, override, configName, name }: CheckpointParts,
): void {
  if (said === undefined || said === shifted || (override && own(override, 'shifted') !== undefined)) return;
  throw new EngineError(
    'family-unknown',
    `${configName} has ${SHIFT_KEY} ${said}, but the logits of ${title} are ${shifted ? '' : 'not '}shifted, so it may be another model. If it is ${title} all the same, add ${name}.palimpsest.json next to it with what is right: {"shifted": true} or {"shifted": false}.`,
    { field: SHIFT_KEY },
  );
}

/** A gap for the hole that takes all positions leaves none to read: every request would find no room. */
function requireRoom({ attention }: Family, contextLength: number): void {
  if (attention.kind !== 'cached-canvas' || attention.holeGap < contextLength) return;
  throw new EngineError(
    'checkpoint-malformed',
    `The hole gap of ${attention.holeGap} positions uses up the whole context of ${contextLength}. Correct config.json, or the palimpsest.json next to it.`,
    { holeGap: attention.holeGap, contextLength },
  );
}

/** Canvases with expand and delete tokens, or with holes of their own, are all that their models were trained on. */
function canAnswer({ attention, length }: Family): boolean {
  return attention.kind !== 'cached-canvas' && length.kind !== 'expand-delete';
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

/** The type that holds most bytes: norms are often F32 beside BF16 weights. */
function mainDtype(tensors: readonly TensorLocation[]): PackedType {
  const bytes = new Map<PackedType, number>();
  for (const { packing, dtype, length } of tensors) {
    const type = packing?.type ?? dtype;
    bytes.set(type, (bytes.get(type) ?? 0) + length);
  }
  return [...bytes].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['F32', 0] as [
    PackedType,
    number,
  ])[0];
}
