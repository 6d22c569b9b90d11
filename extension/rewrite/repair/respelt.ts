// A word that the model does not expect, and that stands nowhere else, is most often a known one, misspelt. Those near to it are few, and
// need no denoising: a score tells which of them makes the line likelier. Pure.
import { isMemberWord, isWord, LANGUAGE_NAMES } from '../../../engine/candidates/quality/names';
import type { ScoredToken } from '../../../engine/protocol';
import { NAME, nearNames } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';
import { unlikelyWords } from './plan';

/** Of so many words of a selection, the least likely ones, the names near to them are looked at. */
const MOST_WORDS = 3;
/** Each is a score of the line. */
const MOST_TEXTS = 6;

/** The text of a selection with another name in place of one of its words, the least likely word first. `tokens`: of the selection. */
export function respellings(
  text: string,
  { start, end }: OffsetRange,
  tokens: readonly ScoredToken[],
): readonly string[] {
  const texts: string[] = [];
  for (const word of unlikelyWords(text, tokens, { most: MOST_WORDS })) {
    const name = nameIn(text, word);
    if (name === undefined || name.start < start || name.end > end) continue;
    for (const near of nearNames(text, name, '', LANGUAGE_NAMES))
      texts.push(text.slice(start, name.start) + near + text.slice(name.end, end));
  }
  return [...new Set(texts)].slice(0, MOST_TEXTS);
}

/** The one name of a word, which may have signs around it; what languages bring along is spelt right. */
function nameIn(text: string, { start, end }: OffsetRange): OffsetRange | undefined {
  const [found, ...more] = text.slice(start, end).matchAll(NAME);
  if (found === undefined || more.length > 0 || isWord(found[0]) || isMemberWord(found[0])) return undefined;
  const from = start + found.index;
  return { start: from, end: from + found[0].length };
}
