// The model families as data. Ids are what the published checkpoint has, for checking only (see specials.ts).
import { AUTOREGRESSIVE } from './autoregressive';
import type { Family, LengthControl, Sampling, SpecialTokenName } from './family';
import { type KnownFamily, token } from './knownFamily';
import { SEED_FIM_TOKENS, SEED_TOKENS } from './seedTokens';

export type { KnownFamily } from './knownFamily';

type Tokens = Family['tokens'];

const FIXED: LengthControl = { kind: 'fixed' };
const END_TOKEN: LengthControl = { kind: 'end-token' };
/** Block diffusion: its authors' samplers write the end like any other token, and look for it when a block is done. */
const END_CELL: LengthControl = { kind: 'end-token', asCell: true };
const FULL = { kind: 'full' } as const;
const GREEDY_TOP_K: Sampling = { rule: 'top-k', temperature: 0, topP: 1 };
const THRESHOLD_09: Sampling = { rule: 'threshold', temperature: 0, topP: 1, threshold: 0.9 };

// Qwen's tokens, common to every family that grew out of Qwen2.5 or Qwen3.
const QWEN_END = { eos: token('<|endoftext|>', 151643), pad: token('<|endoftext|>', 151643) };
const QWEN_CHAT_END = { end: token('<|im_end|>', 151645) };

// Dream (Qwen2.5-7B's shape): arXiv 2508.15487, huggingface.co/Dream-org.
const DREAM_TOKENS: Tokens = {
  mask: token('<|mask|>', 151666, true),
  bos: token('<|beginoftext|>', 151665, true),
  eos: token('<|endoftext|>', 151643, true),
  pad: token('<|endoftext|>', 151643),
  ...QWEN_CHAT_END,
};
const DREAM: Family = {
  id: 'dream',
  title: 'Dream',
  tensorNames: 'llama',
  shifted: true,
  attention: FULL,
  infill: { kind: 'in-place', bos: true, eos: true },
  length: FIXED,
  tokens: DREAM_TOKENS,
  sampling: { rule: 'entropy', temperature: 0.2, topP: 0.95 },
};
// config.json inherits Qwen2.5's 131072 positions; the model cards document 2048.
const DREAM_FACTS = { publishedVocabSizes: [152064], contextLimit: 2048, qkvBias: true };

const LLADA: Family = {
  id: 'llada',
  title: 'LLaDA',
  tensorNames: 'llada',
  shifted: false,
  attention: FULL,
  infill: { kind: 'in-place', bos: false, eos: false },
  length: FIXED,
  tokens: {
    mask: token('<|mdm_mask|>', 126336, true),
    bos: token('<|startoftext|>'),
    eos: token('<|endoftext|>', 126081),
    pad: token('<|endoftext|>', 126081),
    end: token('<|eot_id|>', 126348),
  },
  sampling: GREEDY_TOP_K,
};

// arXiv 2601.15892 and modeling_stable_diffcoder.py: one token a step, or all of 0.95; confidence is that of the model itself.
const STABLE_DIFFCODER: Family = {
  id: 'stable-diffcoder',
  title: 'Stable-DiffCoder',
  tensorNames: 'llama',
  shifted: false,
  attention: { kind: 'block-causal', blockLength: 4 },
  infill: { kind: 'fim-order', bos: 'tokenizer', order: 'suffix-first' },
  length: END_CELL,
  tokens: SEED_FIM_TOKENS,
  sampling: { ...GREEDY_TOP_K, bounds: { threshold: 0.95 }, plainConfidence: true },
};

// pengzhangzhi/Open-dLLM: tasks/train_torch.py adds the mask, eval/eval_infill shifts and fills in place.
const OPEN_DCODER: Family = {
  id: 'open-dcoder',
  title: 'Open-dCoder',
  tensorNames: 'llama',
  shifted: true,
  attention: FULL,
  infill: { kind: 'in-place', bos: false, eos: false },
  length: FIXED,
  tokens: { mask: token('<M>', 151665, true), ...QWEN_END, ...QWEN_CHAT_END },
  sampling: { rule: 'p2', temperature: 0.6, topP: 1, steps: 64 },
};

const A2D: Family = {
  id: 'a2d',
  title: 'A2D',
  tensorNames: 'llama',
  shifted: false,
  attention: FULL,
  infill: { kind: 'in-place', bos: false, eos: false },
  length: FIXED,
  // 151665 after Qwen2.5, 151669 after Qwen3: set by `a2d-qwen2` and `a2d-qwen3` below.
  tokens: { mask: token('<|mask|>', undefined, true), ...QWEN_END, ...QWEN_CHAT_END },
  sampling: GREEDY_TOP_K,
};

function withMaskId(family: Family, id: number): Family {
  return { ...family, tokens: { ...family.tokens, mask: token('<|mask|>', id, true) } };
}

const BD3LM = {
  attention: { kind: 'block-causal', blockLength: 32 },
  infill: { kind: 'prompt' },
  length: END_CELL,
} as const;

// dLLM converts Llama checkpoints as well; Llama 3's tokens, as far as a tokenizer has them. None is published.
const A2D_LLAMA: Family = {
  ...A2D,
  id: 'a2d-llama',
  tokens: {
    mask: token('<|mask|>', undefined, true),
    bos: token('<|begin_of_text|>'),
    eos: token('<|end_of_text|>'),
    end: token('<|eot_id|>'),
  },
};

// divelab/OPDLM-*, arXiv 2606.06712: A2D's Qwen3 with the mask of SDAR, whose sampler it is run with.
const OPDLM: Family = {
  ...A2D,
  id: 'opdlm',
  title: 'OPDLM',
  attention: { kind: 'block-causal', blockLength: 4 },
  infill: { kind: 'prompt' },
  length: END_CELL,
  tokens: { mask: token('<|MASK|>', 151669, true), ...QWEN_END, end: token('<|im_end|>', 151645, true) },
};

const KNOWN: readonly KnownFamily[] = [
  {
    family: {
      ...DREAM,
      id: 'dreamon',
      title: 'DreamOn',
      length: { kind: 'expand-delete', initialMasks: 64 },
      tokens: {
        ...DREAM_TOKENS,
        expand: token('<|expand|>', 151667, true),
        delete: token('<|endoftext|>', 151643, true),
      },
      sampling: { rule: 'entropy', temperature: 0.2, topP: 0.9 },
    },
    ...DREAM_FACTS,
  },
  { family: DREAM, ...DREAM_FACTS },
  {
    family: {
      ...DREAM,
      id: 'dream-coder',
      title: 'Dream-Coder',
      sampling: { rule: 'entropy', temperature: 0.1, topP: 0.95 },
    },
    ...DREAM_FACTS,
  },
  // DiffuCoder was trained without the borders that Dream puts around a text (apple/ml-diffucoder).
  {
    family: {
      ...DREAM,
      id: 'diffucoder',
      title: 'DiffuCoder',
      infill: { kind: 'in-place', bos: false, eos: false },
      tokens: { ...DREAM_TOKENS, bos: token('<|beginoftext|>', 151665) },
    },
    ...DREAM_FACTS,
  },
  { family: LLADA, publishedVocabSizes: [126464], contextLimit: 4096 },
  {
    // Seed-Coder's tokens, but the fifth has a name of its own (GSAI-ML/iLLaDA-8B-Base, tokenizer.json).
    family: {
      ...LLADA,
      id: 'illada',
      title: 'iLLaDA',
      tensorNames: 'llama',
      tokens: { ...SEED_TOKENS, mask: token('<[MASK]>', 5, true) },
    },
    publishedVocabSizes: [155136],
    contextLimit: 8192,
  },
  { family: OPEN_DCODER, publishedVocabSizes: [151936], qkvBias: true },
  {
    family: { ...OPEN_DCODER, id: 'cdlm', title: 'CDLM' },
    publishedVocabSizes: [151936],
    qkvBias: true,
  },
  {
    family: { ...withMaskId(A2D, 151665), id: 'a2d-qwen2' },
    publishedVocabSizes: [151936],
    qkvBias: true,
  },
  { family: { ...withMaskId(A2D, 151669), id: 'a2d-qwen3' }, publishedVocabSizes: [151936], qkNorm: true },
  {
    family: { ...withMaskId(A2D, 151665), id: 'a2d-qwen2-bd3lm', title: 'A2D (block diffusion)', ...BD3LM },
    publishedVocabSizes: [151936],
    qkvBias: true,
  },
  {
    family: { ...withMaskId(A2D, 151669), id: 'a2d-qwen3-bd3lm', title: 'A2D (block diffusion)', ...BD3LM },
    publishedVocabSizes: [151936],
    qkNorm: true,
  },
  { family: A2D_LLAMA, publishedVocabSizes: [] },
  {
    family: { ...A2D_LLAMA, id: 'a2d-llama-bd3lm', title: 'A2D (block diffusion)', ...BD3LM },
    publishedVocabSizes: [],
  },
  { family: OPDLM, publishedVocabSizes: [151936], qkNorm: true },
  { family: STABLE_DIFFCODER, publishedVocabSizes: [155136], contextLimit: 8192 },
  {
    family: {
      ...STABLE_DIFFCODER,
      id: 'stable-diffcoder-instruct',
      title: 'Stable-DiffCoder Instruct',
      infill: { kind: 'prompt', bos: 'tokenizer' },
      tokens: SEED_TOKENS,
    },
    publishedVocabSizes: [155136],
    contextLimit: 8192,
  },
  // SDAR and TraDo (JetLM/SDAR-8B-Chat, config.json: model_type "sdar", block_size 4; JetAstra/SDAR, generate.py).
  {
    family: {
      id: 'sdar',
      title: 'SDAR',
      tensorNames: 'llama',
      shifted: false,
      attention: { kind: 'block-causal', blockLength: 4 },
      infill: { kind: 'prompt' },
      length: END_CELL,
      tokens: { mask: token('<|MASK|>', 151669, true), ...QWEN_END, end: token('<|im_end|>', 151645, true) },
      sampling: { ...THRESHOLD_09, threshold: 0.85, bounds: { 'entropy-bounded': 0.35 }, boundsAll: true },
    },
    publishedVocabSizes: [151936],
    qkNorm: true,
  },
  // Efficient-Large-Model/Fast_dLLM_v2_7B: model_type "Fast_dLLM_Qwen", bd_size 32; the odd bars are its own.
  {
    family: {
      id: 'fast-dllm-v2',
      title: 'Fast-dLLM v2',
      tensorNames: 'llama',
      shifted: true,
      attention: { kind: 'block-causal', blockLength: 32, partLength: 8 },
      infill: { kind: 'prompt' },
      length: END_CELL,
      tokens: {
        mask: token('|<MASK>|', 151665, true),
        ...QWEN_END,
        end: token('<|im_end|>', 151645, true),
      },
      sampling: THRESHOLD_09,
    },
    publishedVocabSizes: [151936, 152064],
    qkvBias: true,
  },
  // Salesforce/CoDA-v0: "we shift logits at inference time" (SalesforceAIResearch/CoDA, modeling_coda.py).
  {
    family: {
      id: 'coda',
      title: 'CoDA',
      tensorNames: 'llama',
      shifted: true,
      attention: FULL,
      infill: { kind: 'in-place', bos: false, eos: false },
      length: FIXED,
      tokens: { mask: token('<|mask|>', 151669, true), ...QWEN_END, ...QWEN_CHAT_END },
      sampling: { rule: 'entropy', temperature: 0, topP: 1, steps: 128 },
    },
    publishedVocabSizes: [151936],
    qkNorm: true,
  },
  // The embedded model; the numbers of its attention come from config.json (training/model/config.py writes them).
  {
    family: {
      id: 'palimpsest',
      title: 'Palimpsest starter',
      tensorNames: 'llama',
      shifted: false,
      attention: {
        kind: 'cached-canvas',
        blockLength: 16,
        holeGap: 128,
        suffixSeesPrefix: false,
        suffixFirst: false,
      },
      infill: { kind: 'cached-canvas', bos: true },
      length: END_TOKEN,
      tokens: {
        mask: token('<|mask|>', undefined, true),
        bos: token('<|bos|>', undefined, true),
        end: token('<|end|>', undefined, true),
        pad: token('<|pad|>'),
        expand: token('<|expand|>'),
        delete: token('<|delete|>'),
        hole: token('<|hole|>'),
      },
      sampling: THRESHOLD_09,
      // Encoding more at the first keystroke costs more than it gives; a config's context_tokens overrides.
      window: 1024,
    },
    publishedVocabSizes: [],
  },
];

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}

/** Every family by its id. */
export const FAMILIES: ReadonlyMap<string, KnownFamily> = new Map(
  [...KNOWN, ...AUTOREGRESSIVE].map((known) => [known.family.id, deepFreeze(known)]),
);

export const SPECIAL_TOKEN_NAMES: readonly SpecialTokenName[] = [
  'mask',
  'bos',
  'eos',
  'pad',
  'sep',
  'repo',
  'expand',
  'delete',
  'end',
  'hole',
  'fimPrefix',
  'fimSuffix',
  'fimMiddle',
];

/** VS Code language ids and the token that opens a file of that language, for the starter model. */
export const STARTER_LANGUAGES: Readonly<Record<string, string>> = Object.freeze({
  python: '<|python|>',
  typescript: '<|typescript|>',
  typescriptreact: '<|typescript|>',
  javascript: '<|javascript|>',
  javascriptreact: '<|javascript|>',
  go: '<|go|>',
  rust: '<|rust|>',
  java: '<|java|>',
  cpp: '<|cpp|>',
  csharp: '<|csharp|>',
});
