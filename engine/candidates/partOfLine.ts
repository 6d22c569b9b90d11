// Who selects part of a line asks for that part. A model that does not know where its answer has to end writes on: the
// rest of the statement, and then the next one.
import { imbalance, lonelyCloser } from './balance';

/** UTF-16 units on each side in which brackets are looked at. */
const REACH = 8192;
/** A line that ends so goes on in the next one: after an operator, a separator, an opening bracket, or a backslash. */
export const GOES_ON = /(?:[,([{\\+\-*/%&|^<>=?~!.]|\b(?:and|or|not|in|is|instanceof|await|new))[ \t]*$/;
/** What stands behind a statement, and begins none. */
const CLOSES = /^[ \t]*[)\]},;:.]/;
/** A line that begins so goes on with the one before. */
const CONTINUES = /^[ \t]*(?:[)\]},.?:*/%&|^<>=;]|[+-][^+-]|(?:and|or|in|is|instanceof|else|if)\b)/;

/** A line of its own, or what can be nothing but a statement. */
const STATEMENT = /^[ \t]*(?:[\r\n]|(?:return|throw|break|continue|yield)\b)/;

export interface LineContext {
  /** Text before and behind the span. */
  readonly before: string;
  readonly after: string;
  /** What stood in the span. */
  readonly original: string;
}

/**
 * The answer up to where its first statement ends with a line, if the span was part of one line; otherwise all of it. A
 * line break inside brackets or a string, behind an operator, or before one ends no statement.
 */
export function withinLine(answer: string, { before, after, original }: LineContext): string {
  if (!/[\r\n]/.test(answer) || !isPartOfLine(original, before, after)) return answer;
  for (const { index } of answer.matchAll(/\r\n|\r|\n/g)) {
    const head = answer.slice(0, index);
    const rest = answer.slice(index).replace(/^\s*[\r\n]+/, '');
    if (head.trim() === '' || GOES_ON.test(head) || CONTINUES.test(rest)) continue;
    if (imbalance(head) <= imbalance(answer) && imbalance(head) <= imbalance(original)) return head.trimEnd();
  }
  return answer;
}

/**
 * The answer without a semicolon at its end that would end the statement in front of the rest of its line: `a + b;` for `a` of
 * `x = a + c`.
 */
export function withoutStop(answer: string, { after, original }: LineContext): string {
  const rest = /^[^\r\n]*/.exec(after)?.[0] ?? '';
  if (rest.trim() === '' || /;\s*$/.test(original)) return answer;
  // What ends a block goes on with none of its statements.
  if (/^[ \t]*\}/.test(rest) && STATEMENT.test(answer)) return answer;
  // What is typed in the middle of a line may be a statement of its own, unless the rest goes on with it.
  if (original.trim() === '' && !CONTINUES.test(rest)) return answer;
  const stop = /(?<!&#?\w{1,32});[ \t]*$/.exec(answer);
  return stop === null ? answer : answer.slice(0, stop.index);
}

/**
 * The answer without blanks at its ends that the line has there already; not where what stood there had them as well, and not at the
 * beginning of a line, where blanks are its indentation.
 */
export function withoutDoubledBlanks(answer: string, { before, after, original }: LineContext): string {
  if (answer.trim() === '') return answer;
  let text = answer;
  if (/\S[ \t]+$/.test(before.slice(-200)) && !/^[ \t]/.test(original)) text = text.replace(/^[ \t]+/, '');
  if (/^[ \t]+\S/.test(after.slice(0, 200)) && !/[ \t]$/.test(original)) text = text.replace(/[ \t]+$/, '');
  return text;
}

/** Signs of a list, in front of what an entry says. */
const ENTRY = /^(?:[-*+]\s+|\d+[.)]\s+)+/;
/** What is waited for behind such a line: a value, or the rest of a statement. */
const OPEN = /(?:[:=]\s*|[\p{L}\p{N}_]\s+)$/u;
const SHORTEST_LEAD = 4;

/**
 * The answer to an insertion without what stands in front of it on its line, where it begins with all of that once more: `run: ` behind
 * `- run: `.
 */
export function withoutDoubledLead(answer: string, { before, original }: LineContext): string {
  const line = leadOf(before);
  const lead = line.trim().replace(ENTRY, '');
  const start = answer.trimStart();
  if (original.trim() !== '' || lead.length < SHORTEST_LEAD || !OPEN.test(line) || !start.startsWith(lead))
    return answer;
  const rest = start.slice(lead.length);
  // `return` in front of `returned`.
  if (/^[\p{L}\p{N}_$]/u.test(rest) || rest.trim() === '') return answer;
  return /\s$/.test(line) ? rest.trimStart() : rest;
}

/**
 * The answer without line breaks that only tear its line apart: behind the indentation that stands there, and in front of the rest of the
 * line that it goes on.
 */
export function withoutStrayBreaks(answer: string, { before, after, original }: LineContext): string {
  if (answer.trim() === '' || original.trim() !== '') return answer;
  const lead = leadOf(before);
  const isIndentation = lead !== '' && lead.trim() === '';
  const [breaks = ''] = /^\s*[\r\n]/.exec(answer) ?? [];
  const first = answer.slice(breaks.length);
  // What is indented otherwise is for another place.
  const isSame = isIndentation && /^[ \t]*/.exec(first)?.[0] === lead;
  const own = isSame && breaks !== '' ? first.slice(lead.length) : answer;
  const goesOn = lead.trim() === '' ? CLOSES : /^[^\r\n]*\S/;
  const end = own.trimEnd();
  return goesOn.test(after) && /[\r\n]/.test(own.slice(end.length)) ? end : own;
}

/**
 * Of an answer in front of a closing bracket, as editors put one behind what is typed: up to where it closes that bracket itself, if that
 * leaves a bracket too many or further lines.
 */
export function withinBracket(answer: string, { before, after, original }: LineContext): string {
  const closer = /^[)\]}]/.exec(after)?.[0];
  if (closer === undefined || original !== '') return answer;
  const at = lonelyCloser(answer);
  if (at === undefined || answer.charAt(at) !== closer) return answer;
  const [head, rest] = [before.slice(-REACH), after.slice(0, REACH)];
  const isTooMany = imbalance(head + answer + rest) > imbalance(head + rest);
  return isTooMany || /[\r\n]/.test(answer.slice(at)) ? answer.slice(0, at) : answer;
}

/**
 * The answer with a line break and the indentation of the line at its end, where it is a block that was written between the two braces of
 * an editor: `{` and `}` stand next to each other then, and what closes a block of several lines stands on a line of its own.
 */
export function withClosingLine(answer: string, { before, after, original }: LineContext): string {
  if (
    original.trim() !== '' ||
    !/\{[ \t]*$/.test(before.slice(-200)) ||
    !/^[ \t]*\}/.test(after.slice(0, 200))
  )
    return answer;
  const [, lineEnd] = /^[ \t]*(\r\n|\r|\n)\s*\S/.exec(answer) ?? [];
  if (lineEnd === undefined) return answer;
  const depth = /^[ \t]*/.exec(leadOf(before))?.[0] ?? '';
  // What stands in front of the brace is a part of its depth.
  const standing = /^[ \t]*/.exec(after)?.[0] ?? '';
  if (!depth.endsWith(standing)) return answer;
  return answer.trimEnd() + lineEnd + depth.slice(0, depth.length - standing.length);
}

/** What stands before a place on its line. */
export function leadOf(before: string): string {
  return before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1);
}

function isPartOfLine(original: string, before: string, after: string): boolean {
  if (original.trim() === '' || /[\r\n]/.test(original)) return false;
  return leadOf(before).trim() !== '' || /^[^\r\n]*\S/.test(after);
}
