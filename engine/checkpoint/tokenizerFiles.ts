// The tokenizer's files, read into one definition: tokenizer.json, or vocab.json and merges.txt of the repositories
// (Dream, DreamOn, DiffuCoder) that have only those.
import path from 'node:path';
import { EngineError } from '../errors';
import { brief, show } from './fields';
import { isObject, type JsonLimits, type JsonObject, own, readSmallFile, refuseExcess } from './json';

/** The largest known has 34 MB, of 2.2 million keys and values (Gemma, whose merges are pairs). */
const MAX_BYTES = 64_000_000;
const LIMITS: JsonLimits = { depth: 64, parts: 3_000_000 };
const MAX_ID = 1 << 24;
/** The largest known has 515,000. */
const MAX_MERGES = 2_000_000;
/** Three times as many as the largest known has. */
const MAX_ADDED = 20_000;

export interface AddedToken {
  readonly text: string;
  readonly id: number;
  readonly special: boolean;
}

/** What the tokenizer needs, whichever files it came from. */
export interface TokenizerDefinition {
  /** Byte-level string → id. Own properties only. */
  readonly vocabulary: JsonObject;
  readonly merges: readonly unknown[];
  readonly preTokenizer: unknown;
  /** What tokenizer.json would do to a text first; nothing here does it (docs/decisions/tokenizer.md). */
  readonly normaliser: unknown;
  readonly ignoreMerges: boolean;
  readonly added: readonly AddedToken[];
  /** Whether the tokenizer puts its bos token in front of a text by itself. */
  readonly addsBos: boolean;
}

/** The pattern of Qwen2's slow tokenizer, which tokenizer_config.json leaves to the class (Qwen2Tokenizer). */
export const QWEN2_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const QWEN2_CLASSES = ['Qwen2Tokenizer', 'Qwen2TokenizerFast', 'DreamTokenizer'];

/** @throws EngineError `checkpoint-missing`, `tokenizer-malformed` */
export async function readTokenizerDefinition(
  folder: string,
  tokenizerConfig: JsonObject | undefined,
): Promise<TokenizerDefinition> {
  const json = await readTokenizerJson(path.join(folder, 'tokenizer.json'));
  if (json) return fromTokenizerJson(json, tokenizerConfig);
  const vocabulary = await readTokenizerJson(path.join(folder, 'vocab.json'));
  const merges = await readSmallFile(path.join(folder, 'merges.txt'), MAX_BYTES, 'tokenizer-malformed');
  if (vocabulary && merges) return fromVocabulary(vocabulary, merges, tokenizerConfig);
  throw new EngineError(
    'checkpoint-missing',
    `${path.basename(folder)} contains neither tokenizer.json nor vocab.json with merges.txt. Finish the download of this model.`,
    { folder },
  );
}

/** Without the check for repeated keys: ten megabytes whose duplicates could only rename tokens. */
async function readTokenizerJson(file: string): Promise<JsonObject | undefined> {
  const bytes = await readSmallFile(file, MAX_BYTES, 'tokenizer-malformed');
  if (!bytes) return undefined;
  refuseExcess(bytes, file, 'tokenizer-malformed', LIMITS);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw malformed(`${path.basename(file)} is not valid JSON`, error);
  }
  if (!isObject(value)) throw malformed(`${path.basename(file)} does not contain a JSON object`);
  return value;
}

export function malformed(what: string, cause?: unknown): EngineError {
  return new EngineError('tokenizer-malformed', `${what}. Download the tokenizer again.`, {}, { cause });
}

export function fromTokenizerJson(
  json: JsonObject,
  tokenizerConfig: JsonObject | undefined,
): TokenizerDefinition {
  const model = own(json, 'model');
  const type = isObject(model) ? own(model, 'type') : undefined;
  if (!isObject(model) || (type !== undefined && type !== 'BPE'))
    throw unsupported(`its model is ${type === undefined ? 'not described' : show(type)}`);
  const vocabulary = own(model, 'vocab');
  const merges = own(model, 'merges');
  if (!isObject(vocabulary) || !Array.isArray(merges))
    throw malformed('tokenizer.json has no vocabulary or no merges');
  if (merges.length > MAX_MERGES) throw malformed(`tokenizer.json has more than ${MAX_MERGES} merges`);
  return {
    vocabulary,
    merges,
    preTokenizer: own(json, 'pre_tokenizer'),
    normaliser: own(json, 'normalizer'),
    ignoreMerges: own(model, 'ignore_merges') === true,
    added: mergeAdded(addedTokens(own(json, 'added_tokens')), addedFromConfig(tokenizerConfig)),
    addsBos: addsBos(own(json, 'post_processor'), tokenizerConfig),
  };
}

/** Classes of tokenizers that rebuild the post-processor from `add_bos_token`, which they take for true where it is absent. */
const REBUILDING = /^(Code)?LlamaTokenizer/;

/** As transformers has it: its Llama classes go by tokenizer_config.json, all others by the post-processor that is stored. */
function addsBos(postProcessor: unknown, tokenizerConfig: JsonObject | undefined): boolean {
  const stated = tokenizerConfig && own(tokenizerConfig, 'add_bos_token');
  const name = tokenizerConfig && own(tokenizerConfig, 'tokenizer_class');
  if (typeof name === 'string' && REBUILDING.test(name)) return stated !== false;
  return isObject(postProcessor) ? opensWithToken(postProcessor) : stated === true;
}

const MOST_PROCESSORS = 16;

/** Whether a post-processor, or one of a sequence, puts a special token before a single text. */
function opensWithToken(processor: JsonObject): boolean {
  const members = own(processor, 'processors');
  const all = Array.isArray(members) ? members.slice(0, MOST_PROCESSORS) : [processor];
  return all.some((one) => {
    const single =
      isObject(one) && own(one, 'type') === 'TemplateProcessing' ? own(one, 'single') : undefined;
    const first: unknown = Array.isArray(single) ? single[0] : undefined;
    return isObject(first) && own(first, 'SpecialToken') !== undefined;
  });
}

export function unsupported(why: string): EngineError {
  return new EngineError(
    'tokenizer-malformed',
    `Only byte-level BPE tokenizers are supported, because text must be reproduced exactly. In this one, ${why}.`,
  );
}

function lineEnds(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count++;
  return count;
}

function fromVocabulary(
  vocabulary: JsonObject,
  merges: Buffer,
  tokenizerConfig: JsonObject | undefined,
): TokenizerDefinition {
  const name = tokenizerConfig ? own(tokenizerConfig, 'tokenizer_class') : undefined;
  if (typeof name !== 'string' || !QWEN2_CLASSES.includes(name))
    throw unsupported(`there is no tokenizer.json, and its class ${show(name)} is unknown`);
  // Counted before they are cut up: two bytes of a line become a string of thirty.
  if (lineEnds(merges) > MAX_MERGES) throw malformed(`merges.txt has more than ${MAX_MERGES} merges`);
  return {
    vocabulary,
    merges: merges
      .toString('utf8')
      .split(/\r?\n/)
      .filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version'))),
    preTokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: QWEN2_PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ],
    },
    normaliser: undefined,
    ignoreMerges: false,
    added: addedFromConfig(tokenizerConfig),
    addsBos: addsBos(undefined, tokenizerConfig),
  };
}

/** @throws EngineError `tokenizer-malformed` where there are more than any tokenizer has */
export function checkAdded(count: number): void {
  if (count > MAX_ADDED) throw malformed(`The tokenizer has more than ${MAX_ADDED} added tokens`);
}

function addedTokens(value: unknown): readonly AddedToken[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed('tokenizer.json has added_tokens that are not a list');
  checkAdded(value.length);
  return value.map((entry) => {
    const text = isObject(entry) ? own(entry, 'content') : undefined;
    const id = isObject(entry) ? own(entry, 'id') : undefined;
    if (!isObject(entry) || typeof text !== 'string' || !isTokenId(id))
      throw malformed('tokenizer.json has an added token without content or id');
    return { text, id, special: own(entry, 'special') === true };
  });
}

/** `added_tokens_decoder` of tokenizer_config.json: id → token. */
function addedFromConfig(tokenizerConfig: JsonObject | undefined): readonly AddedToken[] {
  const decoder = tokenizerConfig ? own(tokenizerConfig, 'added_tokens_decoder') : undefined;
  if (!isObject(decoder)) return [];
  checkAdded(Object.keys(decoder).length);
  return Object.entries(decoder).map(([key, entry]) => {
    const text = isObject(entry) ? own(entry, 'content') : undefined;
    const id = Number(key);
    if (!isObject(entry) || typeof text !== 'string' || !isTokenId(id))
      throw malformed('tokenizer_config.json has an added token without content or id');
    return { text, id, special: own(entry, 'special') === true };
  });
}

/** tokenizer.json decides; what only tokenizer_config.json has is added; a disagreement is refused. */
function mergeAdded(first: readonly AddedToken[], other: readonly AddedToken[]): readonly AddedToken[] {
  const byText = new Map(first.map((token) => [token.text, token]));
  const extra: AddedToken[] = [];
  for (const token of other) {
    const known = byText.get(token.text);
    if (!known) extra.push(token);
    else if (known.id !== token.id)
      throw new EngineError(
        'token-mismatch',
        `The token ${brief(token.text)} has the id ${known.id} in tokenizer.json, but ${token.id} in tokenizer_config.json. Download both again.`,
        { token: brief(token.text), id: known.id, other: token.id },
      );
  }
  return [...first, ...extra];
}

export function isTokenId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MAX_ID;
}
