// `tokenizer.ggml.pre` names how text is cut before byte pairs merge; the file does not carry the patterns themselves.
// These are the published tokenizer.json's own. A wrong one gives other tokens without any error, so an unknown name
// is refused.
import { EngineError } from '../errors';
import { show } from './fields';

export interface PreTokenization {
  /** As tokenizer.json's `pre_tokenizer`. */
  readonly definition: unknown;
  /** A piece that is a token as a whole is that token, whatever the merges say. */
  readonly ignoreMerges: boolean;
}

const split = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});
const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
const GPT2 = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
const SINGLE_DIGITS = { type: 'Digits', individual_digits: true };

function sequence(...pretokenizers: readonly unknown[]): PreTokenization {
  return { definition: { type: 'Sequence', pretokenizers }, ignoreMerges: false };
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const BLANKS = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const QWEN2 = sequence(split(`${CONTRACTIONS}|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${BLANKS}`), BYTE_LEVEL);
const LLAMA3 = {
  ...sequence(split(`${CONTRACTIONS}|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${BLANKS}`), BYTE_LEVEL),
  ignoreMerges: true,
};
const SEED_CODER = sequence(
  split(`${CONTRACTIONS}|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|${BLANKS}`),
  BYTE_LEVEL,
);
const DEEPSEEK_CODER = sequence(
  split('[\\r\\n]'),
  split('\\s?\\p{L}+'),
  split('\\s?\\p{P}+'),
  split('[一-龥ࠀ-一가-\uD7FF]+'),
  SINGLE_DIGITS,
  BYTE_LEVEL,
);
const STARCODER = sequence(SINGLE_DIGITS, GPT2);

const KNOWN: ReadonlyMap<string, PreTokenization> = new Map([
  ['gpt-2', sequence(GPT2)],
  ['olmo', sequence(GPT2)],
  ['qwen2', QWEN2],
  ['deepseek-r1-qwen', QWEN2],
  ['stablelm2', QWEN2],
  ['llama-bpe', LLAMA3],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['seed-coder', SEED_CODER],
  ['deepseek-coder', DEEPSEEK_CODER],
  ['starcoder', STARCODER],
  ['smollm', STARCODER],
  ['refact', STARCODER],
  ['codeshell', STARCODER],
]);

/** @throws EngineError `tokenizer-malformed` that names the value */
export function preTokenization(name: unknown): PreTokenization {
  const found = typeof name === 'string' ? KNOWN.get(name) : undefined;
  if (found) return found;
  const what =
    name === undefined
      ? 'does not say how its tokenizer splits text (tokenizer.ggml.pre is missing)'
      : `has a tokenizer that splits text as ${show(name)}`;
  throw new EngineError(
    'tokenizer-malformed',
    `The GGUF file ${what}. Palimpsest knows ${[...KNOWN.keys()].join(', ')}. Use the model's original folder with its tokenizer.json instead.`,
    { pre: name },
  );
}
