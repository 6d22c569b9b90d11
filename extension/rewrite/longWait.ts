// A rewrite that will take longer than a person waits without being asked: what it will take, and what else can be done.
import { l10n, window } from 'vscode';
import { sayDuration } from './denoise/wait';
import { linesOfPiece } from './pieces';
import type { RewriteRequest } from './state/types';

/** A few lines take no minutes, and asking how long they take takes a moment. */
const FEWEST_ASKED_ABOUT = 5;

/** A repair masks little, and who wants another answer knows how long one takes. */
export function isWorthEstimating({ isRepair, seed }: RewriteRequest, lines: number): boolean {
  return !isRepair && seed === 0 && lines >= FEWEST_ASKED_ABOUT;
}

export type WaitChoice = 'anyway' | 'pieces' | 'model';

/** Undefined: rather not. */
export async function askAboutWait(millis: number, lines: number): Promise<WaitChoice | undefined> {
  const anyway = l10n.t('Rewrite Anyway');
  const pieces = l10n.t('Rewrite in Pieces');
  const model = l10n.t('Use a Faster Model');
  const each = linesOfPiece(lines, millis);
  const canSplit = each < lines;
  const chosen = await window.showWarningMessage(
    l10n.t('This rewrite takes about {0} with this model on this machine.', sayDuration(millis)),
    {
      modal: true,
      detail: canSplit
        ? l10n.t(
            'In pieces of about {0} lines, you review the first one after about {1}, and each piece sees the ones before it.',
            each,
            sayDuration((millis * each) / lines),
          )
        : '',
    },
    ...(canSplit ? [pieces] : []),
    anyway,
    model,
  );
  if (chosen === pieces) return 'pieces';
  if (chosen === anyway) return 'anyway';
  return chosen === model ? 'model' : undefined;
}
