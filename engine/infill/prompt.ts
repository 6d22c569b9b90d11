// A span put before a model that answers: the code around it, the part that is meant, what is wanted, and the answer begun as
// a fenced block, so that what comes is code (models.md, "Instruct prompt").
import { fenceFor, labelOf } from '../candidates/answer/fences';
import { CLOSE, OPEN } from '../candidates/answer/marks';
import type { ChatLayout, TextTokenizer } from '../checkpoint/types';
import type { HoleContext } from '../denoiser';

export interface PromptFacts {
  readonly tokenizer: TextTokenizer;
  readonly chat: ChatLayout;
}

export interface PromptParts {
  /** Text before the span, in it, and behind it, as far as the model is to see it. */
  readonly before: string;
  readonly selected: string;
  readonly after: string;
  /** VS Code's language id. */
  readonly language?: string | undefined;
  /** What is wanted, in a person's words. */
  readonly instruction?: string | undefined;
  /** Longer than any in the text; absent: as the parts need it. */
  readonly fence?: string | undefined;
}

/**
 * The tokens up to where the answer begins; nothing stands behind it. `isLongest`: in the layout that takes the most tokens,
 * whatever stands around the span.
 */
export function promptContext(
  { tokenizer, chat }: PromptFacts,
  parts: PromptParts,
  isLongest = false,
): HoleContext {
  const encode = (text: string) => tokenizer.encode(text).ids;
  const { fence, label } = fenceOf(parts);
  // Not `Int32Array.of`: a window of a hundred thousand tokens is more than a call takes.
  return {
    before: Int32Array.from([
      ...chat.before,
      ...encode(question(parts, isLongest)),
      ...chat.after,
      ...encode(`${fence}${label}\n`),
    ]),
    after: new Int32Array(0),
  };
}

/** Most tokens that the prompt adds to the text around a span. */
export function promptTokens(facts: PromptFacts, parts: Omit<PromptParts, 'before' | 'after'>): number {
  return promptContext(facts, { ...parts, before: '', after: '' }, true).before.length;
}

function fenceOf({ fence, before, selected, after, instruction = '', language = '' }: PromptParts) {
  return { fence: fence ?? fenceFor(before, selected, after, instruction), label: labelOf(language) };
}

/** What is asked, without the template around it. */
export function question(parts: PromptParts, isLongest = false): string {
  const { before, selected, after, instruction } = parts;
  const { fence, label } = fenceOf(parts);
  const block = (code: string) => `${fence}${label}\n${code.replace(/\n$/, '')}\n${fence}`;
  const wanted = instruction?.trim() || 'It has to fit the code around it.';
  if (selected.trim() === '') {
    return [
      block(`${before}${OPEN}${CLOSE}${after}`),
      `Write the code that belongs between ${OPEN} and ${CLOSE}.`,
      wanted,
      'Answer with that code, in one fenced block, without anything else.',
    ].join('\n\n');
  }
  const part = dedented(before, selected);
  const isWhole = !isLongest && before.trim() === '' && after.trim() === '';
  const isMarked = isLongest || (!isWhole && timesIn(before + selected + after, selected) > 1);
  const where = isMarked ? `between ${OPEN} and ${CLOSE} above` : 'of the code above';
  return [
    ...(isWhole
      ? []
      : [block(isMarked ? `${before}${OPEN}${selected}${CLOSE}${after}` : before + selected + after)]),
    isWhole ? 'Edit this code:' : `Edit only this part ${where}:`,
    block(part),
    `Instruction: ${wanted}`,
    `Answer with the whole ${isWhole ? 'changed code' : 'changed part'}, in one fenced block, without anything else.`,
  ].join('\n\n');
}

/** The span as it would stand at the margin. */
function dedented(before: string, selected: string): string {
  const standing = /(?:^|[\r\n])([ \t]*)$/.exec(before)?.[1] ?? '';
  const lines = (standing + selected).split('\n');
  const depths = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '');
  const shared = depths.reduce((one, other) =>
    other.startsWith(one) ? one : one.startsWith(other) ? other : '',
  );
  return lines
    .map((line) => (line.startsWith(shared) ? line.slice(shared.length) : line.trimStart()))
    .join('\n');
}

function timesIn(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0 && count < 2; at = text.indexOf(part, at + 1)) count++;
  return count;
}
