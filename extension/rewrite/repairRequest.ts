// A repair as it is asked for: the selection is scored, its least likely words are denoised, and what comes back is kept
// where the whole selection is likelier with it.
import type { TextDocument } from 'vscode';
import type { ScoredToken } from '../../engine/protocol';
import { rewriteSettings } from '../settings';
import { applyEdits, inOrder } from '../text/edits';
import type { Judgeable } from './judge';
import { type Alternative, Comparison } from './repair/comparison';
import { surpriseOf, wordsToRepair } from './repair/plan';
import { SLIP_GAIN, withoutSlips } from './repair/slips';
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

/** Milliseconds in which texts without a slip are looked at, one after the other. */
const LONGEST_LOOK = 3000;

/** Without answers where the model finds nothing unlikely, or nothing likelier. Rejects with EngineError. */
export async function requestRepair(
  asking: Asking,
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  listening: Listening,
): Promise<CandidateSet> {
  const text = document.getText();
  const { onBegun, onScored } = listening;
  const comparison = new Comparison(asking.engine, document, listening);
  const before = await comparison.score(text, spans, { onDone: onScored, onTurn: onBegun });
  const slips = spans.flatMap((_, i) => slipsIn(text, spans, i, before[i] ?? []));
  const limits = { least: SLIP_GAIN, millis: LONGEST_LOOK };
  const mended = (await comparison.likelier(slips, limits)) ?? [];
  // Whoever asks for a repair may choose; whoever asked for a line has that behind it.
  if (mended.length > 0 && !request.isRepair) return { spans, candidates: mended };
  const words = spans.map(({ start }, i) =>
    wordsToRepair(text, before[i] ?? []).map((word) => ({
      start: word.start - start,
      end: word.end - start,
    })),
  );
  if (words.every((own) => own.length === 0)) return { spans, candidates: mended };
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
  const changed = found.candidates
    .map((candidate) => ({ candidate, old, ...withAnswer(text, spans, candidate) }))
    .filter(({ whole }) => whole !== text);
  const likelier = (await comparison.likelier(changed)) ?? changed.map(({ candidate }) => candidate);
  return { spans, candidates: distinct([...mended, ...likelier]) };
}

function distinct(candidates: readonly Judgeable[]): readonly Judgeable[] {
  return candidates.filter(
    ({ texts }, i) => candidates.findIndex((one) => one.texts.every((text, j) => text === texts[j])) === i,
  );
}

/** One slip in one span is undone in each, and the line with it is what is compared. `tokens`: of that span. */
function slipsIn(
  text: string,
  spans: readonly Span[],
  index: number,
  tokens: readonly ScoredToken[],
): readonly Alternative<Judgeable>[] {
  const [span] = spans.slice(index);
  if (span === undefined) return [];
  return withoutSlips(text, span, tokens).map(({ text: fresh, line: { start, end } }) => ({
    candidate: { texts: spans.map(({ old }, i) => (i === index ? fresh : old)) },
    whole: applyEdits(text, [{ start: span.start, end: span.end, text: fresh }]),
    ranges: [{ start, end: end + fresh.length - span.old.length }],
    old: surpriseOf(tokens.filter((token) => token.start < end && token.end > start)),
  }));
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
