// Surprise of a text's tokens: windows that fit the model, each scored with context on both sides.
import { setImmediate } from 'node:timers/promises';
import { splitsUnit } from '../canvas/position';
import { placeSpans } from '../canvas/spans';
import type { Canvas } from '../canvas/types';
import type { Checkpoint, TextTokenizer } from '../checkpoint/types';
import { flatten } from '../decoding/flatten';
import { lengthTokensOf } from '../decoding/request';
import type { Prediction } from '../denoiser';
import type { ScoredEnd, ScoredToken, ScoreParams, ScoreResult } from '../protocol';
import { endsOf, textBudget } from './layout';
import { readsFim } from './scoreWritten';
import type { OnPass, Scored, TokenScore } from './tokenScore';

/** Other tokens told with each one. */
const ALTERNATIVES = 4;

export interface Scorer {
  score(tokens: Int32Array, place: Scored, onPass?: OnPass): Promise<TokenScore[]>;
  forwards(): number;
}

/** `window`: the part of the text to read around the range, where one hole could take its place. Absent: as much as fits the model. */
export async function scoreText(
  params: ScoreParams,
  checkpoint: Checkpoint,
  model: string,
  scorer: Scorer,
  { onPass, window }: { readonly onPass?: OnPass; readonly window?: Canvas['window'] | undefined } = {},
): Promise<ScoreResult> {
  const started = performance.now();
  const { text } = params;
  const range = params.range ?? { start: 0, end: text.length };
  if (text.length > 0) placeSpans(text, [range]);
  // Of one request all is scored in one order.
  const inFim = readsFim(checkpoint) && range.end < text.length;
  const budget = window ? Number.POSITIVE_INFINITY : textBudget(checkpoint);
  const tokens: ScoredToken[] = [];
  let end: ScoredEnd | undefined;
  let from = range.start;
  do {
    const piece = window ? { ...window, to: range.end } : pieceOf(text, from, range.end, budget);
    // The first one has the token that the range begins in, the others what the one before has not.
    const isFirst = from === range.start;
    const share = (at: number) => (at - range.start) / Math.max(1, range.end - range.start);
    const [before, behind] = [share(from), share(piece.to)];
    const told: OnPass = (done) => onPass?.(before + done * (behind - before));
    const scored = await scorePiece(piece, text, from, isFirst, {
      checkpoint,
      budget,
      inFim,
      scorer,
      withEnd: params.withEnd === true && piece.to === range.end,
      onPass: told,
    });
    for (const token of scored.tokens) tokens.push(token);
    end = scored.end;
    // A token that began in the piece may end behind it.
    from = Math.max(piece.to, scored.tokens.at(-1)?.end ?? 0);
    // So that a cancellation is heard.
    await setImmediate();
  } while (from < range.end);
  return {
    model,
    method: checkpoint.family.attention.kind === 'block-causal' && !inFim ? 'causal' : 'masked',
    forwards: scorer.forwards(),
    millis: performance.now() - started,
    tokens,
    ...(end && { end }),
  };
}

/** UTF-16 units that are tokenised at once, for each token of room: of what is scored, and on either side of it. */
const UNITS_SCORED = 16;
const UNITS_AROUND = 8;

interface TextPiece {
  /** What is tokenised. */
  readonly start: number;
  readonly end: number;
  /** Where the scored part ends. */
  readonly to: number;
}

/**
 * A part of a text from `from` on, with its surroundings: all of it where it is short, else so much that the work does not
 * depend on the text's length.
 */
function pieceOf(text: string, from: number, until: number, budget: number): TextPiece {
  if (text.length <= (UNITS_SCORED + 2 * UNITS_AROUND) * budget)
    return { start: 0, end: text.length, to: until };
  const around = UNITS_AROUND * budget;
  const far = Math.min(until, from + UNITS_SCORED * budget);
  // At a line's start where there is one.
  const line = far < until ? text.slice(from, far).lastIndexOf('\n') + 1 : 0;
  const to = whole(text, line > 0 ? from + line : far);
  const before = Math.max(0, from - around);
  const start = before > 0 ? before + text.slice(before, from).indexOf('\n') + 1 : 0;
  return { start: whole(text, start), end: whole(text, Math.min(text.length, to + around)), to };
}

/** The offset, or the next one where it would cut a character or a line end in two. */
function whole(text: string, offset: number): number {
  return splitsUnit(text, offset) === undefined ? offset : offset + 1;
}

interface Scoring {
  readonly checkpoint: Checkpoint;
  /** Tokens that fit a window. */
  readonly budget: number;
  readonly inFim: boolean;
  readonly scorer: Scorer;
  /** Whether the end of the piece is scored, if a token ends there. */
  readonly withEnd: boolean;
  readonly onPass: OnPass;
}

async function scorePiece(
  { start, end, to }: TextPiece,
  text: string,
  from: number,
  isFirst: boolean,
  { checkpoint, budget, inFim, scorer, withEnd, onPass }: Scoring,
): Promise<{ readonly tokens: ScoredToken[]; readonly end?: ScoredEnd }> {
  const { ids, starts } = checkpoint.tokenizer.encode(text.slice(start, end));
  const startOf = (index: number) => start + (starts[index] ?? end - start);
  const first = ids.findIndex((_, index) => (isFirst ? startOf(index + 1) > from : startOf(index) >= from));
  const last = ids.findLastIndex((_, index) => startOf(index) < to);
  const begin = first < 0 ? ids.length : first;
  const ends = endsOf(checkpoint.family);
  const scores: TokenScore[] = [];
  let endScore: TokenScore | undefined;
  for (const window of windows(begin, last + 1, ids.length, budget)) {
    const canvas = { segments: [{ kind: 'text' as const, ids: ids.slice(window.from, window.to) }] };
    const { tokens } = flatten(
      { ...canvas, specials: checkpoint.specials, window: { start: 0, end: 0 } },
      [],
      ends,
    );
    const offset = (ends.bos ? 1 : 0) - window.from;
    const before = scores.length;
    const told: OnPass = (done) =>
      onPass((before + done * (window.last - window.first)) / (last + 1 - begin));
    const asksEnd = withEnd && inFim && window.last === last + 1 && startOf(last + 1) === to;
    const place = { from: window.first + offset, to: window.last + offset, inFim, withEnd: asksEnd };
    const scored = await scorer.score(tokens, place, told);
    scores.push(...scored.slice(0, window.last - window.first));
    endScore = scored[window.last - window.first];
  }
  const merged = merge(scores, checkpoint.tokenizer, (index) => startOf(begin + index), text);
  return { tokens: merged, ...(endScore && { end: endOf(endScore, checkpoint) }) };
}

/** What goes on in another line ends this one, too. */
function endOf({ surprise, best }: TokenScore, { tokenizer, family, specials }: Checkpoint): ScoredEnd {
  const { ends } = lengthTokensOf(family.length, specials);
  const others = alternativesOf(best, tokenizer, ends);
  const isLineEnd = ({ text }: ScoredEnd['alternatives'][number]) => /^[\r\n]/.test(text);
  const ended = others.filter(isLineEnd).reduce((sum, one) => sum + one.probability, Math.exp(-surprise));
  const more = others.filter((one) => !isLineEnd(one));
  return {
    surprise: Math.max(0, -Math.log(ended)),
    expected: best.entropy,
    alternatives: more.slice(0, ALTERNATIVES),
  };
}

function alternativesOf(
  { ids, logProbs }: Prediction,
  tokenizer: TextTokenizer,
  but: readonly number[] = [],
) {
  return Array.from(ids, (id, k) => ({
    text: but.includes(id) ? '' : tokenizer.decode([id]),
    probability: Math.exp(logProbs[k] ?? Number.NEGATIVE_INFINITY),
  })).filter(({ text }) => text !== '');
}

interface Window {
  /** Tokens that are seen. */
  readonly from: number;
  readonly to: number;
  /** Tokens that are scored. */
  readonly first: number;
  readonly last: number;
}

/** Tokens `first` … `last` − 1 in stretches of half a budget, each with a quarter of it on either side. */
export function windows(first: number, last: number, count: number, budget: number): Window[] {
  if (first >= last) return [];
  if (count <= budget) return [{ from: 0, to: count, first, last }];
  const side = Math.floor(budget / 4);
  const stretch = Math.max(1, budget - 2 * side);
  const result: Window[] = [];
  for (let at = first; at < last; at += stretch) {
    const end = Math.min(last, at + stretch);
    result.push({ from: Math.max(0, at - side), to: Math.min(count, end + side), first: at, last: end });
  }
  return result;
}

/** Byte-level pieces of one character become one token: nobody can point at half a character. */
function merge(
  scores: readonly TokenScore[],
  tokenizer: TextTokenizer,
  startOf: (index: number) => number,
  text: string,
): ScoredToken[] {
  const result: ScoredToken[] = [];
  scores.forEach(({ surprise, best }, index) => {
    const start = startOf(index);
    const end = startOf(index + 1);
    const previous = result.at(-1);
    if (previous && (previous.start === start || previous.start === previous.end)) {
      result[result.length - 1] = {
        ...previous,
        end,
        text: text.slice(previous.start, end),
        surprise: previous.surprise + surprise,
        expected: previous.expected + best.entropy,
      };
      return;
    }
    const own = text.slice(start, end);
    const alternatives = alternativesOf(best, tokenizer).filter((other) => other.text !== own);
    result.push({
      start,
      end,
      text: own,
      surprise,
      expected: best.entropy,
      alternatives: alternatives.slice(0, ALTERNATIVES),
    });
  });
  return result;
}
