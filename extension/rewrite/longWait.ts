// A rewrite that will take longer than a person waits without being asked: what it will take, and what else can be done.
import { l10n, window } from 'vscode';
import type { OffsetRange } from '../text/types';
import { sayDuration } from './denoise/wait';
import { type FirstPiece, firstPieceOf, isLongWait } from './pieces';
import type { RewriteRequest } from './state/types';

/** A few lines take no minutes, and asking how long they take takes a moment. */
const FEWEST_ASKED_ABOUT = 5;

/** A repair masks little, and who wants another answer knows how long one takes. */
export function isWorthEstimating({ isRepair, seed }: RewriteRequest, lines: number): boolean {
  return !isRepair && seed === 0 && lines >= FEWEST_ASKED_ABOUT;
}

type WaitChoice = 'anyway' | 'pieces' | 'model';

export interface LongWait {
  readonly text: string;
  readonly ranges: readonly OffsetRange[];
  readonly lines: number;
  readonly request: RewriteRequest;
  readonly signal: AbortSignal;
  /** Milliseconds that these ranges would take; undefined: nobody knows. */
  readonly estimate: (ranges: readonly OffsetRange[]) => Promise<number | undefined>;
  /** A question comes. */
  readonly asks: () => void;
}

export interface WaitDecision {
  /** Undefined: rather not. */
  readonly choice: WaitChoice | undefined;
  readonly millis?: number | undefined;
  readonly wasAsked: boolean;
  readonly piece?: FirstPiece | undefined;
}

/** Asks where it takes long. Undefined where `signal` was aborted meanwhile: whoever did that has decided otherwise. */
export async function decideWhereLong(wait: LongWait): Promise<WaitDecision | undefined> {
  const { text, ranges, lines, request, signal, estimate } = wait;
  const millis = await estimate(ranges);
  if (signal.aborted) return undefined;
  // Of a piece, somebody was asked before.
  if (request.isPiece || !isLongWait(millis)) return { choice: 'anyway', millis, wasAsked: false };
  // A figure that cannot be had is no reason to give the rewrite up.
  const piece = await firstPieceOf(text, ranges, { lines, millis }, (first) => estimate([first])).catch(
    () => undefined,
  );
  if (signal.aborted) return undefined;
  wait.asks();
  const choice = await askAboutWait(millis, piece);
  return signal.aborted ? undefined : { choice, millis, wasAsked: true, piece };
}

/** Undefined: rather not. */
async function askAboutWait(millis: number, piece?: FirstPiece): Promise<WaitChoice | undefined> {
  const anyway = l10n.t('Rewrite Anyway');
  const pieces = l10n.t('Rewrite in Pieces');
  const model = l10n.t('Use a Faster Model');
  const chosen = await window.showWarningMessage(
    l10n.t('This rewrite takes about {0} with this model on this machine.', sayDuration(millis)),
    {
      modal: true,
      detail: piece
        ? l10n.t(
            'In pieces of about {0} lines, you review the first one after about {1}, and each piece sees the ones before it.',
            piece.lines,
            sayDuration(piece.millis),
          )
        : '',
    },
    ...(piece ? [pieces] : []),
    anyway,
    model,
  );
  if (chosen === pieces) return 'pieces';
  if (chosen === anyway) return 'anyway';
  return chosen === model ? 'model' : undefined;
}
