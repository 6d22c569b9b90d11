// The least that has to be replaced to get from one text to another.

import type { TextEdit } from './types';

/** What is between the common head and tail; neither a surrogate pair nor a CRLF is cut. */
export function leastEdit(old: string, fresh: string): TextEdit {
  const most = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < most && old[start] === fresh[start]) start++;
  let tail = 0;
  while (tail < most - start && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  while (start > 0 && (isTorn(old, start) || isTorn(fresh, start))) start--;
  while (tail > 0 && (isTorn(old, old.length - tail) || isTorn(fresh, fresh.length - tail))) tail--;
  return { start, end: old.length - tail, text: fresh.slice(start, fresh.length - tail) };
}

function isTorn(text: string, offset: number): boolean {
  return /^(?:[\ud800-\udbff][\udc00-\udfff]|\r\n)$/.test(text.slice(offset - 1, offset + 1));
}
