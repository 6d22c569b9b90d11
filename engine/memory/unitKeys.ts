// What a memory is sorted by: the last five lexical units in front of a place, as 64 bits. The nearest unit has the most of them,
// so that places whose last units agree stand side by side, and those of more units closer still. Units are those of copying
// (copying/units.ts): words, line feeds, any other visible character; blanks count nothing.
import { isBlank, isWord } from '../copying/units';

/** Units in a key. */
export const KEY_UNITS = 5;
/** Bits of each unit, nearest first: two in the upper half of the key, three in the lower. */
const BITS = [16, 16, 12, 10, 10] as const;
/** Characters of a word that count, from its end: the rest of a longer one says nothing more. */
const HASHED = 48;

/** 32 bits of the characters from `start` to `end`. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = end - 1; i >= Math.max(start, end - HASHED); i--)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Where the unit that ends at `end` begins. */
export function unitStart(text: string, end: number): number {
  let start = end - 1;
  if (!isWord(text.charCodeAt(start))) return start;
  while (start > 0 && isWord(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Where the unit behind `at` ends; `text.length` where there is none. */
export function unitEnd(text: string, at: number): number {
  let end = skipBlanks(text, at);
  if (end >= text.length) return end;
  if (!isWord(text.charCodeAt(end))) return end + 1;
  while (end < text.length && isWord(text.charCodeAt(end))) end++;
  return end;
}

export function skipBlanks(text: string, at: number): number {
  let next = at;
  while (next < text.length && isBlank(text.charCodeAt(next))) next++;
  return next;
}

/** Where the last unit in front of `at` ends; 0 where there is none. */
export function skipBlanksBack(text: string, at: number): number {
  let end = at;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

/** Hashes of the last KEY_UNITS units in front of `end`, nearest first; fewer where the text begins. */
export function hashesBefore(text: string, end: number): number[] {
  const hashes: number[] = [];
  for (let at = skipBlanksBack(text, end); at > 0 && hashes.length < KEY_UNITS; ) {
    const start = unitStart(text, at);
    hashes.push(hashOf(text, start, at));
    at = skipBlanksBack(text, start);
  }
  return hashes;
}

/** What the key has of some units, nearest first. */
export function digitsOf(hashes: readonly number[]): number[] {
  return hashes.slice(0, KEY_UNITS).map((hash, i) => hash >>> (32 - (BITS[i] ?? 0)));
}

export interface UnitKey {
  readonly upper: number;
  readonly lower: number;
}

/** The least and the largest key that begin with the first `units` of the hashed units, nearest first. */
export function keyRange(hashes: readonly number[], units: number): { least: UnitKey; largest: UnitKey } {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = hashes.slice(0, units);
  const [, fb = 0xffffffff, fc = 0xffffffff, fd = 0xffffffff, fe = 0xffffffff] = hashes.slice(0, units);
  return {
    least: { upper: upperHalf(a, b), lower: lowerHalf(c, d, e) },
    largest: { upper: upperHalf(a, fb), lower: lowerHalf(fc, fd, fe) },
  };
}

/** Below, at, or above 0 as the units in front of `end` come before, are, or come behind the first `units` of `digits`. */
export function compareBefore(text: string, end: number, digits: readonly number[], units: number): number {
  let at = skipBlanksBack(text, end);
  for (let i = 0; i < units; i++) {
    let digit = 0;
    if (at > 0) {
      const start = unitStart(text, at);
      digit = hashOf(text, start, at) >>> (32 - (BITS[i] ?? 0));
      at = skipBlanksBack(text, start);
    }
    const difference = digit - (digits[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function upperHalf(a: number, b: number): number {
  return (((a >>> 16) << 16) | (b >>> 16)) >>> 0;
}

function lowerHalf(c: number, d: number, e: number): number {
  return (((c >>> 20) << 20) | ((d >>> 22) << 10) | (e >>> 22)) >>> 0;
}

/** Told of every unit of a text in order: where it ends, and the key of the units up to it. */
export type OnUnit = (end: number, upper: number, lower: number) => void;

/** Reads a text unit by unit, in pieces. */
export class UnitScanner {
  private at = 0;
  /** Hashes of the last four units, nearest first. */
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  constructor(private readonly text: string) {}

  /** Reads some `characters` more; false when the text is at its end. */
  read(characters: number, onUnit: OnUnit): boolean {
    const { text } = this;
    const stop = Math.min(text.length, this.at + characters);
    let at = this.at;
    while (at < stop) {
      const code = text.charCodeAt(at);
      if (isBlank(code)) {
        at++;
        continue;
      }
      let end = at + 1;
      if (isWord(code)) while (end < text.length && isWord(text.charCodeAt(end))) end++;
      const hash = hashOf(text, at, end);
      onUnit(end, upperHalf(hash, this.a), lowerHalf(this.b, this.c, this.d));
      this.d = this.c;
      this.c = this.b;
      this.b = this.a;
      this.a = hash;
      at = end;
    }
    this.at = at;
    return at < text.length;
  }
}
