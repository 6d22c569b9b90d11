// What "the same context" is counted in. Tokens will not do: a span may cut a token anywhere, and `x = ` ends with
// another token than `x = y` has there. So text is matched character by character and valued in lexical units.

const SPACE = 32;
const TAB = 9;
const RETURN = 13;

/** Letters, digits, `_`, `$` and everything beyond ASCII: what goes on as one word. */
export function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    code > 127
  );
}

/** Blanks count for nothing: indentation would outweigh what is written. A line feed is a unit of its own. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === RETURN;
}

/** Whether a unit (a word, a line feed, any other visible character) begins at `index`. */
function beginsUnit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (isBlank(code)) return false;
  return !isWord(code) || index === 0 || !isWord(text.charCodeAt(index - 1));
}

function endsUnit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (isBlank(code)) return false;
  return !isWord(code) || index === text.length - 1 || !isWord(text.charCodeAt(index + 1));
}

/** [reach + 1]: how many units begin within the last i characters. */
export function unitsBefore(text: string, reach: number): Uint16Array {
  const counts = new Uint16Array(Math.min(reach, text.length) + 1);
  for (let i = 1; i < counts.length; i++)
    counts[i] = (counts[i - 1] ?? 0) + Number(beginsUnit(text, text.length - i));
  return counts;
}

/** [reach + 1]: how many units end within the first i characters. */
export function unitsAfter(text: string, reach: number): Uint16Array {
  const counts = new Uint16Array(Math.min(reach, text.length) + 1);
  for (let i = 1; i < counts.length; i++) counts[i] = (counts[i - 1] ?? 0) + Number(endsUnit(text, i - 1));
  return counts;
}

/** The last unit of a text with the blanks behind it; all of the text where it has none. */
export function lastUnit(text: string): string {
  let index = text.length - 1;
  while (index > 0 && !beginsUnit(text, index)) index--;
  return text.slice(Math.max(0, index));
}
