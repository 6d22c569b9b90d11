// The tokenizer inside a GGUF file, as the definition that tokenizer.json gives (tokenizerFiles.ts).
import { EngineError } from '../errors';
import { show } from './fields';
import type { GgufHeader, GgufValue } from './ggufHeader';
import { preTokenization } from './ggufPreTokenizers';
import type { JsonObject } from './json';
import { type AddedToken, malformed, type TokenizerDefinition, unsupported } from './tokenizerFiles';

/** Kinds of tokens (llama.cpp's llama.h). */
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

/** @throws EngineError `tokenizer-malformed` */
export function readVocabulary({ metadata }: Pick<GgufHeader, 'metadata'>): TokenizerDefinition {
  const model = metadata.get('tokenizer.ggml.model');
  if (model === undefined || model === 'none' || model === 'no_vocab') {
    throw new EngineError(
      'tokenizer-malformed',
      'The GGUF file has no tokenizer. Use a file that was converted with one.',
    );
  }
  if (model !== 'gpt2') throw unsupported(`the model is ${show(model)}`);
  const { definition, ignoreMerges } = preTokenization(metadata.get('tokenizer.ggml.pre'));
  const tokens = strings(metadata.get('tokenizer.ggml.tokens'), 'tokens');
  const merges = strings(metadata.get('tokenizer.ggml.merges'), 'merges');
  const kinds = metadata.get('tokenizer.ggml.token_type');
  if (!Array.isArray(kinds) || kinds.length !== tokens.length)
    throw malformed('The GGUF file does not say for each token what kind it is');
  // Without a prototype, so that no token's text is anything special.
  const vocabulary: Record<string, number> = Object.create(null);
  const added: AddedToken[] = [];
  for (const [id, text] of tokens.entries()) {
    const kind = kinds[id];
    if (kind === NORMAL) vocabulary[text] ??= id;
    else if (kind === CONTROL || kind === USER_DEFINED) added.push({ text, id, special: kind === CONTROL });
    else if (kind !== UNUSED) throw malformed(`The GGUF file has a token of the unknown kind ${show(kind)}`);
  }
  return {
    ...{ vocabulary, merges, ignoreMerges, added },
    preTokenizer: definition,
    normaliser: undefined,
    addsBos: metadata.get('tokenizer.ggml.add_bos_token') === true,
  };
}

function strings(value: GgufValue | undefined, name: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw malformed(`The GGUF file has no list of ${name} (tokenizer.ggml.${name})`);
  return value;
}

/** What tokenizer_config.json would say of the chat template. */
export function chatConfig({ metadata }: Pick<GgufHeader, 'metadata'>): JsonObject {
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const textOf = (key: string) => {
    const id = metadata.get(`tokenizer.ggml.${key}_token_id`);
    const text = Array.isArray(tokens) && typeof id === 'number' ? tokens[id] : undefined;
    return typeof text === 'string' ? { [`${key}_token`]: text } : {};
  };
  const template = metadata.get('tokenizer.chat_template');
  return {
    ...(typeof template === 'string' ? { chat_template: template } : {}),
    ...textOf('bos'),
    ...textOf('eos'),
    ...textOf('mask'),
  };
}
