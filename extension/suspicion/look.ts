// One look for suspicious tokens: asks where it takes long, and says how far it is.
import { l10n } from 'vscode';
import type { Priority } from '../../engine/protocol';
import { sayShare } from '../rewrite/denoise/wait';
import { suspicionSettings } from '../settings';
import type { OffsetRange } from '../text/types';
import { type AgreedLook, agreedLook } from './longLook';
import type { MarkedDocument } from './markedDocument';
import { scorePieces } from './scoring';
import type { SlipServices } from './slipMarks';
import { millisLeft } from './wait';

export interface Looking {
  /** Nobody waits for what is done in the background: it does not ask. */
  readonly priority: Priority;
  readonly signal: AbortSignal;
  readonly report: (message: string) => void;
  /** A piece is done. */
  readonly onPiece: () => void;
}

/** Looks at the ranges; what it finds goes to `one`. False: it was given up. Rejects with EngineError. */
export async function lookAt(
  services: SlipServices,
  one: MarkedDocument,
  ranges: readonly OffsetRange[],
  { priority, signal, report, onPiece }: Looking,
): Promise<boolean> {
  const isAwaited = priority === 'rewrite';
  const asks = () => report(l10n.t('waiting for your choice'));
  const agreed: AgreedLook | undefined = isAwaited
    ? await agreedLook(services, one, ranges, signal, asks)
    : { ranges };
  if (agreed === undefined) return false;
  const { document } = one;
  const { millis: expected } = agreed;
  const { threshold } = suspicionSettings(document);
  const begunAt = performance.now();
  let hasPiece = false;
  const onDone = (done: number) => {
    const elapsed = performance.now() - begunAt;
    report(sayShare(done, millisLeft({ done, elapsed, expected, hasPiece })));
  };
  const pieces = one.begin();
  try {
    if (expected !== undefined) onDone(0);
    const all = scorePieces(services, document, agreed.ranges, {
      ...{ threshold, priority, signal },
      ...(isAwaited ? { onDone } : {}),
    });
    for await (const piece of all) {
      if (signal.aborted) return false;
      hasPiece = true;
      pieces.take(piece);
      onPiece();
      onDone(piece.done);
    }
    return true;
  } finally {
    pieces.end();
  }
}
