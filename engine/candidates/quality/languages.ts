// What words mean in a language, by VS Code's id of it. Pure.

/** For people: nothing can fail to parse. */
const PROSE: ReadonlySet<string> = new Set([
  ...['asciidoc', 'bibtex', 'git-commit', 'latex', 'log', 'markdown', 'quarto', 'restructuredtext'],
  ...['search-result', 'tex', 'typst'],
]);
/** Most of it is text, and what is not is the language's own. */
const MARKUP: ReadonlySet<string> = new Set(['html', 'svg', 'xml', 'xsl']);
const STYLES: ReadonlySet<string> = new Set(['css', 'scss', 'less', 'sass']);

export function isProseLanguage(languageId: string): boolean {
  return PROSE.has(languageId);
}

export function isMarkupLanguage(languageId: string): boolean {
  return MARKUP.has(languageId);
}

/** Whether a word that stands nowhere else in a file may be a name that is missing. True of a language that nobody knows. */
export function hasNames(languageId = ''): boolean {
  return !PROSE.has(languageId) && !MARKUP.has(languageId);
}

/** Whether words are the language's own or a page's, and only what has a sign before it is a name. */
export function isStyleSheet(languageId = ''): boolean {
  return STYLES.has(languageId);
}
