// What is missing at the end of a line that is half written. Pure.
import type { SyntaxTree } from '../../../engine/syntax/tree';
import type { OffsetRange } from '../../text/types';

/** Tokens. */
export const LONGEST_END = 32;

/** Whether nothing but blanks stands behind the range in its line. */
export function endsItsLine(text: string, { end }: OffsetRange): boolean {
  return /^[^\S\r\n]*(?:[\r\n]|$)/.test(text.slice(end));
}

/** Texts that begin with `base`, from one that a model has gone on with: what it wrote in the same line, and all of it. */
export function completionsOf(base: string, whole: string): readonly string[] {
  if (!whole.startsWith(base) || whole.trimEnd() === base) return [];
  const more = whole.slice(base.length);
  const [line = ''] = more.split(/[\r\n]/, 1);
  return [...new Set([base + line.trimEnd(), base + more.trimEnd()])].filter((text) => text !== base);
}

/** Whether nothing is wrong there. */
export function isWhole(tree: Pick<SyntaxTree, 'faults'>, region: OffsetRange): boolean {
  const { inRegion, misindented, misplaced } = tree.faults(region);
  return inRegion + misindented + misplaced === 0;
}
