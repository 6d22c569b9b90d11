// A hole put before a model that only answers, and what of its answer is code. The server puts the model's own template around it.
import type { FillRequest } from './backend';

const OPEN = '<rewrite>';
const CLOSE = '</rewrite>';

export function chatPrompt({ before, selected, after, language = '', instruction }: FillRequest): string {
  const fence = fenceFor(before + selected + after);
  const what =
    selected === ''
      ? `Write the code that belongs between ${OPEN} and ${CLOSE}.`
      : `Rewrite the code between ${OPEN} and ${CLOSE}.`;
  const how = instruction?.trim() || 'It has to fit the code around it.';
  return [
    `${what} ${how} Answer with that code alone, in one fenced block.`,
    `${fence}${language}\n${before}${OPEN}${selected}${CLOSE}${after}\n${fence}`,
  ].join('\n\n');
}

/** The first fenced block; undefined where there is none, or where it breaks off. */
export function codeIn(answer: string): string | undefined {
  const [, fence, rest] = /(?:^|\n)[ \t]*(`{3,}|~{3,})[^\n`]*\n([\s\S]*)$/.exec(answer) ?? [];
  if (fence === undefined || rest === undefined) return undefined;
  const end = new RegExp(`(^|\\n)[ \\t]*${fence}[ \\t]*(\\n|$)`).exec(rest);
  if (end === null) return undefined;
  return rest.slice(0, end.index).replace(OPEN, '').replace(CLOSE, '');
}

/** Longer than any fence in the text. */
function fenceFor(text: string): string {
  let longest = 2;
  for (const [, run = ''] of text.matchAll(/^[ \t]*(`{3,})/gm)) longest = Math.max(longest, run.length);
  return '`'.repeat(longest + 1);
}
