// Where an answer is copied from, as a person sees it and gets there.
import { l10n, Selection, type Uri, window, workspace } from 'vscode';

export interface CopiedFrom {
  /** `src/a.ts`; of the same file nothing that is shown. */
  readonly file: string;
  readonly uri: Uri;
  /** From 1. */
  readonly line: number;
  readonly isElsewhere: boolean;
}

/** Named in links and lenses. */
export const OPEN_SOURCE = '_palimpsest.openSource';

export function sayCopied({ file, line, isElsewhere }: CopiedFrom): string {
  return isElsewhere
    ? l10n.t('Copied from {0}, line {1}', file, line)
    : l10n.t('Copied from line {0} of this file', line);
}

/** What a link or a lens gives to OPEN_SOURCE. */
export function argumentsOf({ uri, line }: CopiedFrom): readonly [string, number] {
  return [uri.toString(), line];
}

/** The file may have changed since then: the line is where it was. */
export async function openSource(uri: Uri, line: number): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const { range } = document.lineAt(Math.max(0, Math.min(line, document.lineCount) - 1));
  const start = range.start.translate(0, document.lineAt(range.start.line).firstNonWhitespaceCharacterIndex);
  await window.showTextDocument(document, { selection: new Selection(start, start) });
}
