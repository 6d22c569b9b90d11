// A look that will take longer than a person waits without being asked: what it takes, and what else can be done.
import { l10n } from 'vscode';
import { sayDuration } from '../rewrite/denoise/wait';
import { askAboutWait } from '../rewrite/longWait';
import { isLongWait } from '../rewrite/pieces';
import { type Asking, estimateCandidates } from '../rewrite/request';
import type { OffsetRange } from '../text/types';
import { chunksOf } from './chunks';
import type { MarkedDocument } from './markedDocument';
import { lookMillis, pieceToEstimate } from './wait';

export interface AgreedLook {
  /** Where what is to be looked at stands by now. */
  readonly ranges: readonly OffsetRange[];
  /** Milliseconds that it takes; undefined: nobody knows. */
  readonly millis?: number | undefined;
}

/** Asks where it takes long. Undefined: rather not, or `signal` was aborted meanwhile. `asks`: a question comes. */
export async function agreedLook(
  asking: Pick<Asking, 'engine'>,
  one: MarkedDocument,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
  asks: () => void,
): Promise<AgreedLook | undefined> {
  const taken = one.begin();
  try {
    const millis = await estimate(asking, one, ranges, signal);
    if (signal.aborted) return undefined;
    if (isLongWait(millis)) {
      asks();
      const choice = await askAboutWait({
        sentence: l10n.t(
          'Looking for suspicious tokens takes about {0} with this model on this machine.',
          sayDuration(millis),
        ),
        anyway: l10n.t('Look Anyway'),
      });
      if (choice !== 'anyway' || signal.aborted) return undefined;
    }
    return { ranges: taken.now(ranges), millis };
  } finally {
    taken.end();
  }
}

async function estimate(
  asking: Pick<Asking, 'engine'>,
  { document }: MarkedDocument,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const text = document.getText();
  const pieces = ranges.flatMap((range) => chunksOf(text, range));
  const part = pieceToEstimate(text, pieces);
  if (part === undefined) return undefined;
  const sampling = { candidates: 1, strength: 1 };
  const answer = estimateCandidates(asking, document, [part], { seed: 0 }, signal, sampling);
  // A figure that cannot be had is no reason to give the look up.
  const { scoringMillis } = await answer.catch(() => ({ scoringMillis: undefined }));
  return scoringMillis === undefined ? undefined : lookMillis(pieces, part, scoringMillis);
}
