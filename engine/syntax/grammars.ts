// Which grammar reads which language, by VS Code's language id. A language that is not here has no syntax tree, and
// whoever asks falls back to lines and brackets.

const GRAMMARS: Readonly<Record<string, string>> = {
  // One grammar reads C as well: what it refuses of C (names such as `class`) is rare enough.
  c: 'cpp',
  cpp: 'cpp',
  csharp: 'c-sharp',
  css: 'css',
  go: 'go',
  java: 'java',
  javascript: 'javascript',
  javascriptreact: 'javascript',
  php: 'php',
  powershell: 'powershell',
  python: 'python',
  ruby: 'ruby',
  rust: 'rust',
  shellscript: 'bash',
  typescript: 'typescript',
  typescriptreact: 'tsx',
};

/** Name of the grammar, undefined where there is none. */
export function grammarOf(languageId: string): string | undefined {
  return Object.hasOwn(GRAMMARS, languageId) ? GRAMMARS[languageId] : undefined;
}

/** File of a grammar, beside the parser's own. */
export function grammarFile(grammar: string): string {
  return `tree-sitter-${grammar}.wasm`;
}
