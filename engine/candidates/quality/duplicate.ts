// An answer that is another place of the same file, word for word: a model that does not know what belongs there writes what it has just
// read. It may be right, so this only says so. Pure.
import type { Span } from '../../canvas/types';
import { unitsOf } from './words';

/** Fewer words and signs stand in many places. */
const FEWEST = 12;
/** A sentence: so many words, hardly a sign between them. Code has more signs. */
const SENTENCE = /^\p{Lu}?[\p{L}\p{N}'’,-]*( +[\p{L}\p{N}'’,-]+){4,}[.!?]?$/u;

/** Whether whole lines of an answer, or a sentence, stand in the file already; not where what stood in their place did, too. `spans` in any order. */
export function standsElsewhere(
  text: string,
  spans: readonly Span[],
  texts: readonly (string | undefined)[],
): boolean {
  return spans.some(({ start, end }, i) => {
    const answer = texts[i];
    const old = text.slice(start, end);
    if (answer === undefined || answer === old) return false;
    if (isSentence(answer) && isSentence(old)) {
      const isThere = (one: string) =>
        [text.slice(0, start), text.slice(end)].some((side) => side.includes(one.trim()));
      return isThere(answer) && !isThere(old);
    }
    if (unitsOf(answer).length < FEWEST) return false;
    const isWholeLines =
      /(^|[\r\n])[ \t]*$/.test(text.slice(0, start)) && /^[ \t]*([\r\n]|$)/.test(text.slice(end));
    if (!isWholeLines) return false;
    const sides = [linesOf(text.slice(0, start)), linesOf(text.slice(end))];
    const holds = (lines: string) => lines !== '\n\n' && sides.some((side) => side.includes(lines));
    return holds(linesOf(answer)) && !holds(linesOf(old));
  });
}

function isSentence(text: string): boolean {
  return SENTENCE.test(text.trim());
}

/** Lines trimmed, blank ones left out. */
function linesOf(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  return `\n${lines.filter((line) => line !== '').join('\n')}\n`;
}
