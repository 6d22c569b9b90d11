// Where a copy comes from, as a person is shown it.
import { isWord } from '../candidates/quality/names';
import { isName, unitsOf } from '../candidates/quality/words';
import type { CopySource } from '../protocol';
import type { CopyOrigin } from './sources';

/** A place in a stretch of text. */
export interface CopyPlace {
  readonly origin: CopyOrigin | undefined;
  /** UTF-16 offset in the stretch. */
  readonly at: number;
}

export function placeOf({
  origin,
  at,
}: {
  readonly origin?: CopyOrigin | undefined;
  readonly at: number;
}): CopyPlace {
  return { origin, at };
}

/** Whether it is in another file than the hole. */
export function isElsewhere({ origin }: CopyPlace): boolean {
  return origin !== undefined && origin.kind !== 'own';
}

/** UTF-16 units around a place within which a text has to stand that is said to be copied from there. */
const AROUND = 200;

/**
 * Undefined where nobody knows the file, where the text does not stand there as whole words, names exchanged, or where it has no
 * name of its own: nobody copies a `return`.
 */
export function sourceOf(text: string, { origin, at }: CopyPlace): CopySource | undefined {
  if (origin === undefined || origin.kind === 'open') return undefined;
  const { path, whole, start } = origin;
  const wanted = text.trim();
  const near = whole.slice(Math.max(0, start + at - AROUND), start + at + wanted.length + AROUND);
  if (!hasOwnName(wanted) || !standsIn(near, wanted)) return undefined;
  let line = 1;
  for (let next = whole.indexOf('\n'); next >= 0 && next < start + at; next = whole.indexOf('\n', next + 1))
    line++;
  return { ...(path === undefined ? {} : { path }), line };
}

function hasOwnName(text: string): boolean {
  return unitsOf(text).some((unit) => isName(unit) && !isWord(unit));
}

const WORD = /[\p{L}\p{N}_$]/u;

/** Not within longer words: `product` is no copy of `productId`. */
function standsIn(text: string, wanted: string): boolean {
  const isInWord = (one = '', other = '') => WORD.test(one) && WORD.test(other);
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (!isInWord(text[at - 1], text[at]) && !isInWord(text[end - 1], text[end])) return true;
  }
  return false;
}
