// Diffusion models that are known and do not run here, several of them under another model's name: each is refused by its own name,
// with what runs it. Taken for the model it looks like, it would print plausible nonsense.
import { EngineError } from '../errors';
import { isObject, type JsonObject, own } from './json';

interface Seen {
  /** Of the folder or the file, for messages. */
  readonly name: string;
  readonly config: JsonObject;
  /** Every name that the checkpoint goes by, in lower case, without separators. */
  readonly names: string;
  readonly hasToken: (text: string) => boolean;
  readonly tensorNames: Iterable<string>;
}

interface Foreign {
  readonly id: string;
  /** Subject of a sentence. */
  readonly title: string;
  /** Predicate of the same sentence: why it cannot run here. */
  readonly why: string;
  /** What to do instead, as a sentence. */
  readonly instead: string;
  readonly is: (seen: Seen, modelType: string) => boolean;
}

/** Names of SDAR's architecture where it was trained to be strictly causal. */
const CAUSAL_SDAR = /idlm|introspective|dreamshift/;
/** Heads of a model that predicts edits. */
const EDIT_HEADS = /(^|\.)(rate_heads|sub_logits|ins_logits)\./;
/** Fields that an autoregressive model's config.json has no use for. */
const DIFFUSION_FIELDS = [
  ...['block_size', 'bd_size', 'block_length', 'canvas_length', 'mask_token_id', 'mask_id'],
  ...['text_mask_token_id', 'dlm_type', 'dlm_paradigm', 'use_regular_causal'],
];

const FOREIGN: readonly Foreign[] = [
  {
    id: 'editflow',
    title: 'An edit flow',
    why: 'predicts insertions, deletions, and substitutions, not what stands behind a mask',
    instead: 'dLLM (github.com/ZHZisZZ/dllm) runs it.',
    is: ({ tensorNames }, modelType) =>
      modelType.startsWith('editflow') || [...tensorNames].some((name) => EDIT_HEADS.test(name)),
  },
  {
    id: 'nemotron-labs-diffusion',
    title: 'Nemotron-Labs-Diffusion',
    why: 'scales its queries by their position, which Palimpsest does not compute',
    instead: 'vLLM and SGLang serve it.',
    // A converter stores it as Dream, whose layers do not do that.
    is: ({ names }, modelType) =>
      modelType.startsWith('nemotron_labs_diffusion') || names.includes('nemotronlabsdiffusion'),
  },
  {
    id: 'efficient-dlm',
    title: 'Efficient-DLM',
    why: 'has an attention of its own, which Palimpsest does not compute',
    instead: 'The code that comes with its weights runs it (transformers with trust_remote_code).',
    is: ({ config, names }, modelType) =>
      modelType === 'edlm' || names.includes('efficientdlm') || own(config, 'dlm_type') !== undefined,
  },
  {
    id: 'wedlm',
    title: 'WeDLM',
    why: 'reads a reordered text, all known tokens before all masks, which Palimpsest does not compute',
    instead: 'Its own engine (github.com/Tencent/WeDLM) runs it.',
    is: (_, modelType) => modelType === 'wedlm',
  },
  {
    id: 'refusion',
    title: 'ReFusion',
    why: 'fills slots in an order that it plans itself, which Palimpsest does not compute',
    instead: 'Its own code (github.com/ML-GSAI/ReFusion) runs it.',
    // Qwen3's own table has 151936 rows, in all sizes; ReFusion's ends with the mask.
    is: ({ config, names }, modelType) =>
      modelType === 'qwen3' && (names.includes('refusion') || own(config, 'vocab_size') === 151671),
  },
  {
    id: 'sdlm',
    title: 'SDLM',
    why: 'predicts a few tokens behind a causal text and keeps the first of them, which Palimpsest does not compute',
    instead: 'Its own code (github.com/OpenGVLab/SDLM) runs it.',
    is: ({ config, names }) => names.includes('sdlmqwen') || own(config, 'text_mask_token_id') !== undefined,
  },
  {
    id: 'uno',
    title: 'UNO',
    why: "has SDAR's architecture, but is an autoregressive Qwen3 with an adapter that drafts, which Palimpsest does not compute",
    instead: 'vLLM serves it.',
    is: ({ names }, modelType) => modelType === 'sdar' && names.includes('unoqwen'),
  },
  {
    id: 'sdar-causal-prompt',
    title: 'An SDAR model with block_causal_prompt',
    why: 'reads its prompt in a way that Palimpsest does not know',
    instead: 'If it reads its prompt as SDAR does, add a palimpsest.json next to it with {"base": "sdar"}.',
    is: ({ config }, modelType) => modelType === 'sdar' && own(config, 'block_causal_prompt') === true,
  },
  {
    id: 'i-dlm',
    title: 'I-DLM',
    why: "has SDAR's architecture, but is strictly causal and checks its own drafts, which Palimpsest does not compute",
    instead:
      'The SGLang that comes with it (github.com/Introspective-Diffusion/I-DLM) serves it. If this is an SDAR model, add a palimpsest.json next to it with {"base": "sdar"}.',
    is: (seen, modelType) => modelType === 'sdar' && isCausalSdar(seen),
  },
  {
    id: 'diffusion-gemma',
    title: 'DiffusionGemma',
    why: 'denoises random tokens, not masks, with layers that Palimpsest does not compute',
    instead: 'vLLM and SGLang serve it.',
    is: (_, modelType) => modelType.startsWith('diffusion_gemma'),
  },
  {
    id: 'mixture-of-experts',
    title: 'A mixture of experts',
    why: 'is not computed by Palimpsest',
    instead: 'SGLang serves LLaDA2 and SDAR-MoE; other models run with the code that comes with them.',
    is: ({ config }, modelType) =>
      /moe|llada2|rnd1/.test(modelType) || (modelType === 'llada' && Number(own(config, 'num_experts')) > 1),
  },
  {
    id: 'a2d-untrained',
    title: 'An A2D model that has not been trained yet',
    why: 'cannot fill in anything',
    instead: 'Choose one that was trained from it, such as OPDLM.',
    // By its own name: a trained one's config.json may name it.
    is: ({ name }, modelType) => modelType.startsWith('a2d-') && /a2d-init|untrained/i.test(name),
  },
  {
    id: 'unknown-diffusion',
    title: 'It',
    why: 'looks like an autoregressive model, but its config.json is that of a diffusion model',
    instead:
      'If it is a model of one of the known families, add a palimpsest.json next to it that names the family; docs/families.md describes the file.',
    is: isDisguised,
  },
];

/** The mask of Open-dCoder and CDLM, or the one that their evaluation gives to a tokenizer without any. Qwen2.5 itself has neither. */
export function hasDcoderMask(hasToken: Seen['hasToken']): boolean {
  return hasToken('<M>') || hasToken('[MASK]');
}

/**
 * @param also what else runs it, as a sentence
 * @throws EngineError `family-unknown` that names the model and what runs it
 */
export function refuseForeign(seen: Seen, also?: string): void {
  const modelType = String(own(seen.config, 'model_type') ?? '').toLowerCase();
  const found = FOREIGN.find(({ is }) => is(seen, modelType));
  if (!found) return;
  throw new EngineError(
    'family-unknown',
    `${seen.name} does not run in Palimpsest. ${found.title} ${found.why}. ${found.instead}${also === undefined ? '' : ` ${also}`}`,
    { model: found.id, name: seen.name },
  );
}

/**
 * SDAR's blocks are powers of two from 4 on. I-DLM's strides are 1, 2, 3 or 7; its config.json goes on from Qwen3's chat models,
 * whose context and end token SDAR has not (the folder's own name is believed before this last sign).
 */
function isCausalSdar({ config, names, name }: Seen): boolean {
  const block = own(config, 'block_size');
  const isStride =
    Number.isInteger(block) && (Number(block) < 4 || !Number.isInteger(Math.log2(Number(block))));
  const isChatQwen =
    own(config, 'max_position_embeddings') === 40960 && own(config, 'eos_token_id') === 151645;
  return (
    CAUSAL_SDAR.test(names) ||
    ['use_regular_causal', 'use_relay'].some((field) => own(config, field) === true) ||
    isStride ||
    (isChatQwen && !/sdar|trado/i.test(name))
  );
}

/** A causal architecture's type, and something that no such model has. */
function isDisguised({ config, hasToken }: Seen, modelType: string): boolean {
  if (modelType !== 'qwen2' && modelType !== 'qwen3') return false;
  if (modelType === 'qwen2' && hasDcoderMask(hasToken)) return false;
  const architectures = own(config, 'architectures');
  const named = Array.isArray(architectures) || isObject(architectures) ? Object.values(architectures) : [];
  const plain = modelType === 'qwen2' ? 'Qwen2ForCausalLM' : 'Qwen3ForCausalLM';
  return (
    named.some((name) => name !== plain) ||
    DIFFUSION_FIELDS.some((field) => (own(config, field) ?? undefined) !== undefined)
  );
}
