// Who selects a part of a line, or a line, wants one statement, and so does who types in the middle of a line. Models that fill in the
// middle write the following ones, too, though they stand behind the hole. Pure.
import { isOpenAtEnd } from './balance';
import { depthOf, goesFurther, type HoleText } from './blockEnd';
import { GOES_ON } from './partOfLine';

/** Placeholders, and comments: whoever selects one wants what it stands for. */
const STANDS_FOR_MORE =
  /^(pass|\.\.\.|raise NotImplementedError\b.*|throw new Error\(\W*not (yet )?implemented.*|(todo|unimplemented)!\(.*|(#|\/\/|\/\*|--|<!--).*)$/i;
/** A paragraph that says something about the code behind it. */
export const ABOUT_CODE =
  /^\s*([rbuRBU]{0,2}("""((?!""")[\s\S])*"""|'''((?!''')[\s\S])*''')|\/\*((?!\*\/)[\s\S])*\*\/|(#|\/\/|-- )[^\n]*(\n[ \t]*(#|\/\/|-- )[^\n]*)*)\s*$/;
/** Opens a block by indentation alone. */
export const OPENS_BLOCK = /:[ \t]*(#[^\n]*)?$/;
/** Goes on with the line before: after an operator, or a chain. What closes is of what stands around the hole. */
const CONTINUES = /^[ \t]*(?:[?:%&|^=,;]|\.(?!\.\.)|[+\-/] )/;
/** The same as OPENS_BLOCK, or by a bracket. */
const OPENS_AT_END = /[:([{][ \t]*$/;

/**
 * Whether one statement is asked for: by a selection of code, not of what stands for code to come, and where somebody types (`isTyped`) in
 * the middle of a line, or in front of what the line is to open.
 */
export function isOneStatement({ before, selected, after }: HoleText, isTyped: boolean): boolean {
  const standing = selected.trim();
  if (standing !== '') return !standing.includes('\n') && !STANDS_FOR_MORE.test(standing);
  const [lead, rest] = [lineBefore(before), lineBehind(after)];
  if (lead.trim() !== '' || rest.trim() !== '') return isTyped;
  return isTyped && depthOfFirst(after) > depthOf(lead);
}

/**
 * Length of the answer's first statement, with what it opens unless the file has that already; undefined: it may go on. What begins the
 * next line tells, or that nothing will: `isBound`. `answer` with line feeds.
 */
export function endOfStatement(
  answer: string,
  { before, after, isInString = false }: HoleText,
  isBound = false,
): number | undefined {
  const [lead, rest] = [lineBefore(before), lineBehind(after)];
  const depth = depthOfFirst(lead + answer);
  const hasBody = depthOfFirst(after.slice(rest.length)) > depth;
  // Behind `if x:` in front of the hole, the block is what is asked for.
  let isInBlock = OPENS_BLOCK.test(lead) && !hasBody;
  for (const { index } of answer.matchAll(/\n/g)) {
    const head = answer.slice(0, index);
    const next = answer.slice(index).replace(/^\s*\n/, '');
    if (head.trim() === '') continue;
    if (next.trim() === '' && !isBound) return undefined;
    if (ABOUT_CODE.test(head)) continue;
    const opensMore = hasBody && OPENS_AT_END.test(head);
    if (!opensMore) {
      if (GOES_ON.test(head) || CONTINUES.test(next)) continue;
      if (!isInString && isOpenAtEnd(lead + head + rest)) continue;
      isInBlock ||= !hasBody && !isInString && OPENS_BLOCK.test(head);
      if (isInBlock && (depthOf(next) > depth || goesFurther(next))) continue;
    }
    return head.trimEnd().length;
  }
  return undefined;
}

/** Columns of the first line that is not blank; 0: there is none. */
function depthOfFirst(text: string): number {
  return depthOf(/^[ \t]*\S[^\n]*/m.exec(text)?.[0] ?? '');
}

function lineBefore(before: string): string {
  return before.slice(before.lastIndexOf('\n') + 1);
}

function lineBehind(after: string): string {
  return /^[^\n]*/.exec(after)?.[0] ?? '';
}
