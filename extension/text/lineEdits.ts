// The change of one place as edits of whole lines, so that each can be taken or left without the others.
import { diffArrays } from 'diff';
import { LINE_ENDS } from './lineEnds';
import type { TextEdit } from './types';

interface Lines {
  readonly texts: readonly string[];
  /** Offset at which each begins. */
  readonly starts: readonly number[];
}

/**
 * Edits of `old` in text order that lead to `fresh` together; none of them touches another. Lines are compared without
 * their ends, so a difference of line ends alone is none.
 */
export function lineEdits(old: string, fresh: string): readonly TextEdit[] {
  const before = linesOf(old);
  const after = linesOf(fresh);
  const edits: TextEdit[] = [];
  let line = 0;
  let freshLine = 0;
  let open: { line: number; removed: number; freshLine: number; added: number } | undefined;
  const close = () => {
    if (open === undefined) return;
    const text = fresh.slice(
      after.starts[open.freshLine],
      endOf(after, Math.max(open.freshLine, open.freshLine + open.added - 1)),
    );
    edits.push(editOf(before, open.line, open.removed, open.added > 0 ? text : undefined, old, fresh));
    open = undefined;
  };
  for (const part of diffArrays([...before.texts], [...after.texts])) {
    const count = part.value.length;
    if (!part.added && !part.removed) {
      close();
      line += count;
      freshLine += count;
      continue;
    }
    open ??= { line, removed: 0, freshLine, added: 0 };
    if (part.removed) {
      open.removed += count;
      line += count;
    } else {
      open.added += count;
      freshLine += count;
    }
  }
  close();
  return edits;
}

/** Lines that come or go alone take one line end with them: the one behind, or in front of them at the end. */
function editOf(
  before: Lines,
  line: number,
  removed: number,
  text: string | undefined,
  old: string,
  fresh: string,
): TextEdit {
  const count = before.texts.length;
  const start = before.starts[line] ?? old.length;
  if (removed > 0 && text !== undefined) return { start, end: endOf(before, line + removed - 1), text };
  if (removed > 0) {
    const next = before.starts[line + removed];
    if (next !== undefined) return { start, end: next, text: '' };
    return { start: endOf(before, line - 1), end: old.length, text: '' };
  }
  const lineEnd = firstLineEnd(old) ?? firstLineEnd(fresh) ?? '\n';
  if (line < count) return { start, end: start, text: `${text ?? ''}${lineEnd}` };
  return { start: old.length, end: old.length, text: `${lineEnd}${text ?? ''}` };
}

function firstLineEnd(text: string): string | undefined {
  return text.matchAll(LINE_ENDS).next().value?.[0];
}

function linesOf(text: string): Lines {
  const texts: string[] = [];
  const starts: number[] = [];
  let start = 0;
  for (const match of text.matchAll(LINE_ENDS)) {
    texts.push(text.slice(start, match.index));
    starts.push(start);
    start = match.index + match[0].length;
  }
  texts.push(text.slice(start));
  starts.push(start);
  return { texts, starts };
}

/** Without its line end. */
function endOf({ texts, starts }: Lines, line: number): number {
  return (starts[line] ?? 0) + (texts[line]?.length ?? 0);
}
