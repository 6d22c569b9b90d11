// What the model would rather have in the place of the least likely words of a selection. A score tells its best tokens anyway: the texts with
// one of them are few, need no denoising, and another score tells whether the line is likelier so. Pure.
import type { ScoredToken } from '../../../engine/protocol';
import { countNames } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';
import { SURPRISING, wordsToRepair } from './plan';
import { linesIn, type Mending, type SlipFacts, touches } from './slips';

/**
 * Nats by which the line has to become likelier: much more than without a slip, since any word may be likelier than another by chance
 * (docs/decisions/repair-first.md).
 */
export const WORD_GAIN = 8;
/** Places where another word is tried. */
export const MOST_WORDS = 2;
/** 0…1. Of less likely tokens hardly one is right. */
const LEAST_PROBABILITY = 0.1;
/** Names of the text that begin with one token, the more frequent first. */
const NAMES_A_TOKEN = 3;
const BEGINS_NAME = /^[\p{L}_$]/u;

/** Texts of a selection with another word in one of `most` places, the least likely places first. `tokens`: of the selection. */
export function withLikelierWords(
  text: string,
  range: OffsetRange,
  tokens: readonly ScoredToken[],
  { settled, most = MOST_WORDS }: Pick<SlipFacts, 'settled'> & { readonly most?: number },
): readonly Mending[] {
  const lines = linesIn(text, range);
  const names = [...countNames(text).all].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const seen = new Set([text.slice(range.start, range.end)]);
  return leastLikely(text, tokens, most)
    .filter((word) => !settled.some((one) => touches(one, word) && !isOneWord(text, one)))
    .flatMap((place) => {
      const line = lines.find((one) => place.start >= one.start && place.end <= one.end);
      const token = tokens.find(({ end, text }) => end > place.start && text.trim() !== '');
      if (line === undefined || token === undefined) return [];
      return token.alternatives.flatMap((alternative) =>
        wordsFor(alternative, names).flatMap((word) => {
          const fresh = text.slice(range.start, place.start) + word + text.slice(place.end, range.end);
          if (seen.has(fresh)) return [];
          seen.add(fresh);
          return [{ text: fresh, line, place }];
        }),
      );
    });
}

/** The text of a string that is no sentence: a key, the name of an event. */
function isOneWord(text: string, { start, end }: OffsetRange): boolean {
  return /["'`]/.test(text[start - 1] ?? '') && !/\s/.test(text.slice(start, end));
}

/** Worst first. */
function leastLikely(text: string, tokens: readonly ScoredToken[], most: number): readonly OffsetRange[] {
  const upTo = (rank: number) => wordsToRepair(text, tokens, { most: rank, least: SURPRISING });
  return Array.from({ length: most }, (_, rank) => {
    const known = new Set(upTo(rank).map(({ start }) => start));
    return upTo(rank + 1).filter(({ start }) => !known.has(start));
  }).flat();
}

/** What a token may be the beginning of: names of the text, or itself. */
function wordsFor(
  { text, probability }: ScoredToken['alternatives'][number],
  names: readonly string[],
): readonly string[] {
  const core = text.trim();
  if (core === '' || probability < LEAST_PROBABILITY) return [];
  const known = BEGINS_NAME.test(core) ? names.filter((name) => name.startsWith(core)) : [];
  return known.length > 0 ? known.slice(0, NAMES_A_TOKEN) : [core];
}
