// The places of a file whose left side is the hole's left side: an n-gram model of one file, with the back-off left to
// the length of the match (Lempel and Ziv's idea; prompt lookup decoding in language models).
import { isWord, lastUnit, unitsBefore } from './units';

/** Where a stretch of text comes from. */
export interface CopyOrigin {
  /** The text that the hole is in, another open file, or a file of a memory. */
  readonly kind: 'own' | 'open' | 'memory';
  /** Of a file of a memory. */
  readonly path?: string;
  /** All of the text, and the UTF-16 offset in it at which the stretch begins. */
  readonly whole: string;
  readonly start: number;
}

/** One stretch of text to copy from; a hole is never inside one. */
export interface CopyText {
  readonly text: string;
  /** Absent: the text that the hole is in. */
  readonly origin?: CopyOrigin;
  /** Characters between this text's nearer end and the hole, as far as known; larger is further. */
  readonly distance: number;
  /** Whether the hole is behind this text (then its end is the nearer one). */
  readonly before: boolean;
}

/** A place in a text where the same characters stand on the left. */
export interface Source {
  readonly text: string;
  readonly origin?: CopyOrigin | undefined;
  /** UTF-16 offset at which the continuation begins. */
  readonly at: number;
  /** Lexical units on the left that agree. */
  readonly order: number;
  readonly distance: number;
}

/** Texts that are too many to be searched one by one. */
export interface CopyIndex {
  /** The next questions are about another hole, or about an answer that is finished: they are not to suffer by those before. */
  turn(): void;
  /** Places whose left side or right side is the hole's, the most alike. */
  sources(left: string, right: string): readonly Source[];
  /** What stands around the most alike of them. */
  stretches(left: string, right: string): readonly CopyText[];
}

/** Characters of the left side that are compared. */
export const LEFT_REACH = 240;
/** Places looked at in one text, nearest first: blanks and brackets stand everywhere. */
const MOST_PLACES = 384;

/** Places with at least the last unit of `left` in front of them, nearest text first. */
export function findSources(texts: readonly CopyText[], left: string): Source[] {
  const tail = left.slice(-LEFT_REACH);
  const key = lastUnit(tail);
  if (key.trim() === '' && !key.includes('\n')) return [];
  const units = unitsBefore(tail, LEFT_REACH);
  const found: Source[] = [];
  for (const { text, distance, before, origin } of texts) {
    for (const place of places(text, key, before)) {
      const at = place + key.length;
      if (at >= text.length) continue;
      const order = orderOf(text, at, tail, units);
      if (order > 0)
        found.push({ text, origin, at, order, distance: distance + (before ? text.length - at : at) });
    }
  }
  return found;
}

function* places(text: string, key: string, fromEnd: boolean): Generator<number> {
  let place = fromEnd ? text.lastIndexOf(key) : text.indexOf(key);
  for (let count = 0; place >= 0 && count < MOST_PLACES; count++) {
    yield place;
    if (fromEnd && place === 0) return;
    place = fromEnd ? text.lastIndexOf(key, place - 1) : text.indexOf(key, place + 1);
  }
}

/** Whole units that agree to the left of `at`: the last one does not count where it is a longer word there. */
function orderOf(text: string, at: number, tail: string, units: Uint16Array): number {
  const most = Math.min(at, tail.length);
  let length = 0;
  while (length < most && text.charCodeAt(at - 1 - length) === tail.charCodeAt(tail.length - 1 - length))
    length++;
  const counted = units[length] ?? 0;
  const first = tail.charCodeAt(tail.length - length);
  const isLonger = length < at && isWord(first) && isWord(text.charCodeAt(at - 1 - length));
  const begins = counted > (units[length - 1] ?? 0);
  return isLonger && begins ? counted - 1 : counted;
}
