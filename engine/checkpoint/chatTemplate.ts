// How a checkpoint wants a conversation put before it: its own chat template, rendered once with a place for the message.
import { isObject, type JsonObject } from './json';
import { renderInProcess, type TemplateAnswer } from './templateProcess';
import type { ChatLayout, TextTokenizer } from './types';

/** Stand for the message and the answer while the template is rendered; no template and no tokenizer has them. */
const MESSAGE = '\u0001message\u0001';
const ANSWER = '\u0001answer\u0001';
/** Strings that look like special tokens; whether they are is the tokenizer's to say. */
const SPECIAL = /<\|[^|<>\s]+\|>|<\[[^\][]+\]>|\|<[^|<>\s]+>\||<\/?[a-z_]+>/giu;

export interface FoundLayout {
  /** Absent where the checkpoint has no chat template, or one that cannot be used. */
  readonly chat?: ChatLayout;
  /** Sentences about a template that is there and is not used. */
  readonly remarks: readonly string[];
}

/** The tokens around one message of a person, up to where the answer begins. */
export async function chatLayout(
  tokenizerConfig: JsonObject | undefined,
  templateFile: string | undefined,
  tokenizer: TextTokenizer,
): Promise<FoundLayout> {
  const source = chatTemplateOf(tokenizerConfig, templateFile);
  if (source === undefined) return { remarks: [] };
  const rendered = await render(source, tokenizerConfig ?? {});
  if ('reason' in rendered)
    return { remarks: [`Its chat template ${rendered.reason}: it takes no instruction.`] };
  const [asked = '', answered = ''] = rendered.texts;
  const [before, after, ...more] = asked.split(MESSAGE);
  if (before === undefined || after === undefined || more.length > 0)
    return { remarks: ['Its chat template does not repeat a message once: it takes no instruction.'] };
  const end = endToken(answered, tokenizer);
  return {
    chat: {
      before: encode(before, tokenizer),
      after: encode(after, tokenizer),
      ...(end === undefined ? {} : { end }),
    },
    remarks: [],
  };
}

/** The token that ends an answer, as the template writes an earlier one. */
function endToken(conversation: string, tokenizer: TextTokenizer): number | undefined {
  const [, behind = ''] = conversation.split(ANSWER);
  for (const [text] of behind.matchAll(SPECIAL)) {
    const id = tokenizer.specialId(text);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** A checkpoint's chat template, in a file of its own or in tokenizer_config.json. */
export function chatTemplateOf(
  tokenizerConfig: JsonObject | undefined,
  templateFile: string | undefined,
): string | undefined {
  return templateFile ?? templateOf(tokenizerConfig?.['chat_template']);
}

/** One template, or several by name of which one is the default. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const found = value.find((entry) => isObject(entry) && entry['name'] === 'default');
  const template = isObject(found) ? found['template'] : undefined;
  return typeof template === 'string' ? template : undefined;
}

function render(source: string, config: JsonObject): Promise<TemplateAnswer> {
  const shared = {
    bos_token: tokenText(config['bos_token']),
    eos_token: tokenText(config['eos_token']),
    // Models that reason aloud when they are let: an edit wants the code alone.
    enable_thinking: false,
  };
  const question = { role: 'user', content: MESSAGE };
  const answer = { role: 'assistant', content: ANSWER };
  return renderInProcess({
    source,
    values: [
      { ...shared, messages: [question], add_generation_prompt: true },
      { ...shared, messages: [question, answer], add_generation_prompt: false },
    ],
  });
}

function tokenText(value: unknown): string {
  const text = isObject(value) ? value['content'] : value;
  return typeof text === 'string' ? text : '';
}

function encode(text: string, tokenizer: TextTokenizer): readonly number[] {
  const pieces: (readonly number[])[] = [];
  let from = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const id = tokenizer.specialId(match[0]);
    if (id === undefined) continue;
    pieces.push([...tokenizer.encode(text.slice(from, match.index)).ids, id]);
    from = match.index + match[0].length;
  }
  pieces.push([...tokenizer.encode(text.slice(from)).ids]);
  return pieces.flat();
}
