// What is known of a family beside its facts: how its published checkpoint can be told to be whole.
import type { Family, SpecialTokenSpec } from './family';

/** A family and what is known of its published checkpoint. */
export interface KnownFamily {
  readonly family: Family;
  /** Sizes of the embedding table for which the ids in `family.tokens` hold. */
  readonly publishedVocabSizes: readonly number[];
  /** The context that the model was trained for, where config.json claims more. */
  readonly contextLimit?: number;
  /** Whether every layer has query and key norms: their absence is then an incomplete checkpoint. */
  readonly qkNorm?: boolean;
  /** Whether query, key and value have biases, likewise. */
  readonly qkvBias?: boolean;
}

export function token(text: string, id?: number, required = false): SpecialTokenSpec {
  return id === undefined ? { text, required } : { text, id, required };
}
