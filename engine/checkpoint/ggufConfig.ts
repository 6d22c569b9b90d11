// A GGUF file's key-value pairs as the config.json that the same checkpoint has as a folder, so that one reader checks
// both. Whatever changes the computation and has no place there is refused by its key.
import { EngineError } from '../errors';
import { brief, Fields, show } from './fields';
import { refuseForeign } from './foreign';
import type { GgufHeader, GgufValue } from './ggufHeader';
import type { JsonObject } from './json';

/** Architectures that the decoder computes, and the model_type of the same checkpoint as a folder. */
const MODEL_TYPES: ReadonlyMap<string, string> = new Map([
  ['llama', 'llama'],
  ['qwen2', 'qwen2'],
  ['qwen3', 'qwen3'],
  ['dream', 'Dream'],
  ['llada', 'llada'],
  ['starcoder2', 'starcoder2'],
]);

/** bigcode/starcoder2-3b, -7b and -15b, config.json. Converters leave it out. */
const STARCODER_WINDOW = 4096;

/** Architectures whose files have the rows of Q and K in pairs, for interleaved rotary. */
const INTERLEAVED: ReadonlySet<string> = new Set(['llama', 'llada']);

/** Keys that would change the computation; the values that leave it as it is. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly unknown[]>> = {
  expert_count: [0, 1],
  'attention.scale': [],
  'attention.clamp_kqv': [0],
  'attention.max_alibi_bias': [0],
  attn_logit_softcapping: [0],
  final_logit_softcapping: [0],
  logit_scale: [1],
  residual_scale: [1],
  embedding_scale: [1],
  'rope.scaling.attn_factor': [1],
  'rope.scaling.yarn_log_multiplier': [0],
};
const WINDOW = 'attention.sliding_window';

export interface GgufConfig {
  readonly config: JsonObject;
  readonly isInterleaved: boolean;
}

/** @throws EngineError `checkpoint-malformed`, `family-unknown` for another architecture */
export function readGgufConfig({ metadata, tensors }: GgufHeader, name: string): GgufConfig {
  const architecture = metadata.get('general.architecture');
  const modelType = typeof architecture === 'string' ? MODEL_TYPES.get(architecture) : undefined;
  if (typeof architecture !== 'string' || modelType === undefined) {
    if (typeof architecture === 'string' && DIFFUSION.test(architecture))
      refuseDiffusion(architecture, tensors.keys(), name);
    throw unknownArchitecture(architecture, name);
  }
  const pairs = Object.fromEntries([...metadata].filter(([key]) => key.startsWith(`${architecture}.`)));
  const fields = new Fields(pairs, name);
  const key = (suffix: string) => `${architecture}.${suffix}`;
  const count = (suffix: string, fallback?: number) =>
    fields.integer(key(suffix), { max: 1 << 24, ...(fallback === undefined ? {} : { fallback }) });
  const isStarCoder = architecture === 'starcoder2';
  const withoutEffect = isStarCoder ? WITHOUT_EFFECT : { ...WITHOUT_EFFECT, [WINDOW]: [0] };
  for (const [suffix, values] of Object.entries(withoutEffect)) {
    const value = fields.value(key(suffix));
    if (value !== undefined && !values.includes(value))
      throw fields.fail(key(suffix), `is ${show(value)}, which is not supported`);
  }
  const heads = count('attention.head_count');
  const hiddenSize = count('embedding_length');
  const headSize = fields.has(key('attention.key_length'))
    ? count('attention.key_length')
    : evenShare(fields, key('attention.head_count'), hiddenSize, heads);
  for (const suffix of ['attention.value_length', 'rope.dimension_count'])
    if (count(suffix, headSize) !== headSize)
      throw fields.fail(key(suffix), `is not the head size of ${headSize}, which is not supported`);
  const vocabSize = tensors.get('token_embd.weight')?.shape[0];
  if (vocabSize === undefined)
    throw new EngineError('tensor-missing', `${name} has no tensor token_embd.weight. Download it again.`);
  const mask = metadata.get('tokenizer.ggml.mask_token_id');
  const shape = {
    layers: count('block_count'),
    kvHeads: count('attention.head_count_kv', heads),
    ffnSize: count('feed_forward_length'),
    contextLength: count('context_length'),
    theta: fields.positive(key('rope.freq_base'), 10_000),
    isTied: !tensors.has('output.weight'),
  };
  return {
    isInterleaved: INTERLEAVED.has(architecture),
    config: {
      model_type: modelType,
      _name_or_path: namesOf(metadata),
      hidden_size: hiddenSize,
      num_hidden_layers: shape.layers,
      num_attention_heads: heads,
      num_key_value_heads: shape.kvHeads,
      head_dim: headSize,
      intermediate_size: shape.ffnSize,
      vocab_size: vocabSize,
      ...(isStarCoder
        ? {
            norm_epsilon: fields.positive(key('attention.layer_norm_epsilon')),
            sliding_window: count(WINDOW, STARCODER_WINDOW),
          }
        : { rms_norm_eps: fields.positive(key('attention.layer_norm_rms_epsilon')) }),
      rope_theta: shape.theta,
      rope_scaling: ropeScaling(fields, key('rope.scaling.')),
      max_position_embeddings: shape.contextLength,
      tie_word_embeddings: shape.isTied,
      ...(typeof mask === 'number' ? { mask_token_id: mask } : {}),
    },
  };
}

/** What llama.cpp decodes a diffusion model by. It is a key of no architecture, and most files have none: the family decides there. */
export const SHIFT_KEY = 'diffusion.shift_logits';

/** @throws EngineError `checkpoint-malformed` where it is no truth value */
export function readShift({ metadata }: GgufHeader, name: string): boolean | undefined {
  const fields = new Fields(Object.fromEntries(metadata), name);
  return fields.has(SHIFT_KEY) ? fields.boolean(SHIFT_KEY) : undefined;
}

function evenShare(fields: Fields, key: string, hiddenSize: number, heads: number): number {
  if (hiddenSize % heads !== 0)
    throw fields.fail(key, `is ${heads}, which does not divide the embedding length of ${hiddenSize}`);
  return hiddenSize / heads;
}

/** As config.json spells it; the factors of `rope_freqs.weight` are read with the tensors. */
function ropeScaling(fields: Fields, prefix: string): JsonObject | null {
  const type = fields.string(`${prefix}type`, 'none');
  if (type === 'none') return null;
  if (type !== 'linear' && type !== 'yarn')
    throw fields.fail(`${prefix}type`, `is ${show(type)}, which is not supported`);
  const factor = fields.positive(`${prefix}factor`);
  if (type === 'linear') return { rope_type: type, factor };
  return {
    rope_type: type,
    factor,
    original_max_position_embeddings: fields.integer(`${prefix}original_context_length`, {
      max: 2 ** 31 - 1,
    }),
    beta_fast: fields.positive(`${prefix}yarn_beta_fast`, 32),
    beta_slow: fields.positive(`${prefix}yarn_beta_slow`, 1),
  };
}

/** What the file calls the model: recognition goes by it where nothing else tells families apart. */
function namesOf(metadata: ReadonlyMap<string, GgufValue>): string {
  return ['general.name', 'general.basename', 'general.finetune']
    .map((key) => metadata.get(key))
    .filter((value) => typeof value === 'string')
    .join(' ');
}

const RUNS_MOST = 'llama.cpp runs most GGUF files.';
/** Architectures of diffusion models: what serves those is of no use for a mixture of experts that goes from left to right. */
const DIFFUSION = /diffusion|dream|llada|rnd1|sdar/;

/** One that is known gets the advice that it gets as a folder; the names of GGUF files have hyphens. */
function refuseDiffusion(architecture: string, tensorNames: Iterable<string>, name: string): void {
  const config = { model_type: architecture.replaceAll('-', '_') };
  refuseForeign({ name, config, names: '', hasToken: () => false, tensorNames }, RUNS_MOST);
}

function unknownArchitecture(architecture: unknown, name: string): EngineError {
  const isNamed = typeof architecture === 'string';
  const what =
    architecture === undefined ? 'names no architecture' : `has the architecture ${show(architecture)}`;
  const runs = `It runs ${[...MODEL_TYPES.keys()].join(', ')}.${isNamed ? ` ${RUNS_MOST}` : ''}`;
  return new EngineError('family-unknown', `${name} ${what}, which Palimpsest does not run. ${runs}`, {
    architecture: isNamed ? brief(architecture) : undefined,
  });
}
