// What published models say of themselves, as far as recognition looks at it: one row a model. No weights.
import { OFFERED } from './publishedOffered';

export interface PublishedModel {
  /** Repository, or what stands for it. */
  readonly model: string;
  /**
   * `config`: from the checkpoint's own config.json (of a GGUF file, its header), or a copy of it in a public repository; `code`: from the authors' code that
   * writes it; `documentation`: from its card or paper, where its config.json was not to be had; `constructed`: no model that is
   * published, but one that must not be mistaken either.
   */
  readonly source: 'config' | 'code' | 'documentation' | 'constructed';
  readonly config: Readonly<Record<string, unknown>>;
  readonly tokens?: readonly string[];
  /** Some that are not a Llama-like decoder's. */
  readonly tensors?: readonly string[];
  readonly hasChatTemplate?: boolean;
  /** Id of the family, or of what it is refused as. */
  readonly is: string;
  readonly runs: boolean;
  /** Block length of a block-causal family. */
  readonly block?: number;
  /** Whether its names alone tell it: all others are recognized in a renamed folder as well. */
  readonly byName?: boolean;
}

const QWEN3_8B = {
  hidden_act: 'silu',
  hidden_size: 4096,
  intermediate_size: 12288,
  num_hidden_layers: 36,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 128,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  rope_scaling: null,
  tie_word_embeddings: false,
  vocab_size: 151936,
};
const QWEN_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|fim_middle|>', '<|fim_pad|>'];
const SDAR_MAP = {
  AutoConfig: 'configuration_sdar.SDARConfig',
  AutoModel: 'modeling_sdar.SDARModel',
  AutoModelForCausalLM: 'modeling_sdar.SDARForCausalLM',
};
const SDAR = {
  ...QWEN3_8B,
  architectures: ['SDARForCausalLM'],
  auto_map: SDAR_MAP,
  attn_implementation: 'flex_attention',
  fuse_cross_entropy: true,
  model_type: 'sdar',
  mask_token_id: 151669,
};
const I_DLM = { ...SDAR, max_position_embeddings: 40960, bos_token_id: 151643, eos_token_id: 151645 };
const SEED = {
  architectures: ['StableDiffcoderForCausalLM'],
  auto_map: { AutoModelForCausalLM: 'modeling_stable_diffcoder.StableDiffcoderForCausalLM' },
  model_type: 'llama',
  bos_token_id: 0,
  eos_token_id: 2,
  head_dim: 128,
  hidden_size: 4096,
  intermediate_size: 14336,
  max_position_embeddings: 8192,
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  vocab_size: 155136,
};
const SEED_TOKENS = ['<[begin▁of▁sentence]>', '<[end▁of▁sentence]>', '<[MASK_TOKEN]>', '<[fim-middle]>'];
const A2D_QWEN3 = {
  ...QWEN3_8B,
  architectures: ['A2DQwen3LMHeadModel'],
  auto_map: { AutoModelForMaskedLM: 'modeling_qwen3.A2DQwen3LMHeadModel' },
  model_type: 'a2d-qwen3',
};
const NEMOTRON = {
  ar_loss_weight: 1.0,
  architectures: ['NemotronLabsDiffusionModel'],
  block_size: 32,
  dlm_paradigm: 'bidirectional',
  head_dim: 128,
  hidden_size: 4096,
  mask_token_id: 100,
  max_position_embeddings: 262144,
  model_type: 'nemotron_labs_diffusion',
  num_attention_heads: 32,
  num_hidden_layers: 34,
  num_key_value_heads: 8,
  rope_parameters: { factor: 16, llama_4_scaling_beta: 0.1, rope_theta: 1_000_000, rope_type: 'yarn' },
  vocab_size: 131072,
};
const NEMOTRON_TENSORS = [
  'encoder.embed_tokens.weight',
  'encoder.layers.0.self_attn.q_proj.weight',
  'diffusion_head.weight',
];

export const PUBLISHED: readonly PublishedModel[] = [
  ...OFFERED,
  {
    model: 'ByteDance-Seed/Stable-DiffCoder-8B-Base',
    source: 'config',
    config: SEED,
    tokens: SEED_TOKENS,
    is: 'stable-diffcoder',
    runs: true,
    block: 4,
  },
  {
    model: 'ByteDance-Seed/Stable-DiffCoder-8B-Instruct',
    source: 'config',
    config: SEED,
    tokens: SEED_TOKENS,
    hasChatTemplate: true,
    is: 'stable-diffcoder-instruct',
    runs: true,
    block: 4,
  },
  {
    // A copy in PrunaAI's quantization of it.
    model: 'ByteDance-Seed/Stable-DiffCoder-8B-Instruct (its first revision)',
    source: 'config',
    config: {
      ...SEED,
      architectures: ['LlamaForCausalLM'],
      auto_map: { AutoModelForCausalLM: 'modeling_seed_diffcoder.SeedDiffcoderForCausalLM' },
    },
    tokens: SEED_TOKENS,
    hasChatTemplate: true,
    is: 'stable-diffcoder-instruct',
    runs: true,
    block: 4,
  },
  {
    model: 'JetLM/SDAR-8B-Chat',
    source: 'config',
    config: {
      ...{ ...SDAR, block_size: 4, max_position_embeddings: 32768 },
      ...{ bos_token_id: 151643, eos_token_id: 151643 },
    },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    hasChatTemplate: true,
    is: 'sdar',
    runs: true,
    block: 4,
  },
  {
    model: 'JetLM/SDAR-1.7B-Chat-b16',
    source: 'documentation',
    config: { ...SDAR, block_size: 16, max_position_embeddings: 32768, eos_token_id: 151643 },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    hasChatTemplate: true,
    is: 'sdar',
    runs: true,
    block: 16,
  },
  {
    model: 'yifanyu/I-DLM-8B (stride 2)',
    source: 'config',
    config: { ...I_DLM, block_size: 2 },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    hasChatTemplate: true,
    is: 'i-dlm',
    runs: false,
  },
  {
    model: 'yifanyu/I-DLM-8B (a relay of stride 7)',
    source: 'config',
    config: { ...I_DLM, block_size: 7, use_regular_causal: true, use_relay: true },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    is: 'i-dlm',
    runs: false,
  },
  {
    model: 'yifanyu/I-DLM-8B (with the block of SDAR)',
    source: 'constructed',
    config: { ...I_DLM, block_size: 4 },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    is: 'i-dlm',
    runs: false,
  },
  {
    model: 'an SDAR model with the limits of Qwen3, named sdar-tuned',
    source: 'constructed',
    config: { ...I_DLM, block_size: 4 },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    is: 'sdar',
    runs: true,
    block: 4,
    byName: true,
  },
  {
    model: 's-sahoo/uno-qwen3-8B',
    source: 'documentation',
    config: { ...SDAR, block_size: 4, max_position_embeddings: 32768, eos_token_id: 151643 },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    is: 'uno',
    runs: false,
    byName: true,
  },
  {
    model: 'autoprogrammer/sdar_4b_multi_block_causal-final',
    source: 'config',
    config: { ...SDAR, block_size: 4, max_position_embeddings: 32768, block_causal_prompt: true },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    is: 'sdar-causal-prompt',
    runs: false,
  },
  {
    model: 'JetLM/SDAR-30B-A3B-Chat',
    source: 'documentation',
    config: { model_type: 'sdar_moe', architectures: ['SDARMoeForCausalLM'], num_experts: 128 },
    is: 'mixture-of-experts',
    runs: false,
  },
  {
    model: 'divelab/OPDLM-0.6B',
    source: 'documentation',
    config: { ...A2D_QWEN3, _name_or_path: 'divelab/Qwen3-0.6B-a2d-init' },
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    hasChatTemplate: true,
    is: 'opdlm',
    runs: true,
    block: 4,
  },
  {
    model: 'divelab/Qwen3-4B-a2d-init',
    source: 'documentation',
    config: A2D_QWEN3,
    tokens: [...QWEN_TOKENS, '<|MASK|>'],
    is: 'a2d-untrained',
    runs: false,
    byName: true,
  },
  {
    model: 'dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1',
    source: 'code',
    config: A2D_QWEN3,
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    is: 'a2d-qwen3',
    runs: true,
    byName: true,
  },
  {
    model: 'dllm-hub/Qwen3-0.6B-diffusion-bd3lm-v0.1',
    source: 'code',
    config: A2D_QWEN3,
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    is: 'a2d-qwen3-bd3lm',
    runs: true,
    block: 32,
    byName: true,
  },
  {
    model: 'a block diffusion model of dLLM that states its block',
    source: 'constructed',
    config: { ...A2D_QWEN3, block_size: 8 },
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    is: 'a2d-qwen3-bd3lm',
    runs: true,
    block: 8,
  },
  {
    model: 'Llama-3.2-1B-diffusion-mdlm',
    source: 'code',
    config: { architectures: ['A2DLlamaLMHeadModel'], model_type: 'a2d-llama' },
    tokens: ['<|begin_of_text|>', '<|eot_id|>', '<|mask|>'],
    is: 'a2d-llama',
    runs: true,
    byName: true,
  },
  {
    model: 'Llama-3.2-1B-diffusion-bd3lm',
    source: 'code',
    config: { architectures: ['A2DLlamaLMHeadModel'], model_type: 'a2d-llama' },
    tokens: ['<|begin_of_text|>', '<|eot_id|>', '<|mask|>'],
    is: 'a2d-llama-bd3lm',
    runs: true,
    block: 32,
    byName: true,
  },
  ...['qwen2', 'qwen3', 'dream', 'llada', 'modernbert'].map(
    (kind): PublishedModel => ({
      model: `editflow-${kind}`,
      source: 'code',
      config: { model_type: `editflow-${kind}` },
      tensors: ['sub_logits.weight', 'ins_logits.weight', 'rate_heads.0.weight'],
      is: 'editflow',
      runs: false,
    }),
  ),
  {
    model: 'an edit flow that calls itself A2D',
    source: 'constructed',
    config: A2D_QWEN3,
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    tensors: ['sub_logits.weight', 'ins_logits.weight', 'rate_heads.0.weight'],
    is: 'editflow',
    runs: false,
  },
  {
    model: 'nvidia/Efficient-DLM-4B',
    source: 'config',
    config: {
      ...{ ...QWEN3_8B, hidden_size: 2560, intermediate_size: 9728 },
      ...{ architectures: ['EfficientDLM'], model_type: 'qwen3', dlm_arch: 'encoder', dlm_type: 'llada' },
      ...{ dlm_paradigm: 'bidirectional', block_size: 32, mask_token_id: 151662 },
    },
    tokens: QWEN_TOKENS,
    is: 'efficient-dlm',
    runs: false,
  },
  {
    model: 'GSAI-ML/ReFusion',
    source: 'config',
    config: {
      ...{ ...QWEN3_8B, vocab_size: 151671, bos_token_id: 151669 },
      ...{ architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3' },
    },
    tokens: QWEN_TOKENS,
    hasChatTemplate: true,
    is: 'refusion',
    runs: false,
  },
  {
    model: 'OpenGVLab/SDLM-32B-D4',
    source: 'config',
    config: {
      architectures: ['SDLMQwen2ForCausalLM'],
      model_type: 'qwen2',
      block_size: 4,
      casual_attn: false,
      text_mask_token_id: 151665,
      vocab_size: 151666,
    },
    tokens: [...QWEN_TOKENS, '<text_mask>'],
    hasChatTemplate: true,
    is: 'sdlm',
    runs: false,
  },
  {
    model: 'tencent/WeDLM-8B-Instruct',
    source: 'config',
    config: {
      ...QWEN3_8B,
      ...{ architectures: ['WeDLMForCausalLM'], model_type: 'wedlm', qk_norm: true, mask_token_id: null },
    },
    tokens: QWEN_TOKENS,
    hasChatTemplate: true,
    is: 'wedlm',
    runs: false,
  },
  {
    model: 'nvidia/Nemotron-Labs-Diffusion-8B',
    source: 'config',
    config: NEMOTRON,
    tensors: NEMOTRON_TENSORS,
    hasChatTemplate: true,
    is: 'nemotron-labs-diffusion',
    runs: false,
  },
  {
    model: 'nvidia/Nemotron-Labs-Diffusion-VLM-8B',
    source: 'config',
    config: {
      ...NEMOTRON,
      architectures: ['NemotronLabsDiffusionVLMModel'],
      model_type: 'nemotron_labs_diffusion_vlm',
    },
    tensors: NEMOTRON_TENSORS,
    is: 'nemotron-labs-diffusion',
    runs: false,
  },
  {
    model: 'Nemotron-Labs-Diffusion as a GGUF file of the architecture dream',
    source: 'code',
    config: { model_type: 'Dream', _name_or_path: 'Nemotron Labs Diffusion 8B', mask_token_id: 100 },
    is: 'nemotron-labs-diffusion',
    runs: false,
  },
  {
    model: 'inclusionAI/LLaDA2.1-mini',
    source: 'config',
    config: {
      ...{ architectures: ['LLaDA2MoeModelLM'], model_type: 'llada2_moe', num_experts: 256 },
      ...{ num_experts_per_tok: 8, partial_rotary_factor: 0.5, vocab_size: 157184, pad_token_id: 156892 },
    },
    tensors: ['model.word_embeddings.weight', 'model.layers.1.mlp.gate.weight'],
    hasChatTemplate: true,
    is: 'mixture-of-experts',
    runs: false,
  },
  {
    model: 'inclusionAI/LLaDA-MoE-7B-A1B-Instruct',
    source: 'code',
    config: { model_type: 'llada', architectures: ['LLaDAMoEModel'], num_experts: 64 },
    tokens: ['<|mask|>'],
    is: 'mixture-of-experts',
    runs: false,
  },
  {
    model: 'google/diffusiongemma-26B-A4B-it',
    source: 'documentation',
    config: { model_type: 'diffusion_gemma', architectures: ['DiffusionGemmaForBlockDiffusion'] },
    is: 'diffusion-gemma',
    runs: false,
  },
  {
    model: 'Efficient-Large-Model/Fast_dLLM_v2_7B',
    source: 'code',
    config: {
      architectures: ['Fast_dLLM_QwenForCausalLM'],
      auto_map: { AutoModelForCausalLM: 'modeling.Fast_dLLM_QwenForCausalLM' },
      bd_size: 32,
      model_type: 'Fast_dLLM_Qwen',
    },
    tokens: [...QWEN_TOKENS, '|<MASK>|'],
    hasChatTemplate: true,
    is: 'fast-dllm-v2',
    runs: true,
    block: 32,
  },
  {
    model: 'Salesforce/CoDA-v0-Instruct',
    source: 'config',
    config: {
      architectures: ['CoDALanguageModel'],
      auto_map: { AutoConfig: 'model_config.CoDAConfig', AutoModel: 'modeling_coda.CoDALanguageModel' },
      mask_block_sizes: [4, 8, 16, 32],
      mask_token_id: 151669,
      model_type: 'CoDA',
      vocab_size: 151936,
    },
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    hasChatTemplate: true,
    is: 'coda',
    runs: true,
  },
  {
    model: 'bigcode/starcoder2-7b',
    source: 'config',
    config: {
      architectures: ['Starcoder2ForCausalLM'],
      model_type: 'starcoder2',
      sliding_window: 4096,
      vocab_size: 49152,
    },
    tokens: ['<|endoftext|>', '<fim_prefix>', '<fim_middle>', '<fim_suffix>', '<fim_pad>', '<repo_name>'],
    is: 'starcoder2',
    runs: true,
    block: 1,
  },
  {
    model: 'd3LLM/d3LLM_Dream_Coder',
    source: 'documentation',
    config: { architectures: ['DreamModel'], model_type: 'Dream' },
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    is: 'dream-coder',
    runs: true,
    byName: true,
  },
  {
    model: 'a Dream file that calls itself Qwen2',
    source: 'documentation',
    config: { model_type: 'qwen2', mask_token_id: 151666 },
    tokens: [...QWEN_TOKENS, '<|mask|>'],
    is: 'unknown-diffusion',
    runs: false,
  },
];
