// A comment at the end of an answer for part of a line: what stands behind the hole on that line would be a part of it.
import type { LineContext } from './partOfLine';

const HASH =
  'coffeescript dockerfile elixir julia makefile perl powershell properties python r ruby shellscript toml yaml'.split(
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
const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g;

/** The answer without such a comment, unless what stood there ended with one as well. */
export function withoutLastComment(
  answer: string,
  { after, original }: Pick<LineContext, 'after' | 'original'>,
  language: string | undefined,
): string {
  const sign = SIGNS.get(language ?? '');
  const rest = /^[^\r\n]*/.exec(after)?.[0].trim() ?? '';
  if (sign === undefined || rest === '' || rest.startsWith(sign)) return answer;
  const at = commentIn(answer, sign);
  return at === undefined || commentIn(original, sign) !== undefined ? answer : answer.slice(0, at).trimEnd();
}

/** Where one begins in the last line, behind code. */
function commentIn(text: string, sign: string): number | undefined {
  const from = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
  const line = text.slice(from).replace(QUOTED, (quoted) => '"'.repeat(quoted.length));
  // A quote that is open still may hold anything.
  if (/["'`]/.test(line.replace(/"{2,}/g, ''))) return undefined;
  const at = line.search(new RegExp(`(?<=\\S)[ \\t]+${sign}`));
  return at < 0 ? undefined : from + at;
}
