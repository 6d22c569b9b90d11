// Who selects from the middle of a word, or to it, leaves a part of that word standing. A model that does not see where its answer has
// to begin and end writes the whole word.
import type { LineContext } from './partOfLine';

const WORD_AT_START = /^[\p{L}\p{N}_$]+/u;
const WORD_AT_END = /[\p{L}\p{N}_$]+$/u;
/** UTF-16 units of a word that are looked at. */
const LONGEST = 200;

/**
 * The answer without the part of its first word that stands before it, and of its last that stands behind it: `threshold` in front of
 * `ld` becomes `thresho`. Only where the words at its ends are all known then, to the text or from what stood there, and were not before.
 */
export function withoutDoubledPart(answer: string, { before, after, original }: LineContext): string {
  const lead = named(atEnd(before));
  const rest = named(atStart(after));
  if (lead === '' && rest === '') return answer;
  const wordsOf = (text: string) => [
    ...(lead === '' ? [] : [lead + atStart(text + rest)]),
    ...(rest === '' ? [] : [atEnd(lead + text) + rest]),
  ];
  const stood = new Set(wordsOf(original));
  const isKnown = (word: string) => stood.has(word) || isThere(word, before) || isThere(word, after);
  const shorter = atStart(answer) !== lead && answer.startsWith(lead) ? answer.slice(lead.length) : answer;
  const choices = [answer, ...[answer, shorter].map((text) => withoutEnd(text, rest)), shorter];
  return choices.find((text) => wordsOf(text).every(isKnown)) ?? answer;
}

/** Digits by themselves are no part of a name. */
function named(part: string): string {
  return /[\p{L}_$]/u.test(part) ? part : '';
}

function withoutEnd(text: string, rest: string): string {
  return rest !== '' && atEnd(text) !== rest && text.endsWith(rest) ? text.slice(0, -rest.length) : text;
}

/** The word that the text begins with; empty where it begins with none. */
export function atStart(text: string): string {
  return WORD_AT_START.exec(text.slice(0, LONGEST))?.[0] ?? '';
}

/** The word that it ends with. */
export function atEnd(text: string): string {
  return WORD_AT_END.exec(text.slice(-LONGEST))?.[0] ?? '';
}

/** Whether it stands in the text as a word of its own. */
function isThere(word: string, text: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const sides = [text.charAt(at - 1), text.charAt(at + word.length)];
    if (!sides.some((one) => WORD_AT_START.test(one))) return true;
  }
  return false;
}
