// Where text at the cursor is worth asking for, and what of an answer is offered there. Pure.

/** UTF-16 units. Above it each key would cost more than an offer is worth. */
const HUGE = 3_000_000;

export interface Cursor {
  readonly before: string;
  readonly after: string;
}

/** Not inside a word, and not where there is nothing to go by. */
export function isWorthAsking({ before, after }: Cursor): boolean {
  if (before.length + after.length > HUGE) return false;
  return !/^[\p{L}\p{N}_]/u.test(after) && (before.trim() !== '' || after.trim() !== '');
}

/** Each text once, best first; where code stands behind the cursor, an answer of several lines would tear its line apart. */
export function suggestionsOf(answers: readonly string[], { after }: Cursor): readonly string[] {
  const isMidLine = !/^[\s)\]}>"'`;,:]*$/.test(firstLine(after));
  const texts = answers.map((answer) => (isMidLine ? firstLine(answer) : answer));
  return [...new Set(texts.filter((text) => text.trim() !== ''))];
}

function firstLine(text: string): string {
  return text.split(/\r|\n/, 1)[0] ?? '';
}
