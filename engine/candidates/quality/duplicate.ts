// An answer that is another place of the same file, word for word: a model that does not know what belongs there writes what it has just
// read. It may be right, so this only says so. Pure.
import type { Span } from '../../canvas/types';
import { unitsOf } from './words';

/** Fewer words and signs stand in many places. */
const FEWEST = 12;

/** Whether whole lines of an answer stand in the file already; not where what stood in their place did, too. `spans` in any order. */
export function standsElsewhere(
  text: string,
  spans: readonly Span[],
  texts: readonly (string | undefined)[],
): boolean {
  return spans.some(({ start, end }, i) => {
    const answer = texts[i];
    const old = text.slice(start, end);
    if (answer === undefined || answer === old || unitsOf(answer).length < FEWEST) return false;
    const isWholeLines =
      /(^|[\r\n])[ \t]*$/.test(text.slice(0, start)) && /^[ \t]*([\r\n]|$)/.test(text.slice(end));
    if (!isWholeLines) return false;
    const sides = [linesOf(text.slice(0, start)), linesOf(text.slice(end))];
    const holds = (lines: string) => lines !== '\n\n' && sides.some((side) => side.includes(lines));
    return holds(linesOf(answer)) && !holds(linesOf(old));
  });
}

/** Lines trimmed, blank ones left out. */
function linesOf(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  return `\n${lines.filter((line) => line !== '').join('\n')}\n`;
}
