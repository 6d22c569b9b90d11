// A rewrite that will take longer than a person waits without being asked: what it will take, and what else can be done.
import { commands, l10n, window } from 'vscode';
import type { OffsetRange } from '../text/types';
import { sayDuration } from './denoise/wait';
import { type FirstPiece, firstPieceOf, isNewWait } from './pieces';
import type { RewriteRequest } from './state/types';

type WaitChoice = 'anyway' | 'pieces';

export interface LongWait {
  readonly text: string;
  readonly ranges: readonly OffsetRange[];
  readonly lines: number;
  readonly request: RewriteRequest;
  readonly signal: AbortSignal;
  /** Milliseconds of the longest wait that a person has agreed to here, or has had; 0: none. */
  readonly known: number;
  /** Whether it can be made piece by piece. */
  readonly isDivisible: boolean;
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
  const { text, ranges, lines, request, signal, known, estimate } = wait;
  const millis = await estimate(ranges);
  if (signal.aborted) return undefined;
  // Of a piece, somebody was asked before.
  if (request.isPiece || !isNewWait(millis, known)) return { choice: 'anyway', millis, wasAsked: false };
  // A figure that cannot be had is no reason to give the rewrite up.
  const piece = wait.isDivisible
    ? await firstPieceOf(text, ranges, { lines, millis }, (first) => estimate([first])).catch(() => undefined)
    : undefined;
  if (signal.aborted) return undefined;
  wait.asks();
  const choice = await askAboutWait(request.isRepair ? aboutRepair(millis) : aboutRewrite(millis), piece);
  return signal.aborted ? undefined : { choice, millis, wasAsked: true, piece };
}

/** What takes long, and the button by which it is done all the same. */
interface Question {
  readonly sentence: string;
  readonly anyway: string;
}

function aboutRewrite(millis: number): Question {
  return {
    sentence: l10n.t('This rewrite takes about {0} with this model on this machine.', sayDuration(millis)),
    anyway: l10n.t('Rewrite Anyway'),
  };
}

function aboutRepair(millis: number): Question {
  return {
    sentence: l10n.t('This repair takes about {0} with this model on this machine.', sayDuration(millis)),
    anyway: l10n.t('Repair Anyway'),
  };
}

/** Undefined: rather not. */
export async function askAboutWait(
  { sentence, anyway }: Question,
  piece?: FirstPiece,
): Promise<WaitChoice | undefined> {
  const pieces = l10n.t('Rewrite in Pieces');
  const model = l10n.t('Use a Faster Model');
  const chosen = await window.showWarningMessage(
    sentence,
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
  if (chosen === model) void commands.executeCommand('palimpsest.chooseModel');
  return undefined;
}
