// Where an answer is copied from, as a person sees it and gets there.
import { l10n, Selection, type Uri, window, workspace } from 'vscode';

export interface CopiedFrom {
  /** `src/a.ts:12`, or where it is in the same file: the line alone. */
  readonly label: string;
  readonly uri: Uri;
  /** From 1. */
  readonly line: number;
  readonly isElsewhere: boolean;
}

/** Named in links and lenses. */
export const OPEN_SOURCE = '_palimpsest.openSource';

export function sayCopied({ label, isElsewhere }: CopiedFrom): string {
  return isElsewhere ? l10n.t('Copied from {0}', label) : l10n.t('Copied from line {0}', label);
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
