// The pieces that BPE never merges across, from a tokenizer.json's pre_tokenizer. Only pre-tokenizers that cut are
// accepted: one that removes or adds characters would shift every offset behind it.
import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { DeadlineError, withDeadline } from '../deadline';
import { EngineError } from '../errors';
import { show } from './fields';
import { isObject, own } from './json';
import { malformed, QWEN2_PATTERN, unsupported } from './tokenizerFiles';

/** Cuts text into pieces whose concatenation is the text. */
export type PreTokenizer = (text: string) => readonly string[];

/** The pattern of GPT-2, which ByteLevel applies by itself where `use_regex` is true. */
const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const MAX_DEPTH = 16;
/** Patterns that published models have, and that run in time proportional to the text. */
const KNOWN: ReadonlySet<string> = new Set([
  GPT2_PATTERN,
  QWEN2_PATTERN,
  // Llama 3; with `+` for `{1,3}` of iLLaDA and others.
  QWEN2_PATTERN.replace('|\\p{N}|', '|\\p{N}{1,3}|'),
  QWEN2_PATTERN.replace('|\\p{N}|', '|\\p{N}+|'),
  // The starter model.
  '\\n+[ \\t]*|\\p{N}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+| ?[^\\s\\p{L}\\p{N}]+|[ \\t]+|\\s',
  // DeepSeek-Coder: four splits, one after the other.
  '[\r\n]',
  '\\s?\\p{L}+',
  '\\s?\\p{P}+',
  '[一-龥ࠀ-一가-퟿]+',
  '\\p{N}',
  '\\p{N}+',
  '\\p{N}{1,3}',
]);
/** All others of a tokenizer together have so long for a text: two seconds, and one more for each million characters. */
const PATTERN_MILLIS = 2000;
const MILLIS_PER_CHARACTER = 0.001;
/** What patterns that take for ever have been seen to take for ever on; tried when the tokenizer is made. */
const TRIALS: readonly string[] = [...'aA0 \n_.é/('].map((character) => `${character.repeat(200)}\u0000`);

/** @throws EngineError `tokenizer-malformed` where a step is unknown, or none is ByteLevel */
export function preTokenizerOf(definition: unknown): PreTokenizer {
  const patterns: unknown[] = [];
  const byteLevel = collect(definition, patterns, 0);
  if (!byteLevel) throw unsupported('its pre-tokenizer is not byte-level');
  const splitters = patterns.map(splitter);
  let isEndless = false;
  const run = (text: string, budget = budgetFor(text)): readonly string[] => {
    if (isEndless) throw endless();
    try {
      return splitters.reduce<readonly string[]>(
        (pieces, split) => pieces.flatMap((piece) => split(piece, budget)),
        text === '' ? [] : [text],
      );
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      // It is not run again.
      isEndless = true;
      throw endless();
    }
  };
  const trial = budgetFor('');
  for (const text of TRIALS) run(text, trial);
  return (text) => run(text);
}

/** Milliseconds that are left, for all patterns and all pieces of a text. */
interface Budget {
  left: number;
}

function budgetFor({ length }: string): Budget {
  return { left: PATTERN_MILLIS + length * MILLIS_PER_CHARACTER };
}

/** Appends the patterns that cut, in order; whether a ByteLevel step is among the steps. */
function collect(definition: unknown, patterns: unknown[], depth: number): boolean {
  if (!isObject(definition) || depth > MAX_DEPTH) throw unsupported('its pre-tokenizer is not described');
  const type = own(definition, 'type');
  switch (type) {
    case 'Sequence': {
      const steps = own(definition, 'pretokenizers');
      if (!Array.isArray(steps)) throw malformed('tokenizer.json has a Sequence without pretokenizers');
      return steps.map((step) => collect(step, patterns, depth + 1)).includes(true);
    }
    case 'ByteLevel':
      // `add_prefix_space` is left out on purpose: the text would not come back as it was.
      if (own(definition, 'use_regex') !== false) patterns.push({ Regex: GPT2_PATTERN });
      return true;
    case 'Digits':
      // Rust's char::is_numeric is \p{N}.
      patterns.push({ Regex: own(definition, 'individual_digits') === true ? '\\p{N}' : '\\p{N}+' });
      return false;
    case 'Split':
      patterns.push(splitPattern(own(definition, 'behavior'), own(definition, 'invert'), definition));
      return false;
    default:
      throw unsupported(`a pre-tokenizer of type ${show(type)} is unknown`);
  }
}

function splitPattern(behaviour: unknown, invert: unknown, definition: object): unknown {
  const name = typeof behaviour === 'string' ? behaviour.toLowerCase() : '';
  // Inverted removal keeps the matches; what it would drop between them is kept here, so that no text is lost.
  const keepsAll = name === 'isolated' || (name === 'removed' && invert === true);
  if (!keepsAll) throw unsupported(`a pre-tokenizer splits as ${show(behaviour)}`);
  return 'pattern' in definition ? definition.pattern : undefined;
}

type Splitter = (text: string, budget: Budget) => string[];

/** A pattern as a function that cuts at every match and keeps everything. */
function splitter(pattern: unknown): Splitter {
  const source = isObject(pattern) ? (own(pattern, 'Regex') ?? own(pattern, 'String')) : undefined;
  if (!isObject(pattern) || typeof source !== 'string' || source === '')
    throw malformed('tokenizer.json has a split without a pattern');
  try {
    const split = new SplitPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated', invert: false });
    const plain = (text: string) => split.pre_tokenize_text(text);
    return KNOWN.has(source) ? plain : bounded(plain);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw malformed('tokenizer.json has a split pattern that cannot be used', error);
  }
}

/** A pattern is a program that the checkpoint brings: one that backtracks without end is stopped. @throws DeadlineError */
function bounded(split: (text: string) => string[]): Splitter {
  return (text, budget) => {
    const begun = performance.now();
    try {
      return withDeadline(Math.max(1, Math.ceil(budget.left)), () => split(text));
    } finally {
      budget.left -= performance.now() - begun;
    }
  };
}

function endless(): EngineError {
  return new EngineError(
    'tokenizer-malformed',
    'tokenizer.json has a split pattern that never finishes on ordinary text. Do not use this checkpoint.',
  );
}
