// A span put before a model that only answers: the file around it, the span marked, what is wanted, and the answer begun as
// a fenced block, so that what comes is code (models.md, "Instruct prompt").
import type { ChatLayout, TextTokenizer } from '../checkpoint/types';
import type { HoleContext } from '../denoiser';

const OPEN = '<rewrite>';
const CLOSE = '</rewrite>';
const FENCE = '```';

export interface PromptFacts {
  readonly tokenizer: TextTokenizer;
  readonly chat: ChatLayout;
}

export interface PromptParts {
  /** Token ids before the span, in it, and behind it. */
  readonly before: ArrayLike<number>;
  readonly selected: ArrayLike<number>;
  readonly after: ArrayLike<number>;
  /** VS Code's language id. */
  readonly language?: string | undefined;
  /** What is wanted, in a person's words. */
  readonly instruction?: string | undefined;
}

/** The tokens up to where the answer begins; nothing follows it. */
export function promptContext({ tokenizer, chat }: PromptFacts, parts: PromptParts): HoleContext {
  const { before, selected, after, language = '', instruction } = parts;
  const encode = (text: string) => tokenizer.encode(text).ids;
  return {
    // Not `Int32Array.of`: a window of a hundred thousand tokens is more than a call takes.
    before: Int32Array.from([
      ...chat.before,
      ...encode(`${request(selected.length > 0, instruction)}\n\n${FENCE}${language}\n`),
      ...Array.from(before),
      ...encode(OPEN),
      ...Array.from(selected),
      ...encode(CLOSE),
      ...Array.from(after),
      ...encode(`\n${FENCE}`),
      ...chat.after,
      ...encode(`${FENCE}${language}\n`),
    ]),
    after: new Int32Array(0),
  };
}

function request(hasText: boolean, instruction: string | undefined): string {
  const what = hasText
    ? `Rewrite the code between ${OPEN} and ${CLOSE}.`
    : `Write the code that belongs between ${OPEN} and ${CLOSE}.`;
  const how = instruction?.trim() || 'It has to fit the code around it.';
  return `${what} ${how} Answer with that code alone, in one fenced block.`;
}

/** The answer up to the fence that closes its block; all of it where none does. */
export function unfenced(text: string): string {
  const fence = /(^|\r?\n)[ \t]*```/.exec(text);
  return fence === null ? text : text.slice(0, fence.index);
}

/** Tokens that the prompt adds to the text around a span. */
export function promptTokens(facts: PromptFacts, parts: Omit<PromptParts, 'before' | 'after'>): number {
  return promptContext(facts, { ...parts, before: [], after: [] }).before.length;
}
