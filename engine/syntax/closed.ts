// Half-written code as it may go on: what it opens is closed, so that a grammar can say whether it is code at all. Pure.

const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
/** Those of several lines may have no end yet. */
const STRING =
  /("""|''')[\s\S]*?(\1|$)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*(`|$)|\/\*[\s\S]*?(\*\/|$)|(^|\s)(\/\/|#\s)[^\n]*/g;
/** Python. */
const OPENS_BLOCK = /:[ \t]*$/;
const LAST_COMMENT = /\s#[^\n]*$/;
const OWN_COMMENT = /(^|\n)[ \t]*#[^\n]*$/;

/** `text` and what closes its brackets and quotes, and its block where that has no brackets. Undefined where nothing is open. */
export function closed(text: string, languageId: string): string | undefined {
  let quote = '';
  const code = text.replace(STRING, (found, tripled?: string, end?: string, tick?: string, star?: string) => {
    if (tripled !== undefined && end === '') quote = tripled;
    if (found.startsWith('`') && tick === '') quote = '`';
    if (found.startsWith('/*') && star === '') quote = '*/';
    return ' ';
  });
  const open: string[] = [];
  for (const character of code) {
    if (CLOSERS[character] !== undefined) open.push(CLOSERS[character]);
    else if (character === open.at(-1)) open.pop();
  }
  // A comment on a line of its own stands where the block's body would: that is no beginning of one.
  const isBlock =
    languageId === 'python' && open.length === 0 && OPENS_BLOCK.test(code) && !OWN_COMMENT.test(text);
  if (isBlock) return `${text.replace(LAST_COMMENT, '').trimEnd()} pass`;
  const brackets = open.reverse().join('');
  if (quote !== '') return text + quote + brackets;
  // Behind a comment a bracket would be part of it.
  return brackets === '' ? undefined : `${text}\n${brackets}`;
}
