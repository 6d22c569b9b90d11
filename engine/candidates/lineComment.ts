// A comment at the end of an answer for part of a line: what stands behind the hole on that line would be a part of it.
import type { LineContext } from './partOfLine';

const HASH = 'coffeescript elixir julia makefile perl powershell python r ruby shellscript toml yaml'.split(
  ' ',
);
const DASHES = ['haskell', 'lua', 'sql'];
const SLASHES =
  'c cpp csharp cuda-cpp dart fsharp go groovy java javascript javascriptreact jsonc kotlin less objective-c php rust scala scss swift typescript typescriptreact'.split(
    ' ',
  );
/** Of VS Code's languages, what begins a comment that ends with its line. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ...HASH.map((id) => [id, '#'] as const),
  ...DASHES.map((id) => [id, '--'] as const),
  ...SLASHES.map((id) => [id, '//'] as const),
]);
const QUOTE = /["'`]/;
/** Of texts that may have several lines, in languages whose comments begin with `#`, and with `//`. */
const TRIPLE = ['"""', "'''"];
const BACKTICK = ['`'];
const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g;

/** The answer without such a comment, unless what stood there ended with one as well, or stands in a text or a comment itself. */
export function withoutLastComment(
  answer: string,
  { before, after, original }: Pick<LineContext, 'before' | 'after' | 'original'>,
  language: string | undefined,
): string {
  const sign = SIGNS.get(language ?? '');
  const rest = /^[^\r\n]*/.exec(after)?.[0].trim() ?? '';
  if (sign === undefined || rest === '' || rest.startsWith(sign)) return answer;
  const at = commentIn(answer, sign);
  if (at === undefined || commentIn(original, sign) !== undefined || isProse(before, sign)) return answer;
  return answer.slice(0, at).trimEnd();
}

/** Where one begins in the last line, behind code. */
function commentIn(text: string, sign: string): number | undefined {
  const line = lastLine(text);
  const code = withoutTexts(line);
  // A quote that is open still may hold anything.
  if (QUOTE.test(code)) return undefined;
  const at = code.search(new RegExp(`(?<=\\S)[ \\t]+${sign}(?!>)`));
  return at < 0 ? undefined : text.length - line.length + at;
}

/** Whether what comes next is in a text or in a comment. */
function isProse(before: string, sign: string): boolean {
  const code = withoutTexts(lastLine(before));
  if (QUOTE.test(code) || code.includes(sign)) return true;
  if (sign !== '#' && before.lastIndexOf('/*') > before.lastIndexOf('*/')) return true;
  const quotes = sign === '#' ? TRIPLE : sign === '//' ? BACKTICK : [];
  return quotes.some((quote) => before.split(quote).length % 2 === 0);
}

function lastLine(text: string): string {
  return text.slice(Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1);
}

/** Texts that begin and end in the line become letters. */
function withoutTexts(line: string): string {
  return line.replace(QUOTED, (quoted) => 'x'.repeat(quoted.length));
}
