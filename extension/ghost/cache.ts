// Ghost text that stays while a person types what it says, or takes it word by word: no request, no flicker. An answer counts
// for what it was made from and nothing else: the text around the cursor as far as it was sent, the other open files, the
// settings.
import { excerptAround } from '../text/excerpt';

export interface GhostPlace {
  readonly document: string;
  /** Whatever else an answer depends on. */
  readonly context: string;
  /** Text on both sides of the cursor. */
  readonly before: string;
  readonly after: string;
}

/** What is left of an answer at a place. */
export interface Remembered {
  /** How much of `before` was typed since the answer was given, in UTF-16 units. */
  readonly typed: number;
  /** Inserted at the cursor; best first, without empty ones. */
  readonly texts: readonly string[];
  /** UTF-16 units behind the cursor that the texts take the place of: brackets that the editor closed by itself. */
  readonly replaces: number;
  /** Several candidates were asked for, not just the first. */
  readonly isFull: boolean;
}

/** A place without its text, of which there may be megabytes. */
export interface PlaceMark {
  readonly document: string;
  readonly context: string;
  /** What was sent of the text began here. */
  readonly base: number;
  readonly beforeLength: number;
  readonly beforeHash: number;
  readonly beforeTail: string;
  readonly afterHead: string;
  readonly afterLength: number;
  readonly afterHash: number;
}

interface Entry {
  readonly mark: PlaceMark;
  readonly texts: readonly string[];
  readonly isFull: boolean;
  /** On `now`'s clock; infinite where there is something to offer. */
  readonly until: number;
}

const ENTRIES = 40;
/** UTF-16 units on each side that are compared as they are, before anything is hashed. */
const COMPARED = 1000;
/** That there is nothing to offer is asked about again after so many milliseconds. */
const NOTHING_MILLIS = 20_000;
/** What editors close by themselves when the opening half is typed. */
const CLOSERS = /^[)\]}>"'`]{1,4}/;

export class GhostCache {
  private entries: Entry[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** No texts: that there is nothing to offer is worth knowing for a while, too. */
  add(mark: PlaceMark, texts: readonly string[], isFull: boolean): void {
    const until = texts.length > 0 ? Number.POSITIVE_INFINITY : this.now() + NOTHING_MILLIS;
    this.entries = [{ mark, texts, isFull, until }, ...this.entries].slice(0, ENTRIES);
  }

  /** Undefined where no answer goes on like this. */
  find(place: GhostPlace): Remembered | undefined {
    for (const entry of this.entries) {
      const found = entry.until > this.now() ? continued(entry, place) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  clear(): void {
    this.entries = [];
  }
}

export function markOf({ document, context, before, after }: GhostPlace): PlaceMark {
  const { text, base } = excerptAround(before + after, [{ start: before.length, end: before.length }]);
  const at = before.length - base;
  return {
    document,
    context,
    base,
    beforeLength: before.length,
    beforeHash: hashOf(text, 0, at),
    beforeTail: before.slice(-COMPARED),
    afterHead: after.slice(0, COMPARED),
    afterLength: text.length - at,
    afterHash: hashOf(text, at, text.length),
  };
}

/**
 * What was typed since then, and what the editor closed behind it; undefined where anything else is another one now, or
 * `isWanted` says no to what was typed: only then is the text read to its ends.
 */
export function typedSince(
  mark: PlaceMark,
  { document, context, before, after }: GhostPlace,
  isWanted: (typed: string) => boolean = () => true,
): { readonly typed: string; readonly closed: string } | undefined {
  const { beforeLength, beforeTail } = mark;
  if (mark.document !== document || mark.context !== context || before.length < beforeLength)
    return undefined;
  if (before.slice(beforeLength - beforeTail.length, beforeLength) !== beforeTail) return undefined;
  const typed = before.slice(beforeLength);
  if (!isWanted(typed)) return undefined;
  const closed = closedByEditor(mark, after, typed);
  if (closed === undefined || hashOf(before, mark.base, beforeLength) !== mark.beforeHash) return undefined;
  const from = closed.length;
  return hashOf(after, from, from + mark.afterLength) === mark.afterHash ? { typed, closed } : undefined;
}

function continued({ mark, texts, isFull }: Entry, place: GhostPlace): Remembered | undefined {
  const goesOn = (typed: string) =>
    texts.length === 0 ? typed === '' : texts.some((text) => text.startsWith(typed));
  const since = typedSince(mark, place, goesOn);
  if (since === undefined) return undefined;
  const { typed, closed } = since;
  const rest = texts
    .filter((text) => text.startsWith(typed))
    .map((text) => text.slice(typed.length))
    // Of an answer that is typed to its end, or to blanks, nothing is left to offer.
    .filter((text) => text.trim() !== '' && keeps(text, closed));
  const isNothing = texts.length === 0 && typed === '';
  if (rest.length === 0 && !isNothing) return undefined;
  return { typed: typed.length, texts: rest, replaces: closed.length, isFull };
}

/** What follows the cursor and did not when the answer was given; undefined where more than that is new. */
function closedByEditor({ afterHead }: PlaceMark, after: string, typed: string): string | undefined {
  if (after.slice(0, COMPARED) === afterHead) return '';
  const [closers = ''] = (typed === '' ? null : CLOSERS.exec(after)) ?? [];
  for (let length = 1; length <= closers.length; length++) {
    if (after.slice(length, length + COMPARED) === afterHead) return after.slice(0, length);
  }
  return undefined;
}

/** Whether the text has, in order, all that it would take the place of: nothing may be lost by accepting it. */
function keeps(text: string, closed: string): boolean {
  let at = 0;
  for (const closer of closed) {
    at = text.indexOf(closer, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** FNV-1a over UTF-16 units; beyond the text's end there is nothing. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(to, text.length);
  for (let i = from; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (end - from)) >>> 0;
}
