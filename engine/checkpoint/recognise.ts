// Which family a checkpoint belongs to. Evidence in this order: model_type and architectures, then tokens that only
// one family has, and the folder's name only where nothing else tells two families apart.
import path from 'node:path';
import { EngineError } from '../errors';
import { LEFT_TO_RIGHT } from './autoregressive';
import { FAMILIES, type KnownFamily } from './families';
import type { Family } from './family';
import { brief, Fields } from './fields';
import { hasDcoderMask, refuseForeign } from './foreign';
import { isObject, type JsonObject, own } from './json';

/** What recognition looks at. */
export interface Evidence {
  readonly config: JsonObject;
  /** The name people know the checkpoint by, see `checkpointName`. */
  readonly name: string;
  /** Whether the tokenizer has a token with exactly this text. */
  readonly hasToken: (text: string) => boolean;
  readonly hasChatTemplate: boolean;
  /** Of the tensors in the files. */
  readonly tensorNames: Iterable<string>;
}

export interface Recognised {
  readonly known: KnownFamily;
  readonly remarks: readonly string[];
}

/**
 * The folder's name, or the repository's where the folder is a snapshot in a Hugging Face cache
 * (models--owner--name/snapshots/revision).
 */
export function checkpointName(folder: string): string {
  const parent = path.dirname(folder);
  if (path.basename(parent) === 'snapshots') {
    const repository = /^models--(.+)$/.exec(path.basename(path.dirname(parent)))?.[1];
    const name = repository?.split('--').at(-1);
    if (name) return name;
  }
  return path.basename(folder);
}

/** @throws EngineError `family-unknown`; `checkpoint-malformed` where a family's own fields are wrong */
export function recogniseFamily(evidence: Evidence): Recognised {
  refuseForeign({ ...evidence, names: names(evidence) });
  const id = familyId(evidence);
  if (id === undefined) throw unknownFamily(evidence);
  const known = FAMILIES.get(id);
  if (!known) throw new EngineError('internal', `The family ${id} is not in the table.`);
  if (id === 'palimpsest' && own(evidence.config, 'palimpsest') === undefined)
    throw new EngineError('checkpoint-malformed', 'config.json: palimpsest is missing.');
  const remarks: string[] = [];
  if (known.family.id === 'qwen2.5-coder' && !names(evidence).includes('coder')) {
    remarks.push(
      `Recognized as ${known.family.title} by its FIM tokens alone. If it is another model, add a palimpsest.json that names its family.`,
    );
  }
  return { known: { ...known, family: withConfig(known.family, evidence.config) }, remarks };
}

function familyId(evidence: Evidence): string | undefined {
  const modelType = lowerCase(own(evidence.config, 'model_type'));
  const has = evidence.hasToken;
  const name = names(evidence);
  switch (modelType) {
    case 'palimpsest':
      return 'palimpsest';
    case 'dream':
      if (has('<|expand|>')) return 'dreamon';
      if (name.includes('diffucoder')) return 'diffucoder';
      return name.includes('dreamcoder') ? 'dream-coder' : 'dream';
    case 'llada':
      return 'llada';
    case 'illada':
      return 'illada';
    case 'sdar':
      return 'sdar';
    case 'fast_dllm_qwen':
      return 'fast-dllm-v2';
    case 'coda':
      return 'coda';
    case 'a2d-llama':
    case 'a2d-qwen2':
    case 'a2d-qwen3':
      return a2dFamily(modelType, evidence, name);
    case 'qwen2':
      // Both carry a causal architecture's name.
      if (hasDcoderMask(has)) return name.includes('cdlm') ? 'cdlm' : 'open-dcoder';
      // Qwen2.5 itself has Coder's FIM tokens without having been trained on them.
      if (has('<|fim_middle|>') && (name.includes('coder') || !name.includes('qwen25')))
        return 'qwen2.5-coder';
      return has('<|im_end|>') ? 'qwen2.5' : undefined;
    case 'qwen3':
      return has('<|im_end|>') ? 'qwen3' : undefined;
    case 'starcoder2':
      return 'starcoder2';
    case 'llama':
    case 'stable_diffcoder':
      // Its layers are Llama's. Seed-Coder's models have another name for the same mask.
      if (has('<[MASK]>')) return 'illada';
      return has('<[MASK_TOKEN]>') ? seedFamily(modelType, evidence, name) : causalLlama(has, name);
    default:
      return undefined;
  }
}

/**
 * dLLM's conversions are trained with full attention (mdlm) or in blocks (bd3lm), and their code gives the block length to the sampler
 * and not to config.json. What says neither is refused: in the wrong attention it would print plausible nonsense.
 */
function a2dFamily(modelType: string, { config, hasToken, name: shown }: Evidence, name: string): string {
  const inBlocks = `${modelType}-bd3lm`;
  if (modelType === 'a2d-qwen3' && hasToken('<|MASK|>')) return 'opdlm';
  if (blockKey(new Fields(config, 'config.json')) !== undefined) return inBlocks;
  // Its own name first: config.json may name the one that it was trained from.
  for (const text of [shown.toLowerCase(), name]) {
    if (text.includes('bd3lm')) return inBlocks;
    if (text.includes('mdlm')) return modelType;
  }
  throw new EngineError(
    'family-unknown',
    `${shown} (model_type "${modelType}") does not say whether it was trained with full attention (mdlm) or in blocks (bd3lm). Add a palimpsest.json next to it with {"base": "${modelType}"} for full attention, or {"base": "${inBlocks}"} for blocks of 32.`,
    { modelType, name: shown },
  );
}

/**
 * Stable-DiffCoder, or Seed-Coder, the autoregressive model that it started from: with one tokenizer and one shape. Stable-DiffCoder's own code
 * is in its auto_map. What says neither, as models do that were tuned from Seed-Coder, is refused: it would print plausible nonsense.
 */
function seedFamily(modelType: string, { name: shown, hasChatTemplate }: Evidence, name: string): string {
  const ending = name.includes('instruct') ? '-instruct' : '';
  // Only the model that was tuned on conversations comes with a template for them.
  const templateEnding = hasChatTemplate ? '-instruct' : ending;
  if (modelType === 'stable_diffcoder' || name.includes('diffcoder'))
    return `stable-diffcoder${templateEnding}`;
  if (name.includes('seedcoder')) return `seed-coder${ending}`;
  throw new EngineError(
    'family-unknown',
    `${shown} (model_type "${modelType}") does not say whether it writes from left to right, as Seed-Coder does, or is a diffusion model, as Stable-DiffCoder is. Add a palimpsest.json next to it with {"base": "seed-coder${templateEnding}"} or {"base": "stable-diffcoder${templateEnding}"}.`,
    { modelType, name: shown },
  );
}

/** Autoregressive coders of Llama's shape, by the tokens that only they have. */
function causalLlama(has: Evidence['hasToken'], name: string): string | undefined {
  if (has('<｜fim▁hole｜>')) return 'deepseek-coder';
  return has('<repo_name>') && (name.includes('smollm') || has('<empty_output>')) ? 'smollm2' : undefined;
}

/** Every name that the checkpoint goes by, in lower case, without separators. */
function names(evidence: Evidence): string {
  const { config } = evidence;
  const autoMap = own(config, 'auto_map');
  const found = [
    evidence.name,
    own(config, '_name_or_path'),
    ...(Array.isArray(own(config, 'architectures')) ? Object.values(own(config, 'architectures') ?? {}) : []),
    ...(isObject(autoMap) ? Object.values(autoMap) : []),
  ];
  return found
    .filter((item) => typeof item === 'string')
    .map((item) =>
      item
        .slice(0, 500)
        .toLowerCase()
        .replace(/[-_.\s]/g, ''),
    )
    .join('\n');
}

function lowerCase(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

/** Fills in what a family leaves to config.json: block lengths, and the starter model's canvas. */
export function withConfig(family: Family, config: JsonObject): Family {
  const fields = new Fields(config, 'config.json');
  const { attention } = family;
  const section = fields.section('palimpsest');
  if (attention.kind === 'cached-canvas')
    return section ? { ...family, ...starterCanvas(family, section), ...trainedWindow(section) } : family;
  // An autoregressive model's blocks are of one token, whatever else its configuration is about.
  if (attention.kind !== 'block-causal' || attention.blockLength === 1) return family;
  const key = blockKey(fields);
  if (!key) return family;
  return { ...family, attention: { ...attention, blockLength: fields.integer(key, { max: 4096 }) } };
}

/** SDAR writes block_size, Fast-dLLM v2 bd_size; both are published with several lengths. */
function blockKey(fields: Fields): string | undefined {
  return ['block_size', 'bd_size', 'block_length'].find((name) => fields.has(name));
}

/** What the embedded model's config.json says of its canvas; of a converted one it says more (format 2). */
function starterCanvas(
  family: Family,
  section: Fields,
): Pick<Family, 'title' | 'attention' | 'shifted' | 'tokens'> {
  section.onlyKeys([
    'attention',
    'block_length',
    'hole_gap',
    'suffix_sees_prefix',
    'suffix_first',
    'format',
    'context_tokens',
  ]);
  const format = section.integer('format', { max: 2 ** 31 - 1 });
  if (format > 2) {
    throw section.fail('format', `is ${format}, which this version does not know. Update Palimpsest`);
  }
  const kind = section.choice('attention', ['cached-canvas']);
  const blockLength = section.integer('block_length', { max: 4096 });
  const holeGap = section.integer('hole_gap', { max: 1 << 16 });
  if (holeGap < blockLength) throw section.fail('hole_gap', 'is shorter than one block');
  const suffixSeesPrefix = section.boolean('suffix_sees_prefix');
  const suffixFirst = section.boolean('suffix_first', false);
  if (suffixFirst && suffixSeesPrefix)
    throw section.fail('suffix_sees_prefix', 'cannot be true of a suffix that is numbered first');
  const { title, tokens } = family;
  const isLeftToRight = suffixFirst && blockLength === 1;
  return {
    title: suffixFirst ? `Palimpsest coder${isLeftToRight ? ` (${LEFT_TO_RIGHT})` : ''}` : title,
    attention: { kind, blockLength, holeGap, suffixSeesPrefix, suffixFirst },
    shifted: suffixFirst,
    tokens: suffixFirst && tokens.hole ? { ...tokens, hole: { ...tokens.hole, required: true } } : tokens,
  };
}

/** Rows in training were this long: context further away was never seen. */
function trainedWindow(section: Fields): Pick<Family, 'window'> {
  return section.has('context_tokens')
    ? { window: section.integer('context_tokens', { max: 2 ** 31 - 1 }) }
    : {};
}

function unknownFamily(evidence: Evidence): EngineError {
  const modelType = brief(lowerCase(own(evidence.config, 'model_type')));
  const shown = modelType ? `model_type "${modelType}"` : 'no model_type';
  const advice =
    modelType === 'gpt_bigcode'
      ? 'The first StarCoder has a table of positions, which Palimpsest does not compute. StarCoder2, Qwen2.5-Coder, Seed-Coder, and DeepSeek-Coder run.'
      : 'If it is a model of one of the known families, add a palimpsest.json beside it that names the family, for instance {"base": "dream"}; docs/families.md describes the file.';
  return new EngineError(
    'family-unknown',
    `${evidence.name} (${shown}) is not a model that Palimpsest knows. ${advice}`,
    { modelType, name: evidence.name },
  );
}
