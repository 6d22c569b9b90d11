// What the engine has to know of a model family, as plain data: no family is a subclass.

/** Which positions a position may attend to. */
export type AttentionKind =
  /** Every position sees every position. */
  | { readonly kind: 'full' }
  /** Absolute blocks counted from position 0; a block sees itself and every earlier block. */
  | {
      readonly kind: 'block-causal';
      readonly blockLength: number;
      /**
       * A block is denoised in parts of so many cells, from left to right, although every pass sees all of it (Fast-dLLM v2). Where
       * the family is shifted, its first cell comes alone: the block before predicts it. Absent: all cells at once.
       */
      readonly partLength?: number;
    }
  /**
   * Context on both sides is causal and cached; canvas blocks see all context, the earlier blocks of their own
   * hole, and themselves. A hole takes `holeGap` positions whatever its text's length.
   */
  | {
      readonly kind: 'cached-canvas';
      readonly blockLength: number;
      readonly holeGap: number;
      /** Whether the suffix attends to the prefix (otherwise both are causal over themselves alone). */
      readonly suffixSeesPrefix: boolean;
      /**
       * A converted autoregressive model: the suffix is numbered before the prefix, so that every distance is one that the base
       * knows; a hole token that sees both sides opens the answer; a finished block is causal, as text is. Such a family is
       * shifted. Suffix-prefix-middle order: arXiv 2207.14255.
       */
      readonly suffixFirst: boolean;
    };

/**
 * Whether a text begins with the bos token. `tokenizer`: where this checkpoint's own tokenizer puts one (its post-processor); an
 * opened checkpoint has the answer in its place.
 */
export type Opening = boolean | 'tokenizer';

/** How a span is put before the model. */
export type InfillKind =
  /** Masks stand where the span stood: [bos] prefix masks suffix [eos]. */
  | { readonly kind: 'in-place'; readonly bos: boolean; readonly eos: boolean }
  /**
   * Both sides before the answer's blocks. `suffix-first`: fimSuffix suffix fimPrefix prefix fimMiddle;
   * `prefix-first`: fimPrefix prefix fimSuffix suffix fimMiddle.
   */
  | { readonly kind: 'fim-order'; readonly bos: Opening; readonly order: 'suffix-first' | 'prefix-first' }
  /** What stands before the span and nothing else: the model has no way to see what follows it. */
  | { readonly kind: 'left-only'; readonly bos: boolean }
  /**
   * The file around the span goes through the chat template; the answer is a fenced block. `bos`: in front of what the template
   * writes (absent: nothing).
   */
  | { readonly kind: 'prompt'; readonly bos?: Opening }
  /** [bos][language] prefix, a hole, suffix: see `cached-canvas`. */
  | { readonly kind: 'cached-canvas'; readonly bos: boolean };

/** How many tokens an answer has. */
export type LengthControl =
  /** As many as there are masks; several lengths can be scored in one batch. */
  | { readonly kind: 'fixed' }
  /** Expand and delete tokens; `initialMasks` is the number of masks to begin with (models.md, DreamOn). */
  | { readonly kind: 'expand-delete'; readonly initialMasks: number }
  /**
   * An end token inside the canvas or the last block. `asCell`: it is committed in order of confidence like any other token, and
   * the answer ends at the first one as soon as nothing before it is masked. Absent: it waits for everything to its left.
   * `alsoEnds`: tokens besides `end` that stand behind an answer in training, such as the one that opens the next file.
   */
  | {
      readonly kind: 'end-token';
      readonly asCell?: boolean;
      readonly alsoEnds?: readonly SpecialTokenName[];
    };

export type SpecialTokenName =
  | 'mask'
  | 'bos'
  | 'eos'
  | 'pad'
  | 'sep'
  | 'repo'
  | 'expand'
  | 'delete'
  | 'end'
  | 'hole'
  | 'fimPrefix'
  | 'fimSuffix'
  | 'fimMiddle';

/** A special token by its string; `id` is what the family's published checkpoint has, for checking only. */
export interface SpecialTokenSpec {
  readonly text: string;
  readonly id?: number;
  readonly required: boolean;
}

export interface Sampling {
  readonly rule: RuleName;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** Bound of `rule`, if it has one: least confidence, f of the factor rule, or γ of the entropy-bounded one. */
  readonly threshold?: number;
  /** The same of other rules, where a request names one of them and no bound. */
  readonly bounds?: Readonly<Partial<Record<BoundedRule, number>>>;
  /**
   * Of the entropy-bounded rule: whether the bound is for the entropies of all tokens that a step writes (SDAR); absent: of all but
   * the last (EB-Sampler).
   */
  readonly boundsAll?: boolean;
  /**
   * Whether confidence and entropy are those at temperature 1, whatever temperature tokens are drawn at; absent: both are taken
   * after the temperature.
   */
  readonly plainConfidence?: boolean;
  /** Upper bound of denoise steps; absent: as many as there are masks. */
  readonly steps?: number;
}

export const RULE_NAMES = [
  'top-k',
  'left-to-right',
  'entropy',
  'margin',
  'threshold',
  'factor',
  'entropy-bounded',
  'p2',
  'saber',
  'prophet',
] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** Rules that have a bound. */
export const BOUNDED_RULES = ['threshold', 'factor', 'entropy-bounded'] as const;
type BoundedRule = (typeof BOUNDED_RULES)[number];

/** Facts of a family (models.md). `palimpsest.json` beside a checkpoint overrides any of them. */
export interface Family {
  /** Short name, for instance `dreamon`. */
  readonly id: string;
  /** For people, for instance `DreamOn`. */
  readonly title: string;
  /**
   * `llama`: model.layers.N.mlp.up_proj …; `starcoder2`: the same but model.layers.N.mlp.c_fc …;
   * `llada`: model.transformer.blocks.N.up_proj …; `gguf`: blk.N.ffn_up …
   */
  readonly tensorNames: 'llama' | 'llada' | 'starcoder2' | 'gguf';
  /** True where the logits at position i predict token i + 1. */
  readonly shifted: boolean;
  readonly attention: AttentionKind;
  readonly infill: InfillKind;
  readonly length: LengthControl;
  readonly tokens: Readonly<Partial<Record<SpecialTokenName, SpecialTokenSpec>>>;
  readonly sampling: Sampling;
  /** Most tokens that are worth sending, where that is less than the context (a model trained on short rows). */
  readonly window?: number;
}

/** Special tokens as this checkpoint's own tokenizer resolves them. */
export type SpecialIds = Readonly<Partial<Record<SpecialTokenName, number>>> & { readonly mask: number };

/** Token by token, from left to right, as a causal language model does. */
export function writesInOrder({ attention }: Pick<Family, 'attention'>): boolean {
  return attention.kind === 'block-causal' && attention.blockLength === 1;
}
