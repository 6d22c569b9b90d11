// What the models of the catalogue say of themselves (publishedModels.ts has the rest): every one of them must be recognized.
import { readGgufConfig } from '../../../engine/checkpoint/ggufConfig';
import type { GgufValue } from '../../../engine/checkpoint/ggufHeader';
import type { PublishedModel } from './publishedModels';

const QWEN_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|fim_middle|>', '<|fim_pad|>'];
const QWEN2 = {
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  use_sliding_window: false,
};
const SHAPE_7B = {
  hidden_size: 3584,
  intermediate_size: 18944,
  num_attention_heads: 28,
  num_hidden_layers: 28,
  num_key_value_heads: 4,
  tie_word_embeddings: false,
  vocab_size: 152064,
};
const SHAPE_HALF_B = {
  hidden_size: 896,
  intermediate_size: 4864,
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  vocab_size: 151936,
};
/** As Dream-v0-Instruct-7B has it (a copy in hxhcreate/DARE); the authors' DreamConfig is that of all its descendants. */
const DREAM = {
  ...{ ...QWEN2, ...SHAPE_7B },
  architectures: ['DreamModel'],
  auto_map: { AutoConfig: 'configuration_dream.DreamConfig', AutoModel: 'modeling_dream.DreamModel' },
  bos_token_id: 151643,
  eos_token_id: 151643,
  mask_token_id: 151666,
  max_position_embeddings: 131072,
  model_type: 'Dream',
  pad_token_id: 151643,
};
const DREAM_TOKENS = [...QWEN_TOKENS, '<|beginoftext|>', '<|mask|>'];
const QWEN_CODER = {
  ...QWEN2,
  architectures: ['Qwen2ForCausalLM'],
  bos_token_id: 151643,
  max_position_embeddings: 32768,
  model_type: 'qwen2',
};

/** The config of a GGUF file by what its header says. */
function ofHeader(
  pairs: Readonly<Record<string, GgufValue>>,
  [vocabSize, hiddenSize]: readonly [number, number],
): Readonly<Record<string, unknown>> {
  const named = (name: string) =>
    ({ name, type: 'Q4_K', shape: [vocabSize, hiddenSize], offset: 0, length: 0 }) as const;
  const tensors = new Map([['token_embd.weight', named('token_embd.weight')]]);
  return readGgufConfig({ metadata: new Map(Object.entries(pairs)), tensors }, 'model.gguf').config;
}

export const OFFERED: readonly PublishedModel[] = [
  {
    model: 'Dream-org/DreamOn-v0-7B',
    // The token is what tells it: the authors' code has its id, 151667, and copies of added_tokens.json its text.
    source: 'code',
    config: DREAM,
    tokens: [...DREAM_TOKENS, '<|expand|>'],
    is: 'dreamon',
    runs: true,
  },
  {
    model: 'Dream-org/Dream-Coder-v0-Instruct-7B',
    source: 'code',
    config: DREAM,
    tokens: DREAM_TOKENS,
    hasChatTemplate: true,
    is: 'dream-coder',
    runs: true,
    byName: true,
  },
  {
    model: 'apple/DiffuCoder-7B-cpGRPO',
    source: 'code',
    config: DREAM,
    tokens: [...DREAM_TOKENS, '<|dlm_pad|>'],
    hasChatTemplate: true,
    is: 'diffucoder',
    runs: true,
    byName: true,
  },
  {
    model: 'GSAI-ML/iLLaDA-8B-Base',
    // Its modeling_illada.py; the mask, which neither file declares, as two projects found it in the tokenizer.
    source: 'code',
    config: {
      architectures: ['ILLaDAForCausalLM'],
      auto_map: {
        AutoConfig: 'configuration_illada.ILLaDAConfig',
        AutoModelForCausalLM: 'modeling_illada.ILLaDAForCausalLM',
      },
      hidden_size: 4096,
      intermediate_size: 14336,
      max_position_embeddings: 8192,
      model_type: 'illada',
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      tie_word_embeddings: true,
      vocab_size: 155136,
    },
    tokens: ['<[begin▁of▁sentence]>', '<[end▁of▁sentence]>', '<[MASK]>'],
    is: 'illada',
    runs: true,
  },
  {
    model: 'GSAI-ML/LLaDA-8B-Instruct',
    // Copies in radi-cho/reasoning-diffusion and hxhcreate/DARE.
    source: 'config',
    config: {
      activation_type: 'silu',
      architectures: ['LLaDAModelLM'],
      auto_map: {
        AutoConfig: 'configuration_llada.LLaDAConfig',
        AutoModel: 'modeling_llada.LLaDAModelLM',
        AutoModelForCausalLM: 'modeling_llada.LLaDAModelLM',
      },
      block_type: 'llama',
      d_model: 4096,
      embedding_size: 126464,
      eos_token_id: 126081,
      mask_token_id: 126336,
      max_sequence_length: 4096,
      mlp_hidden_size: 12288,
      model_type: 'llada',
      n_heads: 32,
      n_kv_heads: 32,
      n_layers: 32,
      pad_token_id: 126081,
      rms_norm_eps: 1e-5,
      rope_theta: 500_000,
      vocab_size: 126464,
      weight_tying: false,
    },
    tokens: ['<|startoftext|>', '<|endoftext|>', '<|mdm_mask|>', '<|eot_id|>'],
    hasChatTemplate: true,
    is: 'llada',
    runs: true,
  },
  {
    model: 'JetLM/SDAR-1.7B-Chat',
    // A copy in hxhcreate/DARE. The mask is declared in tokenizer_config.json; added_tokens.json spells it `<MASK>`.
    source: 'config',
    config: {
      architectures: ['SDARForCausalLM'],
      attn_implementation: 'flex_attention',
      auto_map: {
        AutoConfig: 'configuration_sdar.SDARConfig',
        AutoModel: 'modeling_sdar.SDARModel',
        AutoModelForCausalLM: 'modeling_sdar.SDARForCausalLM',
      },
      block_size: 4,
      bos_token_id: 151643,
      eos_token_id: 151643,
      fuse_cross_entropy: true,
      head_dim: 128,
      hidden_size: 2048,
      intermediate_size: 6144,
      mask_token_id: 151669,
      max_position_embeddings: 32768,
      model_type: 'sdar',
      num_attention_heads: 16,
      num_hidden_layers: 28,
      num_key_value_heads: 8,
      rope_theta: 1_000_000,
      tie_word_embeddings: false,
      vocab_size: 151936,
    },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    hasChatTemplate: true,
    is: 'sdar',
    runs: true,
    block: 4,
  },
  {
    model: 'Efficient-Large-Model/Fast_dLLM_v2_1.5B',
    // A copy in HoangMaizzz/failfasttesting; its tokenizer is not among the stored files.
    source: 'config',
    config: {
      ...QWEN2,
      architectures: ['Fast_dLLM_QwenForCausalLM'],
      auto_map: {
        AutoConfig: 'configuration.Fast_dLLM_QwenConfig',
        AutoModel: 'modeling.Fast_dLLM_QwenModel',
        AutoModelForCausalLM: 'modeling.Fast_dLLM_QwenForCausalLM',
      },
      bd_size: 32,
      bos_token_id: 151643,
      eos_token_id: 151645,
      hidden_size: 1536,
      intermediate_size: 8960,
      max_position_embeddings: 32768,
      model_type: 'Fast_dLLM_Qwen',
      num_attention_heads: 12,
      num_hidden_layers: 28,
      num_key_value_heads: 2,
      pad_token_id: 151645,
      tie_word_embeddings: true,
      vocab_size: 151936,
    },
    tokens: [...QWEN_TOKENS, '|<MASK>|'],
    hasChatTemplate: true,
    is: 'fast-dllm-v2',
    runs: true,
    block: 32,
  },
  {
    model: 'dllm-hub/Qwen2.5-Coder-0.5B-Instruct-diffusion-mdlm-v0.1',
    // dLLM's conversion keeps the fields of the model it starts from, and names its own type and class.
    source: 'code',
    config: {
      ...{ ...QWEN_CODER, ...SHAPE_HALF_B },
      architectures: ['A2DQwen2LMHeadModel'],
      eos_token_id: 151645,
      model_type: 'a2d-qwen2',
    },
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    hasChatTemplate: true,
    is: 'a2d-qwen2',
    runs: true,
    byName: true,
  },
  {
    model: 'fredzzp/open-dcoder-0.5B',
    // Open-dLLM saves Qwen2's own class; its mask, 151665, stands in no config.json.
    source: 'code',
    config: {
      ...{ ...QWEN_CODER, ...SHAPE_HALF_B },
      eos_token_id: 151643,
      tie_word_embeddings: true,
    },
    tokens: [...QWEN_TOKENS, '<M>'],
    hasChatTemplate: true,
    is: 'open-dcoder',
    runs: true,
  },
  {
    model: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
    // The header of the file itself.
    source: 'config',
    config: ofHeader(
      {
        'general.architecture': 'qwen2',
        'general.basename': 'Qwen2.5-Coder',
        'general.finetune': 'Instruct-AWQ',
        'general.name': 'Qwen2.5 Coder 0.5B Instruct AWQ',
        'qwen2.attention.head_count': 14,
        'qwen2.attention.head_count_kv': 2,
        'qwen2.attention.layer_norm_rms_epsilon': Math.fround(1e-6),
        'qwen2.block_count': 24,
        'qwen2.context_length': 32768,
        'qwen2.embedding_length': 896,
        'qwen2.feed_forward_length': 4864,
        'qwen2.rope.freq_base': 1_000_000,
      },
      [151936, 896],
    ),
    tokens: QWEN_TOKENS,
    hasChatTemplate: true,
    is: 'qwen2.5-coder',
    runs: true,
    block: 1,
  },
  {
    model: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
    // Its shape is documented. What the file calls the model was not to be had, so nothing here says it.
    source: 'documentation',
    config: ofHeader(
      {
        'general.architecture': 'qwen2',
        'qwen2.attention.head_count': 12,
        'qwen2.attention.head_count_kv': 2,
        'qwen2.attention.layer_norm_rms_epsilon': Math.fround(1e-6),
        'qwen2.block_count': 28,
        'qwen2.context_length': 32768,
        'qwen2.embedding_length': 1536,
        'qwen2.feed_forward_length': 8960,
        'qwen2.rope.freq_base': 1_000_000,
      },
      [151936, 1536],
    ),
    tokens: QWEN_TOKENS,
    hasChatTemplate: true,
    is: 'qwen2.5-coder',
    runs: true,
    block: 1,
  },
  {
    model: 'Qwen/Qwen2.5-Coder-7B',
    source: 'documentation',
    config: { ...QWEN_CODER, ...SHAPE_7B, eos_token_id: 151643 },
    tokens: QWEN_TOKENS,
    is: 'qwen2.5-coder',
    runs: true,
    block: 1,
  },
  {
    model: 'ByteDance-Seed/Seed-Coder-8B-Base',
    // Nothing but the name tells it from Stable-DiffCoder.
    source: 'config',
    config: {
      architectures: ['LlamaForCausalLM'],
      attention_bias: false,
      attention_dropout: 0.1,
      bos_token_id: 0,
      eos_token_id: 2,
      hidden_act: 'silu',
      hidden_size: 4096,
      intermediate_size: 14336,
      max_position_embeddings: 32768,
      mlp_bias: false,
      model_type: 'llama',
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-6,
      rope_theta: 500_000,
      tie_word_embeddings: false,
      vocab_size: 155136,
    },
    tokens: ['<[begin▁of▁sentence]>', '<[end▁of▁sentence]>', '<[MASK_TOKEN]>', '<[fim-middle]>'],
    is: 'seed-coder',
    runs: true,
    block: 1,
    byName: true,
  },
];
