// Hugging Face's own tokenizer, the native package `tokenizers`, given what our tokenizer is given: the oracle of its test
// and its contender in the bench. Never part of the extension (docs/decisions/tokenizer.md).
import { type Encoding, Tokenizer } from 'tokenizers';
import { isObject, type JsonObject } from '../../engine/checkpoint/json';
import type { EncodedText } from '../../engine/checkpoint/types';

/**
 * A tokenizer.json as plain text is encoded: without added tokens, normaliser and post-processor, and without a blank in
 * front that the text does not have.
 */
export function plain(json: JsonObject): JsonObject {
  return {
    ...json,
    added_tokens: [],
    normalizer: null,
    post_processor: null,
    truncation: null,
    padding: null,
    pre_tokenizer: withoutPrefix(json['pre_tokenizer']),
  };
}

function withoutPrefix(step: unknown): unknown {
  if (!isObject(step)) return step;
  const steps = step['pretokenizers'];
  if (Array.isArray(steps)) return { ...step, pretokenizers: steps.map(withoutPrefix) };
  return step['type'] === 'ByteLevel' ? { ...step, add_prefix_space: false } : step;
}

export class NativeTokenizer {
  private constructor(private readonly tokenizer: Tokenizer) {}

  static of(json: JsonObject): NativeTokenizer {
    return new NativeTokenizer(Tokenizer.fromString(JSON.stringify(plain(json))));
  }

  /** The package encodes in a thread of its own only: there is no synchronous call. */
  async encode(text: string): Promise<EncodedText> {
    return inUtf16(await this.tokenizer.encode(text, null, { addSpecialTokens: false }), text);
  }
}

/**
 * The package counts in code points. A token that begins inside a character has the character's own start there: it is one
 * that begins before the token in front of it has ended.
 */
function inUtf16(encoding: Encoding, text: string): EncodedText {
  const ids = Int32Array.from(encoding.getIds());
  const starts = new Int32Array(ids.length);
  const splitsCharacter = new Uint8Array(ids.length);
  let points = 0;
  let units = 0;
  let end = 0;
  const offsets = encoding.getOffsets();
  for (let token = 0; token < offsets.length; token++) {
    const from = offsets[token]?.[0] ?? 0;
    for (; points < from; points++) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
    starts[token] = units;
    splitsCharacter[token] = from < end ? 1 : 0;
    end = offsets[token]?.[1] ?? 0;
  }
  return { ids, starts, splitsCharacter };
}
