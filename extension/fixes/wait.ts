// A quick fix that will take longer than a person waits without being asked: what it may take, and what else can be done.
import { l10n, type TextDocument } from 'vscode';
import { sayDuration } from '../rewrite/denoise/wait';
import { askAboutWait } from '../rewrite/longWait';
import { isLongWait } from '../rewrite/pieces';
import { type Asking, estimateCandidates, type Sampling } from '../rewrite/request';
import type { Span, Wanted } from '../rewrite/state/types';

interface Search {
  readonly document: TextDocument;
  /** Where it looks, one after the other until it finds something. */
  readonly places: readonly Span[];
  readonly wanted: Wanted;
  readonly sampling: Sampling;
  readonly signal: AbortSignal;
  /** A question comes. */
  readonly asks: () => void;
}

/** Milliseconds that a person has agreed to; 0: it takes not so long that they are asked. Undefined: rather not. */
export async function agreedWait(asking: Asking, search: Search): Promise<number | undefined> {
  const { signal, asks } = search;
  const millis = await estimate(asking, search);
  if (!isLongWait(millis) || signal.aborted) return 0;
  asks();
  const choice = await askAboutWait({
    sentence: l10n.t(
      'Looking for a fix takes up to {0} with this model on this machine.',
      sayDuration(millis),
    ),
    anyway: l10n.t('Look for a Fix Anyway'),
  });
  return choice === 'anyway' ? millis : undefined;
}

/** Of all places: nobody knows which one has the fix. */
async function estimate(asking: Asking, search: Search): Promise<number> {
  const { document, places, wanted, sampling, signal } = search;
  const request = { seed: 0, ...wanted };
  // The engine keeps what it has worked out for the last one, which is asked for first.
  const each = places.toReversed().map((place) =>
    estimateCandidates(asking, document, [place], request, signal, sampling).then(
      ({ millis = 0 }) => millis,
      // A figure that cannot be had is no reason to give the fix up.
      () => 0,
    ),
  );
  return (await Promise.all(each)).reduce((sum, millis) => sum + millis, 0);
}
