// How suspicious a token is, and which tokens are marked. Pure.
import type { ScoredToken } from '../../engine/protocol';
import type { OffsetRange } from '../text/types';

/** Shades; each begins at ten times the odds of the one before. */
export const STEPS = 4;

export interface Alternative {
  readonly text: string;
  /** 0…1 */
  readonly probability: number;
}

/** What makes a line likelier. */
interface Slip {
  /** In place of what is marked. */
  readonly instead: string;
  /** A name elsewhere in the line, in whose place what is marked then stands. */
  readonly isExchanged?: true;
  /** Nats. */
  readonly gain: number;
}

/** A token that is marked, without the white space in front of it; offsets of the document. */
export interface Mark extends OffsetRange {
  /** Of the token, 0…1. */
  readonly probability: number;
  readonly alternatives: readonly Alternative[];
  /** Nats of surprise above what the model expects of any token in this place. */
  readonly excess: number;
  /** 1 … STEPS */
  readonly step: number;
  /** Whether the model saw both sides or the left one only. */
  readonly method: 'masked' | 'causal';
  /** What would make its line likelier, and by how many nats. */
  readonly slip?: Slip;
}

/**
 * How many times likelier the model finds its favourite than the token that stands there. A token that is unlikely
 * because nothing is likely in its place (the name of a new variable) is not suspicious, and has low odds.
 */
export function oddsAgainst({
  surprise,
  alternatives,
}: Pick<ScoredToken, 'surprise' | 'alternatives'>): number {
  const best = alternatives.reduce((most, { probability }) => Math.max(most, probability), 0);
  return best * Math.exp(surprise);
}

/** Of what a person is told of, 0…1: less is no help. */
const LEAST_LIKELY = 0.01;

/**
 * What the model would rather have in the place of a mark, the likeliest first, without the blanks in front, which are not marked
 * either. Nothing that is less likely, nor the same text with other white space.
 */
export function likelierThan(token: string, { probability, alternatives }: Mark): readonly Alternative[] {
  const told = new Map<string, Alternative>();
  for (const other of alternatives) {
    if (other.probability < LEAST_LIKELY || other.probability <= probability) continue;
    const text = other.text.replace(/^[ \t]+(?=\S)/, '');
    if (text !== token && !told.has(text)) told.set(text, { ...other, text });
  }
  return [...told.values()];
}

/** 0: not marked. `threshold`: least odds, 1 or more. */
export function stepOf(odds: number, threshold: number): number {
  if (!(odds >= threshold)) return 0;
  // A ratio that is a power of ten to the eye must be one to the logarithm.
  return Math.min(STEPS, 1 + Math.floor(Math.log10(odds / threshold) + 1e-9));
}

interface Seen {
  /** Nothing is marked that begins there. Default: nothing is free. */
  readonly free?: readonly OffsetRange[];
  /** Default: `masked`. */
  readonly method?: Mark['method'];
}

/**
 * Of the tokens of a text that begins at `base` in the document. White space alone is never marked, nor is what begins in
 * `free`, in offsets of the document: any word may come next in a sentence.
 */
export function marksOf(
  tokens: readonly ScoredToken[],
  base: number,
  threshold: number,
  { free = [], method = 'masked' }: Seen = {},
): readonly Mark[] {
  return tokens.flatMap((token) => {
    const step = stepOf(oddsAgainst(token), threshold);
    const core = token.text.trim();
    if (step === 0 || core === '') return [];
    const start = base + token.start + token.text.indexOf(core);
    if (free.some((range) => range.start <= start && start < range.end)) return [];
    const { surprise, expected, alternatives } = token;
    const probability = Math.exp(-surprise);
    return [
      {
        ...{ start, end: start + core.length, probability, alternatives },
        ...{ excess: surprise - expected, step, method },
      },
    ];
  });
}

/** The first sign of a text, where the model sees nothing but what stands before: it knows nothing then. */
export function unseen(text: string, method: 'masked' | 'causal'): readonly OffsetRange[] {
  return method === 'causal' ? [{ start: 0, end: text.search(/\S|$/) + 1 }] : [];
}

/** Lines that are a screen. */
const SCREEN = 40;

/** A slip replaces the marks on its own tokens. */
export function withSlips(marks: readonly Mark[], slips: readonly Mark[]): readonly Mark[] {
  const isFree = ({ start, end }: Mark) => !slips.some((slip) => slip.start < end && slip.end > start);
  return [...slips, ...marks.filter(isFree)];
}

/**
 * The worst marks, as many a screen as somebody can look at, in text order: a model marks more than is wrong, and the share of
 * what is wrong falls with every mark more. Slips are the worst. Wherever the text is scrolled to, no screen has more than `most`; 0: all.
 * `lineOf`: of an offset.
 */
export function worstOf(
  marks: readonly Mark[],
  most: number,
  lineOf: (offset: number) => number,
): readonly Mark[] {
  const lines: number[] = [];
  const chosen = [...marks]
    .sort((a, b) => (b.slip?.gain ?? 0) - (a.slip?.gain ?? 0) || b.excess - a.excess)
    .filter(({ start }) => {
      if (most === 0) return true;
      const line = lineOf(start);
      if (isCrowded(lines, line, most)) return false;
      lines.push(line);
      return true;
    });
  return chosen.sort((a, b) => a.start - b.start);
}

/** Whether with a mark in this line more than `most` would be on one screen. */
function isCrowded(lines: readonly number[], line: number, most: number): boolean {
  const near = [...lines.filter((other) => Math.abs(other - line) < SCREEN), line].sort((a, b) => a - b);
  return near.some((first, i) => (near[i + most] ?? Number.POSITIVE_INFINITY) - first < SCREEN);
}

/**
 * The word that a mark is a piece of: what is masked when it is done again. The mark itself where it is no word; of an empty
 * one, which is a cursor, the word that it touches.
 */
export function wordAround(text: string, { start, end }: OffsetRange): OffsetRange {
  const isEmpty = start === end;
  let from = start;
  let to = end;
  if (isEmpty || isWord(text[start])) while (isWord(text[from - 1])) from--;
  if (isEmpty || isWord(text[end - 1])) while (isWord(text[to])) to++;
  return { start: from, end: to };
}

function isWord(unit: string | undefined): boolean {
  // Halves of surrogate pairs are letters nearly always, and must not be cut apart.
  return unit !== undefined && /[\p{L}\p{N}_$\ud800-\udfff]/u.test(unit);
}
