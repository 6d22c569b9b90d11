// Text and spans become a canvas: the context's own tokens, and holes whose borders may run through tokens.
import type { SpecialIds } from '../checkpoint/family';
import type { TextTokenizer } from '../checkpoint/types';
import { EngineError } from '../errors';
import { makeHole, tokensOf, withWordsBefore } from './holeTokens';
import { bomLength } from './position';
import { type Piece, type PlacedSpan, placeSpans } from './spans';
import { encodePieces } from './tokens';
import type { Canvas, Segment, Span } from './types';
import { closedEnd, growWindow, steadyEnd, steadyStart } from './window';

/** A file with no more characters than this per token of the budget is tokenised whole, in the hope that it fits. */
const HOPEFUL_CHARS_PER_TOKEN = 4;
/** A window of one span gives its left side half of the budget, some two characters a token of it: an eighth of that. */
const STEADY_CHARS_PER_TOKEN = 0.25;
/** UTF-16 units of a span that say how many tokens the rest of it has. */
const SAMPLE = 2000;
/** No token of source text is longer: a span beyond this is too long without being tokenised. */
const LONGEST_TOKEN = 64;
/** Window shrinkings before everything around the spans is given up. */
const MAX_SHRINKS = 8;

export interface CanvasInput {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly tokenizer: TextTokenizer;
  readonly specials: SpecialIds;
  /** Token that opens a file of this language, if the layout puts one before the text. */
  readonly languageToken?: number;
  /** Tokens for text and holes together, without what the family's layout adds. */
  readonly budget: number;
  /** Whether a model with a longer context would take no more than this one. */
  readonly isWindow?: boolean;
  /** Tokens of text behind the last span, at most. Absent: as many as there is room for. */
  readonly mostBehind?: number;
  /** Tokens that a hole takes at least, whatever stood there: room for its answer. 0 if absent. */
  readonly holeTokens?: number;
  /**
   * True: a token that a span's border cuts belongs wholly to the hole, and the characters of it that stay are the
   * hole's `head` and `tail`. False, for models trained on text tokenised apart at each cut: so is this.
   */
  readonly heal: boolean;
  /**
   * An empty span behind a part of a word has the token before it, too, as its `head`: a model that writes token by token learned what
   * comes behind whole tokens, and the rest of one that a cursor cuts is most often no token.
   */
  readonly healWords?: boolean;
  /** Prefer a window whose borders stay where they are while a person types (see `steadyStart`, `steadyEnd`). */
  readonly steady?: boolean;
  /** A window that is cut behind the last span ends where all is closed that begins there (see `closedEnd`). */
  readonly closed?: boolean;
}

/**
 * The canvas of one request. The tokens of all segments, with the cells' originals in the holes, spell the window
 * exactly; the cells of a hole spell its head, its span and its tail. An empty span at a token's border has no cells.
 * A cell is locked if any byte of it is: what a person pinned stays, if need be with a neighbour.
 * A token that two spans share is cut at the later one's start.
 *
 * Throws `span-invalid`, `context-too-long`, and `document-empty` where there is no text at all and no token that
 * could begin one.
 */
export function buildCanvas(input: CanvasInput): Canvas {
  const { text, specials } = input;
  const spans = placeSpans(text, input.spans);
  if (text.length === bomLength(text) && !hasOpening(input)) {
    throw new EngineError(
      'document-empty',
      'The file is empty, and this model has no start token. Write a first line, then try again.',
    );
  }
  const { pieces, segments } = fit(input, spans);
  const window = { start: pieces[0]?.start ?? 0, end: pieces.at(-1)?.end ?? 0 };
  return { segments, specials, window, ...(pieces.length > 1 ? { pieces } : {}) };
}

function hasOpening({ specials, languageToken }: CanvasInput): boolean {
  return [specials.bos, specials.fimPrefix, specials.fimSuffix, languageToken].some((id) => id !== undefined);
}

interface LaidOut {
  readonly pieces: readonly Piece[];
  readonly segments: readonly Segment[];
  /** Tokens of text and holes. */
  readonly tokens: number;
}

function fit(input: CanvasInput, spans: readonly PlacedSpan[]): LaidOut {
  const { text, tokenizer, budget, mostBehind } = input;
  const floor = bomLength(text);
  if (mostBehind === undefined && text.length <= budget * HOPEFUL_CHARS_PER_TOKEN) {
    const whole = layOut(input, spans, [{ start: floor, end: text.length }]);
    if (whole.tokens <= budget) return whole;
  }
  const count = (piece: string): number => tokenizer.encode(piece).ids.length;
  const needed = holeCost(input, spans, count);
  let room = budget - needed;
  // By what is left to the text, so that a longer answer in the same place leaves its window where it is.
  const spacing = Math.ceil(STEADY_CHARS_PER_TOKEN * room);
  for (let attempt = 0; ; attempt++) {
    const laidOut = layOut(
      input,
      spans,
      settle(input, growWindow({ text, spans, budget: room, mostBehind, count }), spans, spacing),
    );
    if (laidOut.tokens <= budget) return laidOut;
    if (room === 0) throw tooLong(input, spans, laidOut.tokens);
    // Tokens counted line by line can differ by a few from those of the whole.
    room = attempt < MAX_SHRINKS ? Math.max(0, room - (laidOut.tokens - budget)) : 0;
  }
}

function settle(
  input: CanvasInput,
  pieces: readonly Piece[],
  spans: readonly PlacedSpan[],
  spacing: number,
): readonly Piece[] {
  const { text, steady = false, closed = false } = input;
  const first = spans[0];
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return pieces;
  const endOf = (end: number): number => {
    const kept = steady ? steadyEnd(text, end, last.end, spacing) : end;
    return closed ? closedEnd(text, kept, last) : kept;
  };
  return pieces.map(({ start, end }, i) => ({
    start: i === 0 && steady ? steadyStart(text, start, first.start, spacing) : start,
    end: i === pieces.length - 1 ? endOf(end) : end,
  }));
}

function holeCost(input: CanvasInput, spans: readonly PlacedSpan[], count: (text: string) => number): number {
  const { text, budget, holeTokens = 0 } = input;
  const units = spans.reduce((sum, span) => sum + span.end - span.start, 0);
  if (units > budget * LONGEST_TOKEN) throw tooLong(input, spans, estimate(text, spans, units, count));
  const needed = spans.reduce(
    (sum, { start, end }) => sum + Math.max(holeTokens, count(text.slice(start, end))),
    0,
  );
  if (needed > budget) throw tooLong(input, spans, needed);
  return needed;
}

/** Tokens of spans that are too long to be tokenised, after a look at how the first begins; more than the budget. */
function estimate(
  text: string,
  [first]: readonly PlacedSpan[],
  units: number,
  count: (text: string) => number,
): number {
  const least = units / LONGEST_TOKEN;
  if (first === undefined) return Math.ceil(least);
  const sample = text.slice(first.start, Math.min(first.end, first.start + SAMPLE));
  return Math.ceil(Math.max(least, (units * count(sample)) / Math.max(1, sample.length)));
}

function tooLong(
  { budget, isWindow = false }: CanvasInput,
  spans: readonly PlacedSpan[],
  needed: number,
): EngineError {
  const what = spans.length === 1 ? 'The selection needs' : `The ${spans.length} selections need`;
  return new EngineError(
    'context-too-long',
    isWindow
      ? `${what} about ${needed} tokens, and a request has room for ${budget}. Select less.`
      : `${what} about ${needed} tokens, and this model has room for ${budget}. Select less, or choose a model with a longer context.`,
    { needed, budget, spans: spans.length, ...(isWindow && { isWindow }) },
  );
}

function layOut(input: CanvasInput, spans: readonly PlacedSpan[], pieces: readonly Piece[]): LaidOut {
  const { text, tokenizer, heal, healWords = false, holeTokens = 0 } = input;
  const cuts = heal ? [] : spans.flatMap((span) => [span.start, span.end]);
  for (;;) {
    const tokens = encodePieces(text, pieces, cuts, tokenizer);
    const whole = spans.map((span) => tokensOf(tokens, span));
    const ranges = healWords ? withWordsBefore(whole, spans, text, pieces) : whole;
    const shared = spans.filter((_, i) => i > 0 && (ranges[i - 1]?.last ?? 0) > (ranges[i]?.first ?? 0));
    if (shared.length > 0) {
      cuts.push(...shared.map((span) => span.start));
      continue;
    }
    const segments: Segment[] = [];
    let next = 0;
    let total = tokens.ids.length;
    for (const [i, span] of spans.entries()) {
      const range = ranges[i] ?? { first: next, last: next };
      segments.push({ kind: 'text', ids: tokens.ids.slice(next, range.first) });
      segments.push({ kind: 'hole', hole: makeHole(tokens, span, range) });
      total += Math.max(0, holeTokens - (range.last - range.first));
      next = range.last;
    }
    segments.push({ kind: 'text', ids: tokens.ids.slice(next) });
    return { pieces, segments, tokens: total };
  }
}
