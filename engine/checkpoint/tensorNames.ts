// How the families' files name a decoder's tensors, and the lookup that tolerates one prefix more or less.
import type { Family } from './family';
import type { StoredTensor } from './safetensors';
import type { BiasRole, LayerRole } from './types';

export type NameScheme = Family['tensorNames'];
export type Role = LayerRole | BiasRole;

export interface SchemeNames {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly head: string;
  /** What stands before a layer's number. */
  readonly layer: string;
  readonly roles: Readonly<Record<LayerRole, string>>;
}

const LLAMA: SchemeNames = {
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
  },
};

export const SCHEMES: Readonly<Record<NameScheme, SchemeNames>> = {
  llama: LLAMA,
  // transformers, modeling_starcoder2.py: only the MLP has names of its own, and no gate.
  starcoder2: {
    ...LLAMA,
    roles: { ...LLAMA.roles, up: 'mlp.c_fc.weight', down: 'mlp.c_proj.weight' },
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
    },
  },
};

/** In the order in which they are tried. */
export const SCHEME_NAMES = ['llama', 'llada', 'starcoder2', 'gguf'] as const satisfies readonly NameScheme[];

export function layerName(names: SchemeNames, layer: number, role: Role): string {
  const { weight, isBias } = weightOf(role);
  const name = `${names.layer}${layer}.${names.roles[weight]}`;
  return isBias ? biasName(name) : name;
}

/** In every scheme a bias stands beside its weight. */
export function biasName(weight: string): string {
  return weight.replace(/\.weight$/, '.bias');
}

/** The role itself, or the one whose bias it is. */
export function weightOf(role: Role): { readonly weight: LayerRole; readonly isBias: boolean } {
  const isBias = role.endsWith('Bias');
  return { weight: (isBias ? role.slice(0, -'Bias'.length) : role) as LayerRole, isBias };
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
