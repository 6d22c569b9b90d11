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
import { SLIP_GAIN, withoutSlip } from './repair/slips';
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

/** Milliseconds in which texts without a slip are looked at, one after the other. */
const LONGEST_LOOK = 3000;

type Scored = readonly (readonly ScoredToken[])[];

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
  const line = new ScoredSpans(asking, document, text, spans, listening);
  const before = await line.score(text, spans, { onDone: onScored, onTurn: onBegun });
  const slips = { least: SLIP_GAIN, millis: LONGEST_LOOK };
  const mended = (await line.likelier(before, withoutSlips(text, spans, before), slips)) ?? [];
  // Whoever asks for a repair may choose; whoever asked for a line has that behind it.
  if (mended.length > 0 && !request.isRepair) return { spans, candidates: mended };
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
  const denoised = line.changed(found.candidates);
  const likelier = (await line.likelier(before, denoised)) ?? denoised;
  return { spans, candidates: distinct([...mended, ...likelier]) };
}

/** The spans of a text, and what may come to stand there. */
class ScoredSpans {
  constructor(
    private readonly asking: Asking,
    private readonly document: TextDocument,
    private readonly text: string,
    private readonly spans: readonly Span[],
    private readonly listening: Pick<Listening, 'signal' | 'enough' | 'onCompared'>,
  ) {}

  async score(
    of: string,
    ranges: readonly OffsetRange[],
    { until = this.listening.signal, onDone, onTurn }: Scoring,
  ): Promise<Scored> {
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
      const asked = {
        ...{ priority: 'rewrite' as const, signal: until },
        ...{ onBegun: onTurn, onScored: told },
      };
      all.push(
        own === 0 ? [] : (await scoreRange(this.asking.engine, this.document, of, range, asked)).tokens,
      );
    }
    return all;
  }

  changed(candidates: readonly Judgeable[]): readonly Judgeable[] {
    return candidates.filter((candidate) => withAnswer(this.text, this.spans, candidate).whole !== this.text);
  }

  /**
   * Those by which the whole becomes likelier than it was, the likeliest first. `millis`: after so long, no further one is looked at.
   * Undefined: somebody does not wait for that.
   */
  async likelier(
    before: Scored,
    candidates: readonly Judgeable[],
    { least, millis = Number.POSITIVE_INFINITY }: { readonly least?: number; readonly millis?: number } = {},
  ): Promise<readonly Judgeable[] | undefined> {
    const { signal, enough, onCompared } = this.listening;
    const until = performance.now() + millis;
    const told = (done: number) => {
      if (!signal.aborted) onCompared?.(done);
    };
    // Who takes the draft does not wait for the comparison either.
    const waited = enough === undefined ? signal : AbortSignal.any([signal, enough]);
    const old = surpriseOf(before.flat());
    const likelier: { readonly candidate: Judgeable; readonly surprise: number }[] = [];
    if (candidates.length > 0) told(0);
    for (const [index, candidate] of candidates.entries()) {
      if (performance.now() > until) break;
      const { whole, ranges } = withAnswer(this.text, this.spans, candidate);
      const onDone = (done: number) => told((index + done) / candidates.length);
      try {
        const surprise = surpriseOf((await this.score(whole, ranges, { until: waited, onDone })).flat());
        if (isLikelier(old, surprise, least)) likelier.push({ candidate, surprise });
      } catch (error) {
        if (signal.aborted || !enough?.aborted) throw error;
        return undefined;
      }
    }
    likelier.sort((a, b) => a.surprise - b.surprise);
    return likelier.map(({ candidate }) => candidate);
  }
}

function distinct(candidates: readonly Judgeable[]): readonly Judgeable[] {
  return [
    ...new Map(candidates.toReversed().map((one) => [one.texts.join('\0'), one])).values(),
  ].toReversed();
}

/** One slip in one span is undone in each. */
function withoutSlips(
  text: string,
  spans: readonly Span[],
  tokens: readonly (readonly ScoredToken[])[],
): readonly Judgeable[] {
  return spans.flatMap((span, i) =>
    withoutSlip(text, span, tokens[i] ?? []).map((fresh) => ({
      texts: spans.map(({ old }, other) => (other === i ? fresh : old)),
    })),
  );
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
