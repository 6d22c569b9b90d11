// Who selects a part of a line, or a line, wants one statement, and so does who types in the middle of a line. Models that fill in the
// middle write the following ones, too, though they stand behind the hole. Pure.
import { openAtEnd } from './balance';
import { depthOf, goesFurther, type HoleText } from './blockEnd';
import { opensBlock } from './indentation';
import { GOES_ON, leadOf } from './partOfLine';

/** Placeholders, and comments: whoever selects one wants what it stands for. */
const STANDS_FOR_MORE =
  /^(pass|\.\.\.|raise NotImplementedError\b.*|throw new Error\(\W*not (yet )?implemented.*|(todo|unimplemented)!\(.*|(#|\/\/|\/\*|--|<!--).*)$/i;
/** A paragraph that says something about the code behind it. */
export const ABOUT_CODE =
  /^\s*([rbuRBU]{0,2}("""((?!""")[\s\S])*"""|'''((?!''')[\s\S])*''')|\/\*((?!\*\/)[\s\S])*\*\/|(#|\/\/|-- )[^\n]*(\n[ \t]*(#|\/\/|-- )[^\n]*)*)\s*$/;
/** Opens a block by indentation alone. */
export const OPENS_BLOCK = /:[ \t]*(#(?=\s|$)[^\n]*)?$/;
/** Goes on with the line before: after an operator, or a chain. What closes is of what stands around the hole. */
const CONTINUES = /^[ \t]*(?:[?:%&|^=,;]|\.(?!\.\.)|[+\-/] )/;
/** What the next line begins with, as long as it may become anything. */
const HALF = /^[ \t]*([+\-/]|[A-Za-z]+)?$/;
/** No operator. */
const TAG_ENDS = /(\/|<\/[\w.:-]+)>[ \t]*$/;
/** Another part of a statement that began as deep. */
const OTHER_BRANCH = /^\s*(\}\s*)?(else|elif|elseif|elsif|except|finally|catch|rescue|ensure)\b/;
/** Ends a block, or a tag, that words open. */
const CLOSES_BLOCK = /^[ \t]*((end|fi|done|esac)\b|\/?>)/;
/** UTF-16 units of the hole's own line on each side. */
const REACH = 8192;

/**
 * Whether one statement is asked for: by a selection of code, not of what stands for code to come, and where somebody types (`isTyped`) in
 * the middle of a line, or in front of what the line is to open.
 */
export function isOneStatement({ before, selected, after }: HoleText, isTyped: boolean): boolean {
  const standing = selected.trim();
  if (standing !== '') return !standing.includes('\n') && !STANDS_FOR_MORE.test(standing);
  const [lead, rest] = [leadOf(before), lineBehind(after)];
  if (lead.trim() !== '' || rest.trim() !== '') return isTyped;
  return isTyped && depthOfFirst(after) > depthOf(lead);
}

/**
 * Length of the answer's first statement, with what it opens unless the file has that already; undefined: it may go on. What begins the
 * next line tells, or that nothing will: `isBound`. `answer` with line feeds.
 */
export function endOfStatement(
  answer: string,
  { before, selected, after, isInString = false }: HoleText,
  isBound = false,
): number | undefined {
  const [lead, rest] = [leadOf(before).slice(-REACH), lineBehind(after).slice(0, REACH)];
  const depth = depthOfFirst(lead + answer);
  const standing = lead + selected + rest;
  const isOpened = standing.trim() === '' || opensBlock(standing);
  // A deeper line behind the hole that nothing there opened only goes on with it.
  const hasBody = isOpened && depthOfFirst(after.slice(lineBehind(after).length)) > depth;
  // What the hole's line leaves open goes on behind it, unless it is the hole that it is open for.
  const open = (selected + rest).trim() === '' ? 0 : openAtEnd(standing);
  const isAbout = ABOUT_CODE.test(selected.trim());
  // Behind `if x:` in front of the hole, the block is what is asked for.
  let isInBlock = OPENS_BLOCK.test(lead) && !hasBody;
  for (const { index } of answer.matchAll(/\n/g)) {
    const head = answer.slice(0, index);
    const next = answer.slice(index).replace(/^\s*\n/, '');
    if (head.trim() === '') continue;
    // Half a word, or a sign that may be one of several, tells nothing yet.
    if (HALF.test(next) && !isBound) return undefined;
    if (isAnnotation(head) || (!isAbout && ABOUT_CODE.test(head))) continue;
    const opensMore = hasBody && opensBlock(head);
    if (!opensMore) {
      if ((GOES_ON.test(head) && !TAG_ENDS.test(head)) || CONTINUES.test(next)) continue;
      if (!isInString && openAtEnd(lead + head + rest) > open) continue;
      if (depthOf(next) === depth && OTHER_BRANCH.test(next)) continue;
      if (!hasBody && /^[ \t]*\{/.test(next)) continue;
      const isDeeper = Math.max(depthOf(next), depthOf(lastLine(head))) > depth;
      isInBlock ||= !hasBody && !isInString && (OPENS_BLOCK.test(head) || isDeeper);
      if (isInBlock && (depthOf(next) > depth || goesFurther(next) || CLOSES_BLOCK.test(next))) continue;
    }
    return head.trimEnd().length;
  }
  return undefined;
}

/** Whether the last line says something about the declaration behind it. */
function isAnnotation(head: string): boolean {
  return /^[ \t]*(@[\w.]+(\(.*\))?|\[[A-Z][\w, ()."]*\])[ \t]*$/.test(lastLine(head));
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

/** Columns of the first line that is not blank; 0: there is none. */
function depthOfFirst(text: string): number {
  return depthOf(/^[ \t]*\S[^\n]*/m.exec(text)?.[0] ?? '');
}

function lineBehind(after: string): string {
  return /^[^\n]*/.exec(after)?.[0] ?? '';
}
