// From answers to what the editor is handed: where a suggestion begins and ends, and how much of an answer is offered.
import type { Remembered } from './cache';
import { isMidLine } from './position';

export interface Offer {
  /** UTF-16 offsets of what is replaced, on the cursor's own line. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** UTF-16 units; of a longer word only its end is taken along. */
const LONGEST_WORD = 200;

/** Texts that are worth keeping of an answer between two others, best first, each once. */
export function textsOf(answers: readonly string[], before: string, after: string): readonly string[] {
  const texts = answers
    .map((answer) => (isMidLine(after) ? firstLine(answer) : answer))
    .filter((text) => text.trim() !== '' && !isAlreadyThere(text, before, after))
    .filter((text) => !leavesQuoteOpen(before, text, after));
  return [...new Set(texts)];
}

/** Those of which there is something to see: one that is what it takes the place of changes nothing. */
export function visibleOf({ texts, replaces }: Remembered, after: string): readonly string[] {
  return texts.filter((text) => text !== after.slice(0, replaces));
}

/**
 * What was typed of the answer, and the word that was being typed before it, are part of what is replaced: the suggestion
 * then keeps its place and its text from key to key and does not flicker, and stays when a letter is taken back.
 */
export function offersOf(before: string, { typed, texts, replaces }: Remembered): readonly Offer[] {
  const asked = before.slice(0, before.length - typed);
  // Of the whole text the expression would try each of its words, at each key.
  const word = /[\p{L}\p{N}_$]*$/u.exec(asked.slice(-LONGEST_WORD))?.[0] ?? '';
  const start = Math.max(asked.length - word.length, lineStartOf(before));
  const kept = before.slice(start);
  return texts.map((text) => ({ start, end: before.length + replaces, text: kept + text }));
}

function lineStartOf(before: string): number {
  return Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
}

function firstLine(text: string): string {
  return text.split(/\r|\n/, 1)[0] ?? '';
}

/** The engine cuts what repeats the text behind the hole; what is nothing else than that may still slip through. */
function isAlreadyThere(text: string, before: string, after: string): boolean {
  const plain = (one: string) => one.replace(/\s+/g, ' ').trim();
  // With what was typed of its line, and what the editor has closed behind the cursor.
  const begun = /^\s*[\r\n]/.test(text) ? '' : before.slice(lineStartOf(before));
  const [closed = ''] = ONLY_CLOSERS.exec(after) ?? [];
  const behind = after.slice(closed.length);
  const wanted = plain(begun + text + closed);
  if (text.includes('\n')) return plain(behind.slice(0, wanted.length + 200)).startsWith(wanted);
  // One line is it where it says something: brackets and words that close a block often stand there twice.
  const next = plain(firstLine(behind.trimStart()));
  return !isMidLine(after) && SAYS_SOMETHING.test(wanted) && next === wanted;
}

/** To the end of the line. */
const ONLY_CLOSERS = /^[)\]}'"`;,]+(?=[ \t]*(?:[\r\n]|$))/;
const SAYS_SOMETHING = /\w\W+\w/;

/**
 * A double quote that is opened and not closed on its line swallows what stands behind it. One that was open already is the
 * person's own, and tripled quotes may end where they like.
 */
function leavesQuoteOpen(before: string, text: string, after: string): boolean {
  const head = before.slice(lineStartOf(before));
  const tail = firstLine(after);
  if (text.includes('"""') || hasOddQuotes(head + tail)) return false;
  return `${head}${text}${tail}`.split(/\r\n|\r|\n/).some(hasOddQuotes);
}

function hasOddQuotes(line: string): boolean {
  return line.replace(/\\./g, '').split('"').length % 2 === 0;
}
