// Where a fix may lie: the smallest piece of syntax around a diagnostic, then the statement around that.
import type { SyntaxTree } from '../../engine/syntax/tree';
import { spansOf } from '../text/spans';
import type { OffsetRange } from '../text/types';

/** In the order in which they are tried; the line where syntax says nothing. None is empty. */
export function spansToTry(
  text: string,
  diagnostic: OffsetRange,
  tree: SyntaxTree | undefined,
): readonly OffsetRange[] {
  const range = { start: diagnostic.start, end: Math.max(diagnostic.start, diagnostic.end) };
  const node = tree?.enclosing(range);
  const statement = tree?.statement(range);
  const found = [node, statement].filter((span) => span !== undefined);
  const [first, second] = found;
  if (first !== undefined) {
    return second === undefined || (second.start === first.start && second.end === first.end)
      ? [first]
      : [first, second];
  }
  return spansOf(text, [wholeLines(text, range)]).filter(({ start, end }) => end > start);
}

export function wholeLines(text: string, { start, end }: OffsetRange): OffsetRange {
  const newline = text.indexOf('\n', Math.max(start, end - 1));
  return { start: text.lastIndexOf('\n', start - 1) + 1, end: newline < 0 ? text.length : newline };
}
