// The new text of a document, and the least that has to be replaced to get there.
import type { TextEdit } from './types';

/** In text order; what is put in at a place's start goes before that place. Equal places keep their order. */
export function inOrder<E extends { readonly start: number; readonly end: number }>(
  edits: readonly E[],
): readonly E[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Edits that touch become one: an editor has no order for two that are at one place. */
export function joined(edits: readonly TextEdit[]): readonly TextEdit[] {
  const result: TextEdit[] = [];
  for (const edit of edits) {
    const last = result.at(-1);
    if (last !== undefined && last.end === edit.start) {
      result[result.length - 1] = { start: last.start, end: edit.end, text: last.text + edit.text };
    } else {
      result.push(edit);
    }
  }
  return result;
}

export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let next = 0;
  for (const edit of edits) {
    result += text.slice(next, edit.start) + edit.text;
    next = edit.end;
  }
  return result + text.slice(next);
}

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

/** An edit of a text that `other` has changed meanwhile; undefined where both are about the same characters. */
export function rebased(edit: TextEdit, other: TextEdit): TextEdit | undefined {
  if (other.start >= edit.end) return edit;
  return other.end <= edit.start ? shifted(edit, other.text.length - (other.end - other.start)) : undefined;
}

function isTorn(text: string, offset: number): boolean {
  return /^(?:[\ud800-\udbff][\udc00-\udfff]|\r\n)$/.test(text.slice(offset - 1, offset + 1));
}

export function shifted(edit: TextEdit, by: number): TextEdit {
  return { ...edit, start: edit.start + by, end: edit.end + by };
}
