// Models that fill in the middle seldom know where to stop: behind the hole's own lines they write the rest of the function, and the
// next one. What leaves the block that the hole is in is not for the hole, and need not even be waited for. Pure.
import type { Piece } from '../canvas/spans';
import { imbalance, isOpenAtEnd } from './balance';

/** Columns of a tab, where lines of both kinds are compared. */
const TAB = 4;
/** UTF-16 units on each side of a hole in which a closing bracket finds its partner. */
const REACH = 8192;

/** Stands at the margin wherever it is. A blank behind the sign makes it a comment in other languages. */
const DIRECTIVE = /^\s*#(if|ifdef|ifndef|else|elif|endif|define|undef|include|pragma|region|endregion)\b/;
/** Goes on with a statement that begins further out. */
const BRANCH =
  /^\s*(\}\s*)?((else|elif|elseif|elsif|except|finally|catch|rescue)\b|(case\b[^=]*|default\s*)(:|->|=>)|ensure\s*$|when\s+[^(=\s])/;
const CLOSING = /^\s*[)\]}]/;

/** Text around a hole and in it, all with line feeds. */
export interface HoleText {
  readonly before: string;
  readonly selected: string;
  readonly after: string;
  /** Whether the hole is in a string of several lines. */
  readonly isInString?: boolean;
}

/**
 * Length of the answer's beginning that stays in the hole's block; undefined: all that is there so far. Only whole lines tell, so an
 * answer that is still being written can be asked about piece by piece. `answer` with line feeds.
 */
export function endOfBlock(answer: string, hole: HoleText): number | undefined {
  const least = depthOfHole(answer, hole);
  if (least === 0 || hole.isInString) return undefined;
  for (let at = answer.indexOf('\n'); at >= 0; ) {
    const next = answer.indexOf('\n', at + 1);
    // It may still be indented.
    if (next < 0) return undefined;
    const line = answer.slice(at + 1, next);
    const isOutside = line.trim() !== '' && depthOf(line) < least && !goesOn(answer.slice(0, at), line, hole);
    if (isOutside) return answer.slice(0, at).trimEnd().length;
    at = next;
  }
  return undefined;
}

/** Columns of the shallowest line that the hole has, or stands on, or that the answer begins with. */
function depthOfHole(answer: string, { before, selected }: HoleText): number {
  const standing = before.slice(before.lastIndexOf('\n') + 1);
  const [first = '', ...further] = (standing + answer).split('\n');
  const begun = first.trim() === '' ? further.find((line) => line.trim() !== '') : first;
  const lines = [begun ?? '', ...(standing + selected).split('\n')].filter((line) => line.trim() !== '');
  // Blanks before the hole are for its first line.
  const opening = standing !== '' && standing.trim() === '' ? [standing] : [];
  return Math.min(...[...opening, ...lines].map(depthOf), Number.MAX_SAFE_INTEGER);
}

/** Whether a line goes on with a statement that begins before it, or closes it. */
export function goesFurther(line: string): boolean {
  return BRANCH.test(line) || CLOSING.test(line);
}

/** Whether a line further out still belongs to what was written. */
function goesOn(written: string, line: string, { before, after }: HoleText): boolean {
  if (DIRECTIVE.test(line) || isOpenAtEnd(written)) return true;
  // The file has its own next branch.
  if (BRANCH.test(line)) return !BRANCH.test(firstLine(after));
  if (!CLOSING.test(line)) return false;
  const [start, end] = [before.slice(-REACH) + written, after.slice(0, REACH)];
  return imbalance(`${start}\n${line}${end}`) < imbalance(start + end);
}

/** Whether a place is in a string of several lines: such a string begins before it and ends behind it. Asked of a whole file. */
export function isInString(text: string, { start, end }: Pick<Piece, 'start' | 'end'>): boolean {
  const [before, after] = [text.slice(0, start), text.slice(end)];
  return ['"""', "'''", '`'].some((quote) => isOdd(before, quote) && isOdd(after, quote));
}

function isOdd(text: string, quote: string): boolean {
  return text.split(quote).length % 2 === 0;
}

function firstLine(text: string): string {
  return /\S[^\n]*/.exec(text)?.[0] ?? '';
}

/** Columns of a line's indentation. */
export function depthOf(line: string): number {
  const [indent = ''] = /^[ \t]*/.exec(line) ?? [];
  return [...indent].reduce((sum, one) => sum + (one === '\t' ? TAB : 1), 0);
}
