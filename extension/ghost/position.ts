// Where ghost text is worth asking for: a pure decider over the text and the cursor.
import { isInComment } from './comments';

export interface GhostPosition {
  /** The text on both sides of the cursor; what the suggestion widget has chosen counts as typed. */
  readonly before: string;
  readonly after: string;
  readonly language: string;
}

export interface GhostManners {
  /** A person pressed the key for it: only what cannot work is refused. */
  readonly isAsked: boolean;
  readonly inComments: boolean;
}

export type Refusal = 'binary' | 'huge' | 'long line' | 'empty' | 'inside a word' | 'comment';

/** UTF-16 units. Above it each key would cost more than an offer is worth. */
const HUGE = 3_000_000;
const LONG_LINE = 4000;
/** A text with one of these this near to the cursor is none. */
const BINARY_REACH = 4000;

/** Why nothing is asked for; undefined: it is. */
export function refusalOf(
  { before, after, language }: GhostPosition,
  { isAsked, inComments }: GhostManners,
): Refusal | undefined {
  if (before.slice(-BINARY_REACH).includes('\0') || after.slice(0, BINARY_REACH).includes('\0'))
    return 'binary';
  if (isAsked) return undefined;
  if (before.length + after.length > HUGE) return 'huge';
  const line = before.length - 1 - before.lastIndexOf('\n') + restOfLine(after).length;
  if (line > LONG_LINE) return 'long line';
  if (/^[\p{L}\p{N}_]/u.test(after)) return 'inside a word';
  if (before.trim() === '' && after.trim() === '') return 'empty';
  if (!inComments && isInComment(language, before)) return 'comment';
  return undefined;
}

function restOfLine(after: string): string {
  const end = after.search(/[\r\n]/);
  return end < 0 ? after : after.slice(0, end);
}

/** Code behind the cursor, not just what closes what is open: an answer of several lines would tear the line apart. */
export function isMidLine(after: string): boolean {
  return !/^[\s)\]}>"'`;,:]*$/.test(restOfLine(after));
}
