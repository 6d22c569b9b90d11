// Special tokens by their string, checked against every witness the folder has. A wrong mask id denoises nonsense
// without an error, so ids are never guessed.
import { EngineError } from '../errors';
import type { KnownFamily } from './families';
import type { SpecialIds, SpecialTokenName, SpecialTokenSpec } from './family';
import { brief } from './fields';
import { isObject, type JsonObject, own } from './json';

/** The parts of a folder that say something about special tokens. */
export interface Witnesses {
  /** Id of a token by its exact string, from tokenizer.json or vocab.json. */
  readonly idOf: (text: string) => number | undefined;
  readonly config: JsonObject;
  readonly generationConfig: JsonObject | undefined;
  readonly tokenizerConfig: JsonObject | undefined;
  readonly specialTokensMap: JsonObject | undefined;
  readonly vocabSize: number;
}

/** Keys under which config.json and generation_config.json state an id that we compare. */
const STATED_AS: Partial<Record<SpecialTokenName, string>> = {
  mask: 'mask_token_id',
  expand: 'expand_token_id',
  delete: 'delete_token_id',
};

/**
 * Resolves a family's tokens. For each: the string decides; an id that config.json or generation_config.json states
 * must be the same; where neither states one and the embedding table has the published size, the published id must
 * be the same. A tiny checkpoint with a vocabulary of its own is thus usable, a renumbered published one is not.
 * @throws EngineError `token-missing`, `token-mismatch`
 */
export function resolveSpecials(known: KnownFamily, witnesses: Witnesses): SpecialIds {
  const ids: Partial<Record<SpecialTokenName, number>> = {};
  for (const [name, spec] of Object.entries(known.family.tokens) as [SpecialTokenName, SpecialTokenSpec][]) {
    const id = resolveToken(name, spec, known, witnesses);
    if (id !== undefined) ids[name] = id;
  }
  const { mask } = ids;
  if (mask === undefined)
    throw new EngineError(
      'token-missing',
      `${known.family.title} has no mask token in its description. Add tokens.mask to palimpsest.json.`,
    );
  return { ...ids, mask };
}

function resolveToken(
  name: SpecialTokenName,
  spec: SpecialTokenSpec,
  known: KnownFamily,
  witnesses: Witnesses,
): number | undefined {
  const text = name === 'mask' ? maskText(spec, known, witnesses) : spec.text;
  const id = witnesses.idOf(text);
  if (id === undefined) {
    if (!spec.required) return undefined;
    throw new EngineError(
      'token-missing',
      `The tokenizer has no ${name} token ${text}, which ${known.family.title} needs. Check that tokenizer.json belongs to this checkpoint, or name the token in palimpsest.json.`,
      { token: text, name },
    );
  }
  const stated = statedIds(name, witnesses);
  for (const [file, other] of stated) if (other !== id) throw mismatch(name, text, id, other, file);
  const published = known.publishedVocabSizes.includes(witnesses.vocabSize);
  if (stated.length === 0 && published && spec.id !== undefined && spec.id !== id)
    throw mismatch(name, text, id, spec.id, `the published ${known.family.title}`);
  if (id >= witnesses.vocabSize)
    throw new EngineError(
      'token-mismatch',
      `The ${name} token ${text} has the id ${id}, but the model's embedding table ends at ${witnesses.vocabSize - 1}. The tokenizer belongs to another model.`,
      { token: text, id, vocabSize: witnesses.vocabSize },
    );
  return id;
}

function mismatch(name: string, text: string, id: number, other: number, where: string): EngineError {
  return new EngineError(
    'token-mismatch',
    `The ${name} token ${text} has the id ${id} in the tokenizer, but ${other} in ${where}. One of the two files belongs to another checkpoint: download both again.`,
    { token: text, id, other, where },
  );
}

function statedIds(name: SpecialTokenName, witnesses: Witnesses): readonly [string, number][] {
  const key = STATED_AS[name];
  if (!key) return [];
  const found: [string, number][] = [];
  const files = [
    ['config.json', witnesses.config],
    ['generation_config.json', witnesses.generationConfig],
  ] as const;
  for (const [file, object] of files) {
    const value = object ? own(object, key) : undefined;
    if (typeof value === 'number') found.push([file, value]);
  }
  return found;
}

/**
 * The mask's string. A checkpoint's own declaration (mask_token in tokenizer_config.json or
 * special_tokens_map.json) stands in where the family's string is not in the tokenizer.
 */
function maskText(spec: SpecialTokenSpec, known: KnownFamily, witnesses: Witnesses): string {
  const declared = declaredMask(witnesses.tokenizerConfig) ?? declaredMask(witnesses.specialTokensMap);
  if (declared === undefined || declared === spec.text) return spec.text;
  const familyId = witnesses.idOf(spec.text);
  if (familyId === undefined) return declared;
  const declaredId = witnesses.idOf(declared);
  if (declaredId === undefined || declaredId === familyId) return spec.text;
  throw new EngineError(
    'token-mismatch',
    `${known.family.title} masks with ${spec.text} (id ${familyId}), but the tokenizer declares ${brief(declared)} (id ${declaredId}). Set the right one as tokens.mask in palimpsest.json.`,
    { family: spec.text, declared: brief(declared) },
  );
}

/** `mask_token` is a string, or an object with `content`. */
function declaredMask(object: JsonObject | undefined): string | undefined {
  const value = object ? own(object, 'mask_token') : undefined;
  const text = isObject(value) ? own(value, 'content') : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
