// Text in a tooltip or a message that is Markdown: nothing in it becomes markup. `MarkdownString.appendText` makes each blank one
// that no line breaks at, so long sentences break within words.

/** On one line. `text` may come from a model, a folder or a file. */
export function markdownText(text: string): string {
  return text
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_{}[\]()#+\-!~|>$]/g, '\\$&')
    .replace(/^(\d+)\./, '$1\\.');
}

/** `title` is Markdown; `words`: arguments of the command. */
export function commandLink(title: string, command: string, words: readonly unknown[]): string {
  return `[${title}](command:${command}?${encodeURIComponent(JSON.stringify(words))})`;
}
