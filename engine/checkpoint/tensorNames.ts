// How the families' files name a decoder's tensors, and the lookup that tolerates one prefix more or less.
import type { Family } from './family';
import type { StoredTensor } from './safetensors';
import type { LayerRole } from './types';

export type NameScheme = Family['tensorNames'];
export type BiasRole = 'queryBias' | 'keyBias' | 'valueBias' | 'attentionOutBias';
export type Role = LayerRole | BiasRole;

export interface SchemeNames {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly head: string;
  /** What stands before a layer's number. */
  readonly layer: string;
  readonly roles: Readonly<Record<Role, string>>;
}

export const SCHEMES: Readonly<Record<NameScheme, SchemeNames>> = {
  llama: {
    embedding: 'model.embed_tokens.weight',
    finalNorm: 'model.norm.weight',
    head: 'lm_head.weight',
    layer: 'model.layers.',
    roles: {
      attentionNorm: 'input_layernorm.weight',
      query: 'self_attn.q_proj.weight',
      key: 'self_attn.k_proj.weight',
      value: 'self_attn.v_proj.weight',
      attentionOut: 'self_attn.o_proj.weight',
      queryNorm: 'self_attn.q_norm.weight',
      keyNorm: 'self_attn.k_norm.weight',
      ffnNorm: 'post_attention_layernorm.weight',
      gate: 'mlp.gate_proj.weight',
      up: 'mlp.up_proj.weight',
      down: 'mlp.down_proj.weight',
      queryBias: 'self_attn.q_proj.bias',
      keyBias: 'self_attn.k_proj.bias',
      valueBias: 'self_attn.v_proj.bias',
      attentionOutBias: 'self_attn.o_proj.bias',
    },
  },
  // GSAI-ML/LLaDA-8B-Base, modeling_llada.py: silu(ff_proj) · up_proj, then ff_out.
  llada: {
    embedding: 'model.transformer.wte.weight',
    finalNorm: 'model.transformer.ln_f.weight',
    head: 'model.transformer.ff_out.weight',
    layer: 'model.transformer.blocks.',
    roles: {
      attentionNorm: 'attn_norm.weight',
      query: 'q_proj.weight',
      key: 'k_proj.weight',
      value: 'v_proj.weight',
      attentionOut: 'attn_out.weight',
      queryNorm: 'q_norm.weight',
      keyNorm: 'k_norm.weight',
      ffnNorm: 'ff_norm.weight',
      gate: 'ff_proj.weight',
      up: 'up_proj.weight',
      down: 'ff_out.weight',
      queryBias: 'q_proj.bias',
      keyBias: 'k_proj.bias',
      valueBias: 'v_proj.bias',
      attentionOutBias: 'attn_out.bias',
    },
  },
  // ggml's gguf-py/gguf/constants.py: one scheme for every architecture.
  gguf: {
    embedding: 'token_embd.weight',
    finalNorm: 'output_norm.weight',
    head: 'output.weight',
    layer: 'blk.',
    roles: {
      attentionNorm: 'attn_norm.weight',
      query: 'attn_q.weight',
      key: 'attn_k.weight',
      value: 'attn_v.weight',
      attentionOut: 'attn_output.weight',
      queryNorm: 'attn_q_norm.weight',
      keyNorm: 'attn_k_norm.weight',
      ffnNorm: 'ffn_norm.weight',
      gate: 'ffn_gate.weight',
      up: 'ffn_up.weight',
      down: 'ffn_down.weight',
      queryBias: 'attn_q.bias',
      keyBias: 'attn_k.bias',
      valueBias: 'attn_v.bias',
      attentionOutBias: 'attn_output.bias',
    },
  },
};

const SCHEME_NAMES = ['llama', 'llada', 'gguf'] as const satisfies readonly NameScheme[];

export function layerName(names: SchemeNames, layer: number, role: Role): string {
  return `${names.layer}${layer}.${names.roles[role]}`;
}

/** Looks names up with the prefix that this checkpoint puts in front, or leaves out. */
export interface Finder {
  readonly has: (name: string) => boolean;
  readonly find: (name: string) => StoredTensor | undefined;
  readonly nameOf: (name: string) => string;
}

/** The family's own scheme first, then the others: some conversions rename the tensors. */
export function schemeOf(
  stored: ReadonlyMap<string, StoredTensor>,
  preferred: NameScheme,
): { scheme: NameScheme; finder: Finder } {
  for (const scheme of [preferred, ...SCHEME_NAMES.filter((name) => name !== preferred)]) {
    const finder = finderFor(stored, SCHEMES[scheme]);
    if (finder) return { scheme, finder };
  }
  return { scheme: preferred, finder: plainFinder(stored, (name) => name) };
}

function finderFor(stored: ReadonlyMap<string, StoredTensor>, names: SchemeNames): Finder | undefined {
  const { embedding } = names;
  if (stored.has(embedding)) return plainFinder(stored, (name) => name);
  const bare = embedding.replace(/^model\./, '');
  for (const name of stored.keys()) {
    if (name === bare) return plainFinder(stored, (wanted) => wanted.replace(/^model\./, ''));
    if (name.endsWith(`.${embedding}`)) {
      const prefix = name.slice(0, -embedding.length);
      return plainFinder(stored, (wanted) => prefix + wanted);
    }
  }
  return undefined;
}

function plainFinder(stored: ReadonlyMap<string, StoredTensor>, nameOf: (name: string) => string): Finder {
  return {
    nameOf,
    has: (name) => stored.has(nameOf(name)),
    find: (name) => stored.get(nameOf(name)),
  };
}
