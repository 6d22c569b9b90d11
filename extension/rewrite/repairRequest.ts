// A repair as it is asked for: the selection is scored, its least likely words are denoised, and what comes back is kept
// where the whole selection is likelier with it.
import type { TextDocument } from 'vscode';
import type { ScoredToken } from '../../engine/protocol';
import { rewriteSettings } from '../settings';
import { applyEdits, inOrder } from '../text/edits';
import type { OffsetRange } from '../text/types';
import type { Judgeable } from './judge';
import { isLikelier, surpriseOf, wordsToRepair } from './repair/plan';
import { scoreRange } from './repair/scoreRange';
import { partToEstimate, repairMillis, wordToEstimate } from './repair/wait';
import {
  type Asking,
  type CandidateSet,
  estimateCandidates,
  type Listening,
  requestCandidates,
  type Sampling,
} from './request';
import type { RewriteRequest, Span } from './state/types';

interface Scoring {
  /** Ends it. */
  readonly until?: AbortSignal;
  /** The share that is done, 0…1. */
  readonly onDone?: ((done: number) => void) | undefined;
  readonly onTurn?: (() => void) | undefined;
}

/** Without answers where the model finds nothing unlikely, or nothing likelier. Rejects with EngineError. */
export async function requestRepair(
  asking: Asking,
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  listening: Listening,
): Promise<CandidateSet> {
  const text = document.getText();
  const { signal, enough, onBegun, onScored } = listening;
  const onCompared = (done: number) => {
    if (!signal.aborted) listening.onCompared?.(done);
  };
  const score = async (
    of: string,
    ranges: readonly OffsetRange[],
    { until = signal, onDone, onTurn }: Scoring,
  ): Promise<readonly (readonly ScoredToken[])[]> => {
    const all: (readonly ScoredToken[])[] = [];
    const length = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    let before = 0;
    for (const range of ranges) {
      const own = range.end - range.start;
      const begin = before;
      const told = (done: number) => {
        if (!until.aborted) onDone?.((begin + done * own) / length);
      };
      before += own;
      all.push(
        own === 0
          ? []
          : (
              await scoreRange(asking.engine, document, of, range, {
                ...{ priority: 'rewrite', signal: until },
                ...{ onBegun: onTurn, onScored: told },
              })
            ).tokens,
      );
    }
    return all;
  };
  const before = await score(text, spans, { onDone: onScored, onTurn: onBegun });
  const words = spans.map(({ start }, i) =>
    wordsToRepair(text, before[i] ?? []).map((word) => ({
      start: word.start - start,
      end: word.end - start,
    })),
  );
  if (words.every((own) => own.length === 0)) return { spans, candidates: [] };
  const found = await requestCandidates(
    asking,
    document,
    spans,
    { seed: request.seed, words, isRepair: true },
    listening,
    samplingOf(document),
    text,
  );
  const old = surpriseOf(before.flat());
  const likelier: { readonly candidate: Judgeable; readonly surprise: number }[] = [];
  const changed = found.candidates
    .map((candidate) => ({ candidate, ...withAnswer(text, spans, candidate) }))
    .filter(({ whole }) => whole !== text);
  if (changed.length > 0) onCompared(0);
  // Who takes the draft does not wait for the comparison either.
  const until = enough === undefined ? signal : AbortSignal.any([signal, enough]);
  for (const [index, { candidate, whole, ranges }] of changed.entries()) {
    const onDone = (done: number) => onCompared((index + done) / changed.length);
    try {
      const surprise = surpriseOf((await score(whole, ranges, { until, onDone })).flat());
      if (isLikelier(old, surprise)) likelier.push({ candidate, surprise });
    } catch (error) {
      if (signal.aborted || !enough?.aborted) throw error;
      return { spans, candidates: changed.map((one) => one.candidate) };
    }
  }
  likelier.sort((a, b) => a.surprise - b.surprise);
  return { spans, candidates: likelier.map(({ candidate }) => candidate) };
}

/** How long `requestRepair` would take; `millis` is absent where nobody knows: that is no reason to give the repair up. */
export async function estimateRepair(
  asking: Pick<Asking, 'engine'>,
  document: TextDocument,
  spans: readonly Span[],
  { seed }: RewriteRequest,
  signal: AbortSignal,
): Promise<{ readonly millis?: number }> {
  const estimate = (of: readonly Span[], request: RewriteRequest) =>
    estimateCandidates(asking, document, of, request, signal, samplingOf(document));
  const parts = spans.map(partToEstimate);
  const words = spans.map(({ old }) => wordToEstimate(old));
  if (words.every((own) => own.length === 0)) return {};
  try {
    const [part, word] = await Promise.all([estimate(parts, { seed }), estimate(spans, { seed, words })]);
    const millis = repairMillis(spans, parts, part, word);
    return millis === undefined ? {} : { millis };
  } catch {
    return {};
  }
}

function samplingOf(document: TextDocument): Sampling {
  return { candidates: rewriteSettings(document).candidates, strength: 1 };
}

/** The whole text with an answer in it, and where its places are there, in text order. */
function withAnswer(text: string, spans: readonly Span[], { texts }: Judgeable) {
  let shift = 0;
  const edits = inOrder(spans.map(({ start, end, old }, i) => ({ start, end, text: texts[i] ?? old })));
  const ranges = edits.map(({ start, end, text: own }) => {
    const range = { start: start + shift, end: start + shift + own.length };
    shift += own.length - (end - start);
    return range;
  });
  return { whole: applyEdits(text, edits), ranges };
}
