// Edits of a text: their order, what they make of it, and where they are after another one.
import type { TextEdit } from './types';

export { leastEdit } from '../../engine/syntax/leastEdit';

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

/** An edit of a text that `other` has changed meanwhile; undefined where both are about the same characters. */
export function rebased(edit: TextEdit, other: TextEdit): TextEdit | undefined {
  if (other.start >= edit.end) return edit;
  return other.end <= edit.start ? shifted(edit, other.text.length - (other.end - other.start)) : undefined;
}

export function shifted(edit: TextEdit, by: number): TextEdit {
  return { ...edit, start: edit.start + by, end: edit.end + by };
}
