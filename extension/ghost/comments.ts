// Whether a cursor stands in a comment: prose is not what a code model is asked for unasked. A reading of the line, not of
// the language: a marker in an odd string may be taken for a comment, and then nothing is offered there.

const SLASHES = ['//'];
const HASH = ['#'];
const DASHES = ['--'];
const SEMICOLON = [';'];
const PERCENT = ['%'];
const LINE_MARKERS: Readonly<Record<string, readonly string[]>> = {
  c: SLASHES,
  cpp: SLASHES,
  'cuda-cpp': SLASHES,
  csharp: SLASHES,
  dart: SLASHES,
  fsharp: SLASHES,
  go: SLASHES,
  groovy: SLASHES,
  java: SLASHES,
  javascript: SLASHES,
  javascriptreact: SLASHES,
  jsonc: SLASHES,
  kotlin: SLASHES,
  less: SLASHES,
  'objective-c': SLASHES,
  php: ['//', '#'],
  rust: SLASHES,
  scala: SLASHES,
  scss: SLASHES,
  swift: SLASHES,
  typescript: SLASHES,
  typescriptreact: SLASHES,
  zig: SLASHES,
  coffeescript: HASH,
  dockerfile: HASH,
  elixir: HASH,
  julia: HASH,
  makefile: HASH,
  perl: HASH,
  powershell: HASH,
  python: HASH,
  r: HASH,
  ruby: HASH,
  shellscript: HASH,
  toml: HASH,
  yaml: HASH,
  haskell: DASHES,
  lua: DASHES,
  sql: DASHES,
  clojure: SEMICOLON,
  lisp: SEMICOLON,
  erlang: PERCENT,
  latex: PERCENT,
};
const BLOCKS = new Set([
  ...Object.keys(LINE_MARKERS).filter((id) => LINE_MARKERS[id] === SLASHES),
  'php',
  'css',
]);
const MARKUP = new Set(['html', 'xml', 'vue', 'svelte', 'markdown']);

/** UTF-16 units to the left that are searched for the beginning of a block comment. */
const REACH = 10_000;
const STRINGS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g;

/** `before` is the text up to the cursor, `language` VS Code's language id. */
export function isInComment(language: string, before: string): boolean {
  const near = before.slice(-REACH);
  const line = near.slice(near.lastIndexOf('\n') + 1).replace(STRINGS, (string) => ' '.repeat(string.length));
  for (const marker of LINE_MARKERS[language] ?? []) {
    const at = line.indexOf(marker);
    // `#` and `//` inside a word or an address (`http://`, `$#`) are no comment.
    if (at >= 0 && (at === 0 || /[\s;{}()[\],]/.test(line[at - 1] ?? ''))) return true;
  }
  if (BLOCKS.has(language)) return near.lastIndexOf('/*') > near.lastIndexOf('*/');
  if (MARKUP.has(language)) return near.lastIndexOf('<!--') > near.lastIndexOf('-->');
  return false;
}
