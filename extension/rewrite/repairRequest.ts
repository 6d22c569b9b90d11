// A repair as it is asked for: the selection is scored, slips are undone, likelier words are tried, its least likely words are denoised, and what comes
// of that is kept where it is likelier so.
import type { TextDocument } from 'vscode';
import type { ScoredToken } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { CELL_SCHEME } from '../documents/cellScheme';
import { rewriteSettings } from '../settings';
import { applyEdits, inOrder } from '../text/edits';
import type { OffsetRange } from '../text/types';
import type { Judgeable } from './judge';
import { type Alternative, Comparison, tokensOf } from './repair/comparison';
import { CHECKED_GAINS, type Gains, LINE_GAINS } from './repair/gains';
import { withLikelierWords } from './repair/likelierWords';
import { excess, SURPRISING, surpriseOf, TOO_SOON, wordsToRepair } from './repair/plan';
import type { Scored } from './repair/scoreRange';
import { byLine, type Mending, withoutSlips } from './repair/slips';
import {
  type LookEstimate,
  lookedShare,
  partToEstimate,
  repairMillis,
  SCORING,
  wordToEstimate,
} from './repair/wait';
import {
  type Asking,
  type CandidateSet,
  type CandidatesEstimate,
  estimateCandidates,
  type Listening,
  requestCandidates,
  type Sampling,
} from './request';
import type { RewriteRequest, Span } from './state/types';

/** Milliseconds in which texts without a slip or with another word are looked at, one after the other. */
const LONGEST_MENDING = 3000;
/**
 * Nats from which on what is mended is taken to be right. In five new files, right mends gained 4.5 nats and more, all but one more than eight;
 * wrong ones gained 3.5 and 4.4 (docs/decisions/repair-first.md).
 */
const SURE_GAIN = 6;
const UNSURE = ['improbable'] as const;
interface Mendings {
  readonly slips: readonly Alternative<Judgeable>[];
  readonly words: readonly Alternative<Judgeable>[];
  /** Whether a grammar told where nothing is a slip. */
  readonly isRead: boolean;
}

export type Repairing = Asking & { readonly syntax: Pick<SyntaxTrees, 'ask'> };

/** Without answers where the model finds nothing unlikely, or nothing likelier. Rejects with EngineError. */
export async function requestRepair(
  asking: Repairing,
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  listening: Listening,
): Promise<CandidateSet> {
  const repair = new Repair(asking, document, document.getText(), spans, listening);
  await repair.begin();
  const undone = await repair.mended();
  // Whoever takes the draft has what was found so far.
  const again = listening.enough?.aborted && undone.length > 0 ? [] : await repair.wordsAgain(request.seed);
  return { spans, candidates: [...undone, ...again] };
}

/** A line mended, for who has it checked by a language server. Rejects with EngineError. */
export async function requestMended(
  asking: Repairing,
  document: TextDocument,
  text: string,
  line: Span,
  listening: Listening,
): Promise<CandidateSet> {
  const repair = new Repair(asking, document, text, [line], listening);
  await repair.begin();
  return { spans: [line], candidates: await repair.mended(CHECKED_GAINS) };
}

/** What may be wrong in spans, looked for in turn. Every step rejects with EngineError. */
export class Repair {
  private readonly comparison: Comparison;
  private before: readonly Scored[] = [];
  /** Whether every text that may be likelier was scored, and none is. */
  isLookedThrough = false;

  /** `text`: the document's, which the spans are in; by now it may have another. */
  constructor(
    private readonly asking: Repairing,
    private readonly document: TextDocument,
    private readonly text: string,
    private readonly spans: readonly Span[],
    private readonly listening: Listening,
  ) {
    this.comparison = new Comparison(asking.engine, document, listening);
  }

  /** Scores what stands there: before anything else. `withEnd`: and how likely each span ends its line. */
  async begin(withEnd = false): Promise<void> {
    const { text, spans, listening } = this;
    const onDone = (done: number) => listening.onScored?.(SCORING * done);
    const scoring = { onDone, onTurn: listening.onBegun, withEnd };
    this.before = await this.comparison.score(text, spans, scoring);
  }

  /** Whether no token of what stands there is much less likely than the model expects. */
  get isUnsuspicious(): boolean {
    return tokensOf(this.before).every((token) => excess(token) < SURPRISING);
  }

  /** Whether the model would go on where the last span ends its line. */
  get endsTooSoon(): boolean {
    const { surprise = 0 } = this.before.at(-1)?.end ?? {};
    return surprise >= TOO_SOON;
  }

  /** Slips undone; where none is, likelier words. Those first that gain most. */
  async mended(gains = LINE_GAINS): Promise<readonly Judgeable[]> {
    const begun = performance.now();
    const end = begun + LONGEST_MENDING;
    let isWhole = true;
    let counted = 0;
    const tell = () => this.listening.onScored?.(lookedShare(counted, performance.now() - begun));
    const all = await Promise.all(this.spans.map((span, index) => this.mendingsOf(span, index, gains, tell)));
    const slips = all.flatMap((one) => one.slips);
    const words = all.flatMap((one) => one.words);
    const likelier = async (mendings: readonly Alternative<Judgeable>[], before: number) => {
      const onDone = (done: number) => {
        counted = (before + done * mendings.length) / Math.max(1, slips.length + words.length);
        tell();
      };
      const { found, isLate } = await this.comparison.likelier(mendings, {
        ...{ millis: end - performance.now(), onDone },
      });
      if (isLate) isWhole = false;
      return found.map(({ candidate, gain }) =>
        gain < SURE_GAIN ? { ...candidate, flaws: UNSURE } : candidate,
      );
    };
    // Hardly a text is likelier by chance that differs in so little.
    const undone = await likelier(slips, 0);
    const found = undone.length > 0 ? undone : await likelier(words, slips.length);
    const isScored = this.before.length === this.spans.length;
    this.isLookedThrough = isScored && isWhole && found.length === 0 && all.every(({ isRead }) => isRead);
    return found;
  }

  /** The least likely word of each span, denoised. */
  async wordsAgain(seed: number): Promise<readonly Judgeable[]> {
    const { asking, document, text, spans, listening, before } = this;
    const words = spans.map(({ start }, i) =>
      wordsToRepair(text, before[i]?.tokens ?? []).map((word) => ({
        start: word.start - start,
        end: word.end - start,
      })),
    );
    if (words.every((own) => own.length === 0)) return [];
    const sampling = samplingOf(document);
    const request = { seed, words, isRepair: true } as const;
    const found = await requestCandidates(asking, document, spans, request, listening, sampling, text);
    const old = async () => surpriseOf(tokensOf(before));
    const changed = found.candidates
      .map((candidate) => ({ candidate, old, ...withAnswer(text, spans, candidate) }))
      .filter(({ whole }) => whole !== text);
    const likelier = await this.comparison.likelier(changed, { onDone: listening.onCompared });
    if (likelier.isCut) return changed.map(({ candidate }) => candidate);
    return likelier.found.map((one) => ({ ...one.candidate, isLikelier: true }));
  }

  /** The changed line is what is compared. */
  private async mendingsOf(span: Span, index: number, gains: Gains, onPass: () => void): Promise<Mendings> {
    const { text, spans, document } = this;
    const tokens = this.before[index]?.tokens ?? [];
    const settled = await this.asking.syntax.ask(text, document.languageId, (tree) => tree.settled(span));
    // Where no grammar tells code from prose, nothing is known to be a slip.
    if (settled === undefined) return { slips: [], words: [], isRead: false };
    const isPart = document.uri.scheme === CELL_SCHEME;
    const slips = withoutSlips(text, span, tokens, { settled, isPart });
    const known = new Set(slips.map((slip) => slip.text));
    const words = gains.word === undefined ? [] : withLikelierWords(text, span, tokens, { settled });
    const scores = new Map<number, Promise<number>>();
    const oldOf = (line: OffsetRange) => {
      const known = scores.get(line.start) ?? this.surpriseOfLine(line, span, tokens, onPass);
      scores.set(line.start, known);
      return known;
    };
    const alternatives = (mendings: readonly Mending[], least = 0) =>
      byLine(mendings).map(({ text: fresh, line, least: own = 0 }) => ({
        candidate: {
          texts: spans.map((one, i) => (i === index ? fresh : one.old)),
          isLikelier: true as const,
        },
        whole: applyEdits(text, [{ start: span.start, end: span.end, text: fresh }]),
        ranges: [{ start: line.start, end: line.end + fresh.length - span.old.length }],
        old: () => oldOf(line),
        least: Math.max(least, own),
      }));
    return {
      isRead: true,
      slips: alternatives(slips, gains.slip),
      words: alternatives(
        words.filter((one) => !known.has(one.text)),
        gains.word,
      ),
    };
  }

  /** By itself: within more lines, its tokens are scored in other company. */
  private async surpriseOfLine(
    line: OffsetRange,
    span: OffsetRange,
    tokens: readonly ScoredToken[],
    onPass: () => void,
  ): Promise<number> {
    const isAll =
      this.text.slice(span.start, span.end).trim() === this.text.slice(line.start, line.end).trim();
    return surpriseOf(
      isAll ? tokens : tokensOf(await this.comparison.score(this.text, [line], { onDone: onPass })),
    );
  }
}

/** How long `requestRepair` would take; `millis` is absent where nobody knows: that is no reason to give the repair up. */
export async function estimateRepair(
  asking: Pick<Asking, 'engine'>,
  document: TextDocument,
  spans: readonly Span[],
  { seed }: RewriteRequest,
  signal: AbortSignal,
): Promise<{ readonly millis?: number; readonly readingMillis?: number }> {
  const estimate = (of: readonly Span[], request: RewriteRequest) =>
    estimateCandidates(asking, document, of, request, signal, samplingOf(document));
  const parts = spans.map(partToEstimate);
  const words = spans.map(({ old }) => wordToEstimate(old));
  if (words.every((own) => own.length === 0)) return {};
  try {
    const [part, word] = await Promise.all([estimate(parts, { seed }), estimate(spans, { seed, words })]);
    return repairMillis(spans, parts, part, word) ?? {};
  } catch {
    return {};
  }
}

/**
 * How long the line is looked at before all of it is masked: it is scored, and mended. Undefined: nobody knows, as in `estimateRepair`.
 * `isFitted`: of the model, as in `CandidatesEstimate`.
 */
export async function estimateLook(
  asking: Pick<Asking, 'engine'>,
  document: TextDocument,
  span: Span,
  { seed }: RewriteRequest,
  signal: AbortSignal,
): Promise<(LookEstimate & Pick<CandidatesEstimate, 'isFitted'>) | undefined> {
  try {
    const line = await estimateCandidates(asking, document, [span], { seed }, signal, samplingOf(document));
    const look = repairMillis([span], [span], line, { millis: 0, candidates: 0 });
    if (look === undefined || line.millis === undefined) return undefined;
    // What is read is read for both.
    const { readingMillis: reading } = look;
    const writing = (line.millis - reading) / line.candidates;
    return { reading, looking: look.millis - reading, writing, isFitted: line.isFitted };
  } catch {
    return undefined;
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
