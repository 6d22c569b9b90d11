// Autoregressive coders as families: blocks of one token, logits that predict the next one, the suffix before the hole
// or not at all. They are what diffusion models are compared with, and what many people have on their disk already.
import type { Family, SpecialTokenName, SpecialTokenSpec } from './family';
import { type KnownFamily, token } from './knownFamily';
import { SEED_FIM_TOKENS, SEED_TOKENS } from './seedTokens';

type Tokens = Readonly<Partial<Record<SpecialTokenName, SpecialTokenSpec>>>;
type Facts = Pick<Family, 'id' | 'infill'> &
  Partial<Pick<Family, 'tensorNames' | 'length'>> & { readonly name: string; readonly tokens: Tokens };

/** What every description of a model that does not denoise says. */
export const LEFT_TO_RIGHT = 'autoregressive, left to right';

function leftToRight({ name, ...facts }: Facts): Family {
  return {
    title: `${name} (${LEFT_TO_RIGHT})`,
    tensorNames: 'llama',
    shifted: true,
    attention: { kind: 'block-causal', blockLength: 1 },
    length: { kind: 'end-token' },
    sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    ...facts,
  };
}

// These models have no mask. `mask` marks the empty cells of a canvas and is never read by the model: any special token
// serves that no answer can hold.

// Qwen2.5-Coder Technical Report (arXiv 2409.12186), FIM; ids of Qwen/Qwen2.5-Coder-0.5B, tokenizer_config.json.
const QWEN_END = token('<|endoftext|>', 151643, true);
const QWEN_FIM: Tokens = {
  mask: token('<|fim_pad|>', 151662, true),
  eos: QWEN_END,
  end: QWEN_END,
  pad: QWEN_END,
  fimPrefix: token('<|fim_prefix|>', 151659, true),
  fimMiddle: token('<|fim_middle|>', 151660, true),
  fimSuffix: token('<|fim_suffix|>', 151661, true),
};
const QWEN_CHAT: Tokens = {
  mask: token('<|im_start|>', 151644, true),
  eos: QWEN_END,
  pad: QWEN_END,
  end: token('<|im_end|>', 151645, true),
};
const QWEN_SIZES = [151936, 152064];

// deepseek-ai/deepseek-coder-1.3b-base, README: prefix, hole, suffix; ｜ is U+FF5C.
const DEEPSEEK_END = token('<｜end▁of▁sentence｜>', 32014, true);

// bigcode/starcoder2-7b, special_tokens_map.json, in the order of the ids; the end, and the order of FIM: arXiv 2402.19173, 5.1.
const STARCODER_END = token('<|endoftext|>', 0, true);

// HuggingFaceTB/SmolLM2-135M, tokenizer.json: no FIM tokens.
const SMOL_END = token('<|endoftext|>', 0, true);

export const AUTOREGRESSIVE: readonly KnownFamily[] = [
  {
    family: leftToRight({
      id: 'qwen2.5-coder',
      name: 'Qwen2.5-Coder',
      infill: { kind: 'fim-order', bos: false, order: 'prefix-first' },
      tokens: QWEN_FIM,
    }),
    publishedVocabSizes: QWEN_SIZES,
    qkvBias: true,
  },
  {
    family: leftToRight({
      id: 'qwen2.5',
      name: 'Qwen2.5',
      infill: { kind: 'prompt' },
      tokens: QWEN_CHAT,
    }),
    publishedVocabSizes: QWEN_SIZES,
    qkvBias: true,
  },
  {
    family: leftToRight({ id: 'qwen3', name: 'Qwen3', infill: { kind: 'prompt' }, tokens: QWEN_CHAT }),
    publishedVocabSizes: QWEN_SIZES,
    qkNorm: true,
  },
  // Suffix before prefix, as the card's FIM example has it.
  {
    family: leftToRight({
      id: 'seed-coder',
      name: 'Seed-Coder',
      infill: { kind: 'fim-order', bos: 'tokenizer', order: 'suffix-first' },
      tokens: SEED_FIM_TOKENS,
    }),
    publishedVocabSizes: [155136],
  },
  {
    family: leftToRight({
      id: 'seed-coder-instruct',
      name: 'Seed-Coder Instruct',
      infill: { kind: 'prompt', bos: 'tokenizer' },
      tokens: SEED_TOKENS,
    }),
    publishedVocabSizes: [155136],
  },
  {
    family: leftToRight({
      id: 'deepseek-coder',
      name: 'DeepSeek-Coder',
      infill: { kind: 'fim-order', bos: true, order: 'prefix-first' },
      tokens: {
        mask: token('<｜fim▁hole｜>', undefined, true),
        bos: token('<｜begin▁of▁sentence｜>', 32013, true),
        eos: DEEPSEEK_END,
        end: DEEPSEEK_END,
        pad: DEEPSEEK_END,
        fimPrefix: token('<｜fim▁begin｜>', undefined, true),
        fimSuffix: token('<｜fim▁hole｜>', undefined, true),
        fimMiddle: token('<｜fim▁end｜>', undefined, true),
      },
    }),
    publishedVocabSizes: [32256],
  },
  // All sizes were trained with FIM, on half of the repositories, whose files follow one another: behind a middle stands the next.
  {
    family: leftToRight({
      id: 'starcoder2',
      name: 'StarCoder2',
      tensorNames: 'starcoder2',
      infill: { kind: 'fim-order', bos: false, order: 'prefix-first' },
      length: { kind: 'end-token', alsoEnds: ['sep', 'repo'] },
      tokens: {
        mask: token('<fim_pad>', 4, true),
        eos: STARCODER_END,
        end: STARCODER_END,
        pad: STARCODER_END,
        fimPrefix: token('<fim_prefix>', 1, true),
        fimMiddle: token('<fim_middle>', 2, true),
        fimSuffix: token('<fim_suffix>', 3, true),
        repo: token('<repo_name>', 5),
        sep: token('<file_sep>', 6),
      },
    }),
    publishedVocabSizes: [49152],
  },
  {
    family: leftToRight({
      id: 'smollm2',
      name: 'SmolLM2',
      infill: { kind: 'left-only', bos: false },
      tokens: {
        mask: token('<repo_name>', 3, true),
        eos: SMOL_END,
        end: SMOL_END,
        pad: SMOL_END,
      },
    }),
    publishedVocabSizes: [49152],
  },
];
