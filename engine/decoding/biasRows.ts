// What may come at a cell, as rows of additive logit biases: special tokens never (unless the length is theirs to
// decide), and at a hole's borders only what keeps the characters that the borders cut through (token healing).
import type { SpecialIds } from '../checkpoint/family';
import type { LogitBias } from '../denoiser';
import { NO_BYTES, type TokenTable } from './tokenTable';

/** What one cell has to respect. */
export interface CellRule {
  /** Whether the token that becomes two masks may come. */
  readonly expand: boolean;
  readonly delete: boolean;
  readonly end: boolean;
  /** Bytes that the token must begin with. */
  readonly head: Uint8Array;
  /** Whether it may be a piece of `head` that the next cell completes; that cell must end with `nextTail`. */
  readonly carry: boolean;
  readonly nextTail: Uint8Array;
  /** Bytes that the token must end with. */
  readonly tail: Uint8Array;
}

/** Finite, for softmax must not see a row of infinities (models.md, pitfalls). */
export const FORBIDDEN = -1e9;

/** The tokens that decide about length, as far as this checkpoint has them and the request uses them. */
export interface LengthTokens {
  readonly expand: number | undefined;
  readonly delete: number | undefined;
  readonly end: number | undefined;
  /**
   * All that end an answer, `end` first: a chat model that fills a block behind its end may do so with another token, and a model
   * of whole repositories may go on with the next file.
   */
  readonly ends: readonly number[];
}

/** One row for each distinct rule, made once: the graph is sent identical objects once. */
export class BiasRows {
  private readonly rows = new Map<string, LogitBias>();
  private readonly fallbacks = new Map<LogitBias, number>();
  private readonly base: LogitBias;

  /** `vocabulary`: logits a row has, at least the tokenizer's ids. `endBias`: added to the end token's logit. */
  constructor(
    private readonly table: TokenTable,
    private readonly vocabulary: number,
    private readonly specials: SpecialIds,
    private readonly lengthTokens: LengthTokens,
    private readonly endBias: number,
  ) {
    this.base = new Float32Array(vocabulary).fill(FORBIDDEN);
    const known = Math.min(vocabulary, table.plain.length);
    for (let id = 0; id < known; id++) if (table.plain[id]) this.base[id] = 0;
    for (const id of this.specialIds()) this.base[id] = FORBIDDEN;
  }

  row(rule: CellRule): LogitBias {
    const key = keyOf(rule);
    const known = this.rows.get(key);
    if (known) return known;
    const made = this.make(rule);
    this.rows.set(key, made);
    return made;
  }

  allows(row: LogitBias, token: number): boolean {
    return (row[token] ?? FORBIDDEN) > FORBIDDEN / 2;
  }

  /** Some ordinary token that the row allows, for a model that offers none; undefined where there is none. */
  fallback(row: LogitBias): number | undefined {
    let id = this.fallbacks.get(row);
    if (id === undefined) {
      id = row.findIndex((bias, token) => bias === 0 && !this.isLengthToken(token));
      this.fallbacks.set(row, id);
    }
    return id < 0 ? undefined : id;
  }

  private isLengthToken(token: number): boolean {
    const { expand, delete: remove, ends } = this.lengthTokens;
    return token === expand || token === remove || ends.includes(token);
  }

  private make(rule: CellRule): LogitBias {
    const row = this.border(rule) ?? this.base.slice();
    const { expand, delete: remove, ends } = this.lengthTokens;
    if (rule.expand && expand !== undefined) row[expand] = 0;
    if (rule.delete && remove !== undefined) row[remove] = 0;
    if (rule.end) for (const end of ends) row[end] = this.endBias;
    return row;
  }

  /** A border that no token can keep is let go, the tail first: its characters are easier to repair. */
  private border(rule: CellRule): LogitBias | undefined {
    for (const [head, tail] of [
      [rule.head, rule.tail],
      [rule.head, NO_BYTES],
      [NO_BYTES, rule.tail],
    ] as const) {
      if (head.length === 0 && tail.length === 0) continue;
      const ids = this.keeping(rule, head, tail);
      if (ids.length === 0) continue;
      const row = new Float32Array(this.vocabulary).fill(FORBIDDEN);
      for (const id of ids) row[id] = 0;
      return row;
    }
    return undefined;
  }

  private keeping(rule: CellRule, head: Uint8Array, tail: Uint8Array): number[] {
    const whole = this.table.matching(head, tail);
    return [...whole, ...(rule.carry ? this.pieces(head, rule.nextTail) : [])].filter(
      (id) => this.base[id] === 0,
    );
  }

  /** Tokens that are a beginning of `head` such that one more token can complete it. */
  private pieces(head: Uint8Array, nextTail: Uint8Array): number[] {
    const found: number[] = [];
    for (let length = 1; length < head.length; length++) {
      if (this.table.has(head.subarray(length), nextTail))
        found.push(...this.table.exactly(head.subarray(0, length)));
    }
    return found;
  }

  private specialIds(): number[] {
    return Object.values(this.specials).filter((id) => id < this.vocabulary);
  }
}

function keyOf(rule: CellRule): string {
  const flags = [rule.expand, rule.delete, rule.end, rule.carry].map(Number).join('');
  return `${flags}|${rule.head.join()}|${rule.nextTail.join()}|${rule.tail.join()}`;
}
