// Text ↔ tokens for byte-level BPE. A person's file is plain text: a special token's string in it stays text, and
// nothing is normalised, so that what is kept comes back byte for byte. See docs/decisions/tokenizer.md.

import { EngineError } from '../errors';
import { spell, unspell } from './byteLevel';
import { BytePairs } from './bytePairs';
import { own } from './json';
import { type PreTokenizer, preTokenizerOf } from './preTokenizer';
import {
  type AddedToken,
  checkAdded,
  isTokenId,
  malformed,
  type TokenizerDefinition,
} from './tokenizerFiles';
import type { EncodedText, TextTokenizer } from './types';

const NO_BYTES = new Uint8Array(0);
// A byte order mark at the start is part of the file.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Looks up a token by its exact string, added tokens first. */
export function tokenIdOf(definition: TokenizerDefinition): (text: string) => number | undefined {
  const added = new Map(definition.added.map((token) => [token.text, token.id]));
  return (text) => {
    const id = added.get(text) ?? own(definition.vocabulary, text);
    return isTokenId(id) ? id : undefined;
  };
}

export interface TokenizerOptions {
  /** Ids that are special although the files do not say so (the family's tokens). */
  readonly specials?: readonly number[];
  /** Rows of the model's embedding table: plain text must not give an id beyond them. */
  readonly vocabSize?: number;
}

/**
 * @throws EngineError `tokenizer-malformed` where the tokenizer is not byte-level BPE, `token-mismatch` where its
 * vocabulary is larger than the model's
 */
export function createTokenizer(
  definition: TokenizerDefinition,
  options: TokenizerOptions = {},
): TextTokenizer {
  return new ByteLevelTokenizer(definition, options);
}

/**
 * An added token is text only where it is not flagged special and does not look like a marker. Qwen2.5, for one,
 * flags <|fim_prefix|> as not special; runs of blanks that some tokenizers add are text.
 */
function isMarker(token: AddedToken): boolean {
  return token.special || /^\s*[<[|].*[>\]|]\s*$/s.test(token.text);
}

class ByteLevelTokenizer implements TextTokenizer {
  readonly size: number;
  private readonly preTokenize: PreTokenizer;
  private readonly addedById: ReadonlyMap<number, AddedToken>;
  private readonly specials: ReadonlySet<number>;
  private readonly specialIds: ReadonlyMap<string, number>;
  private readonly bytesOf = new Map<number, Uint8Array>();
  private readonly spellings: readonly (string | undefined)[];
  // Made at first use: opening a checkpoint to look at it must not pay for encoding.
  private pairs: BytePairs | undefined;

  constructor(
    private readonly definition: TokenizerDefinition,
    options: TokenizerOptions,
  ) {
    checkAdded(definition.added.length);
    this.preTokenize = preTokenizerOf(definition.preTokenizer);
    this.addedById = new Map(definition.added.map((token) => [token.id, token]));
    const markers = definition.added.filter(isMarker);
    this.specials = new Set([...markers.map((token) => token.id), ...(options.specials ?? [])]);
    this.specialIds = new Map(markers.map((token) => [token.text, token.id]));
    this.spellings = spellingsById(definition);
    const plainSize = this.spellings.length;
    if (plainSize === 0) throw malformed('The vocabulary is empty');
    if (options.vocabSize !== undefined && plainSize > options.vocabSize)
      throw new EngineError(
        'token-mismatch',
        `The tokenizer has ids up to ${plainSize - 1}, but the model's embedding table ends at ${options.vocabSize - 1}. The tokenizer belongs to another model.`,
        { tokenizer: plainSize, model: options.vocabSize },
      );
    this.size = definition.added.reduce((size, token) => Math.max(size, token.id + 1), plainSize);
  }

  encode(text: string): EncodedText {
    const ids: number[] = [];
    const starts: number[] = [];
    const splits: number[] = [];
    let pieceStart = 0;
    for (const piece of this.preTokenize(text)) {
      const spelling = spell(piece);
      const offsets = spelling.length === piece.length ? undefined : byteOffsets(piece, spelling.length);
      let byte = 0;
      for (const part of this.parts(spelling)) {
        ids.push(this.idOfPart(part));
        const offset = offsets ? (offsets[byte] ?? 0) : byte;
        starts.push(pieceStart + (offset < 0 ? ~offset : offset));
        splits.push(offset < 0 ? 1 : 0);
        byte += part.length;
      }
      pieceStart += piece.length;
    }
    if (pieceStart !== text.length) throw malformed('The tokenizer loses text');
    return {
      ids: Int32Array.from(ids),
      starts: Int32Array.from(starts),
      splitsCharacter: Uint8Array.from(splits),
    };
  }

  bytes(id: number): Uint8Array {
    let bytes = this.bytesOf.get(id);
    if (!bytes) {
      bytes = this.computeBytes(id);
      this.bytesOf.set(id, bytes);
    }
    return bytes;
  }

  decode(ids: ArrayLike<number>): string {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (let i = 0; i < ids.length; i++) {
      const bytes = this.bytes(ids[i] ?? -1);
      pieces.push(bytes);
      length += bytes.length;
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (const bytes of pieces) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return decoder.decode(all);
  }

  isSpecial(id: number): boolean {
    return this.specials.has(id);
  }

  specialId(text: string): number | undefined {
    const id = this.specialIds.get(text);
    if (id !== undefined) return id;
    const inVocabulary = own(this.definition.vocabulary, text);
    return isTokenId(inVocabulary) && this.specials.has(inVocabulary) ? inVocabulary : undefined;
  }

  /** Parts of a spelled piece, none of which is a special token. */
  private parts(spelling: string): readonly string[] {
    if (this.definition.ignoreMerges && this.isPlain(spelling)) return [spelling];
    this.pairs ??= new BytePairs(this.definition.merges);
    const parts = this.pairs.split(spelling);
    if (parts.every((part) => part.length === 1 || this.isPlain(part))) return parts;
    return parts.flatMap((part) => (this.isPlain(part) ? [part] : part.split('')));
  }

  private isPlain(part: string): boolean {
    const id = own(this.definition.vocabulary, part);
    return isTokenId(id) && !this.specials.has(id);
  }

  private idOfPart(part: string): number {
    const id = own(this.definition.vocabulary, part);
    if (!isTokenId(id))
      throw malformed(`The tokenizer has no token for ${JSON.stringify(part.slice(0, 40))}`);
    return id;
  }

  private computeBytes(id: number): Uint8Array {
    if (this.specials.has(id)) return NO_BYTES;
    const added = this.addedById.get(id);
    if (added) return encoder.encode(added.text);
    const spelling = this.spellings[id];
    return spelling === undefined ? NO_BYTES : (unspell(spelling) ?? NO_BYTES);
  }
}

/**
 * For each byte of a piece's UTF-8 the UTF-16 offset of its character; the complement (~offset) for a byte inside a
 * character. A lone surrogate counts as the three bytes of U+FFFD.
 */
function byteOffsets(piece: string, byteLength: number): Int32Array {
  const offsets = new Int32Array(byteLength);
  let byte = 0;
  for (let at = 0; at < piece.length; ) {
    const point = piece.codePointAt(at) ?? 0;
    const width = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    offsets[byte] = at;
    for (let inside = 1; inside < width; inside++) offsets[byte + inside] = ~at;
    byte += width;
    at += point < 0x10000 ? 1 : 2;
  }
  return offsets;
}

/** The vocabulary by id. */
function spellingsById(definition: TokenizerDefinition): readonly (string | undefined)[] {
  const { vocabulary } = definition;
  const spellings: (string | undefined)[] = [];
  // Not Object.entries: it makes an array for each of 150,000 tokens.
  for (const text in vocabulary) {
    const id = vocabulary[text];
    if (!isTokenId(id)) throw malformed('The vocabulary has an id that is not a whole number');
    spellings[id] = text;
  }
  return spellings;
}
