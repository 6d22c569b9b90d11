// The problem that a person means when they ask for a fix without pointing at one.
import { type Diagnostic, languages, type Position, type TextEditor } from 'vscode';

/** The narrowest problem around the cursor, else the nearest one on its line. */
export function problemAtCursor({ document, selection }: TextEditor): Diagnostic | undefined {
  const { active } = selection;
  const all = languages.getDiagnostics(document.uri);
  const around = all.filter(({ range }) => range.contains(active));
  if (around.length > 0) return least(around, ({ range }) => extent(document.getText(range)));
  const onLine = all.filter(({ range }) => range.start.line <= active.line && range.end.line >= active.line);
  return least(onLine, ({ range }) => distance(range.start, active));
}

function least(of: readonly Diagnostic[], weigh: (one: Diagnostic) => number): Diagnostic | undefined {
  return [...of].sort((a, b) => a.severity - b.severity).sort((a, b) => weigh(a) - weigh(b))[0];
}

function extent(text: string): number {
  return text.length;
}

function distance(a: Position, b: Position): number {
  return a.line === b.line ? Math.abs(a.character - b.character) : Number.MAX_SAFE_INTEGER;
}
