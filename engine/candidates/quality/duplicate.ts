// An answer that is another place of the same file, word for word or but for the name that it declares: a model that does not know what
// belongs there writes what it has just read. It may be right, so this only says so. Pure.
import type { Span } from '../../canvas/types';
import { isName, unitsOf } from './words';

/** Fewer words and signs stand in many places. */
const FEWEST = 12;
/** A sentence: so many words, hardly a sign between them. Code has more signs. */
const SENTENCE = /^\p{Lu}?[\p{L}\p{N}'’,-]*( +[\p{L}\p{N}'’,-]+){4,}[.!?]?$/u;

/** In front of a declared name: words, a type's signs, and Go's receiver; a value, a member and an argument come behind other signs. */
const IN_FRONT = /^[\p{L}\p{N}_\s<>[\],?*&~@:]*(\(\w+ \*?[\w[\], ]+\) )?$/u;
/** Words that only a declaration begins with. */
const DECLARES =
  /\b(def|fn|fun|func|function|class|struct|interface|enum|trait|record|module|type|public|private|protected|internal|static|override)\b/;
/** Words that open a block and declare nothing. */
const CONTROL =
  /^(if|elif|elsif|else|unless|for|foreach|while|until|switch|match|case|when|with|try|catch|using|lock|return|await)\b/;
const BEHIND_NAME = /^\s*([<({:=;]|extends\b|implements\b|$)/;
/** What stands above a declaration: comments and decorators. */
const ABOVE = /^(@|#|\/[/*]|\*)/;
const NAME_AT_START = /^[\p{L}\p{N}_$]+/u;
const NAME_AT_END = /(?<![\p{L}\p{N}_$])[\p{L}\p{N}_$]+$/u;

/**
 * Whether whole lines of an answer, or a sentence, stand in the file already, be it as a declaration of another name; not where what stood in
 * their place did, too. `spans` in any order.
 */
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
    const holds = (lines: string) =>
      lines !== '\n\n' && sides.some((side) => side.includes(lines) || declaresSame(side, lines));
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

/** Whether the lines but for one name, which they declare first, stand in the file. Both with a line end at either end. */
function declaresSame(side: string, lines: string): boolean {
  const all = lines.slice(1, -1).split('\n');
  const at = all.findIndex((line) => !ABOVE.test(line));
  const head = all[at];
  const rest = `\n${all.slice(at + 1).join('\n')}\n`;
  if (head === undefined || unitsOf(rest).length < FEWEST) return false;
  const above = `\n${all
    .slice(0, at)
    .map((line) => `${line}\n`)
    .join('')}`;
  for (let end = side.indexOf(rest); end >= 0; end = side.indexOf(rest, end + 1)) {
    const start = side.lastIndexOf('\n', end - 1) + 1;
    if (side.slice(0, start).endsWith(above) && differInName(head, side.slice(start, end))) return true;
  }
  return false;
}

/** Whether two lines declare the same but for the name. */
function differInName(one: string, other: string): boolean {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const front = one.slice(0, at).replace(NAME_AT_END, '');
  const [named, behind] = splitName(one.slice(front.length));
  const [otherNamed, otherBehind] = splitName(other.slice(front.length));
  if (!isName(named) || !isName(otherNamed) || behind !== otherBehind) return false;
  if (!IN_FRONT.test(front) || !BEHIND_NAME.test(behind)) return false;
  return DECLARES.test(front) || (!CONTROL.test(one) && !CONTROL.test(other) && isWholeHead(behind));
}

/** The name that a piece begins with, and the rest of it. */
function splitName(piece: string): readonly [string, string] {
  const name = NAME_AT_START.exec(piece)?.[0] ?? '';
  return [name, piece.slice(name.length)];
}

/** `(a) {`: a call that takes a block closes its bracket behind that. */
function isWholeHead(behind: string): boolean {
  const count = (bracket: string) => behind.split(bracket).length;
  return behind.endsWith('{') && behind.includes('(') && count('(') === count(')');
}
