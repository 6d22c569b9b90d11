// A repair masks only what the model finds least likely, and is taken only where the whole becomes likelier: everything
// else in the selection stays as it is. Pure.
import type { ScoredToken } from '../../../engine/protocol';
import type { OffsetRange } from '../../text/types';

type Scored = Pick<ScoredToken, 'start' | 'end' | 'text' | 'surprise' | 'expected'>;

/** Words that one repair masks at most; with two it brings back less (bench/results/repair.md). */
const MOST_WORDS = 1;
/** Nats above what the model expects in a place, from which on a word is done again. */
const LEAST_EXCESS = 0;
/** The same where nobody asked for that: most of the words below come to nothing. */
export const SURPRISING = 2;
/** Nats of surprise that a line ends where it does, from which on its end is missing: where it is not, hardly any reach half of that. */
export const TOO_SOON = 4;
/** Nats by which the whole has to become likelier: half of the wrong answers gain less, and hardly a right one does. */
const LEAST_GAIN = 3;

const WORD = /[\p{L}\p{N}_$]/u;

/** How much less likely a token is than the model expects of any token in its place. */
export function excess({ surprise, expected }: Pick<Scored, 'surprise' | 'expected'>): number {
  return surprise - expected;
}

/**
 * The words to mask, in text order. A word is what a person would point at: the tokens of one name together, a run of
 * signs by itself. `tokens` are those of the selection, `text` is what they were scored in.
 */
export function wordsToRepair(
  text: string,
  tokens: readonly Scored[],
  { most = MOST_WORDS, least = LEAST_EXCESS }: { readonly most?: number; readonly least?: number } = {},
): readonly OffsetRange[] {
  const worst = new Map<string, OffsetRange & { readonly excess: number }>();
  const [first, last] = [tokens[0], tokens.at(-1)];
  if (first === undefined || last === undefined) return [];
  for (const token of tokens) {
    const core = token.text.trim();
    if (core === '') continue;
    const start = token.start + token.text.indexOf(core);
    const word = wordOf(text, { start, end: start + core.length }, { start: first.start, end: last.end });
    const key = `${word.start}-${word.end}`;
    const known = worst.get(key)?.excess ?? Number.NEGATIVE_INFINITY;
    worst.set(key, { ...word, excess: Math.max(known, excess(token)) });
  }
  return [...worst.values()]
    .filter((word) => word.excess >= least)
    .sort((a, b) => b.excess - a.excess)
    .slice(0, most)
    .map(({ start, end }) => ({ start, end }))
    .sort((a, b) => a.start - b.start)
    .filter((word, i, all) => i === 0 || word.start >= (all[i - 1]?.end ?? 0));
}

/** The name that a piece of one belongs to, within the selection; signs are by themselves. */
function wordOf(text: string, { start, end }: OffsetRange, within: OffsetRange): OffsetRange {
  let from = start;
  let to = end;
  if (isWordUnit(text[start])) while (from > within.start && isWordUnit(text[from - 1])) from--;
  if (isWordUnit(text[end - 1])) while (to < within.end && isWordUnit(text[to])) to++;
  return { start: from, end: to };
}

export function isWordUnit(unit: string | undefined): boolean {
  return unit !== undefined && (WORD.test(unit) || /[\ud800-\udfff]/.test(unit));
}

/** Nats of surprise over all tokens. */
export function surpriseOf(tokens: readonly Pick<Scored, 'surprise'>[]): number {
  return tokens.reduce((sum, { surprise }) => sum + surprise, 0);
}

/** Whether a repaired text is likelier than what stood there, by both in nats of surprise. */
export function isLikelier(before: number, after: number, least = LEAST_GAIN): boolean {
  return before - after >= least;
}
