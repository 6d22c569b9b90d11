// A text with its tree, before and after an edit: what is looked up in both.
import { isLabel } from './binding';
import type { ScopeNode } from './scopeNode';
import type { OffsetRange } from './types';

/** What brings names that nobody lists here. */
export const BRINGS_ANY =
  /^[ \t]*(#[ \t]*(include|define)\b|using[ \t]+(namespace|static)\b|(pub[ \t]+)?use\b.*\*|import\b.*\*|from\b.*\bimport[ \t]*\*)/m;
/** Python: any name may come from there. */
export const STAR_IMPORT = /^[ \t]*from\s+\S+\s+import\s+\*/m;
/** UTF-16 units; the names of a longer text are not gone through. */
export const LONGEST_NAMED = 200_000;

export interface ParsedText {
  readonly root: ScopeNode;
  readonly text: string;
}

/** What an edit leads from and to; `gone` and `fresh` with the whole of the names at their ends. */
export interface ReadEdit {
  readonly before: ParsedText;
  readonly after: ParsedText;
  /** Of `before`. */
  readonly gone: OffsetRange;
  /** Of `after`. */
  readonly fresh: OffsetRange;
}

export type NamedNodes = ReadonlyMap<string, readonly ScopeNode[]>;

const WORD = /[\p{L}\p{N}_$]+/gu;

export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.match(WORD));
}

/** By name, without the sign of a private one, in text order: nodes of these types that stand for something. */
export function nodesOf(
  { root, text }: ParsedText,
  types: readonly string[],
  isWanted: (name: string) => boolean = () => true,
): NamedNodes {
  const found = new Map<string, ScopeNode[]>();
  for (const node of root.descendantsOfType([...types])) {
    if (node === null) continue;
    const name = text.slice(node.startIndex, node.endIndex).replace(/^#/, '');
    if (!isWanted(name) || isLabel(node, name)) continue;
    const known = found.get(name);
    if (known === undefined) found.set(name, [node]);
    else known.push(node);
  }
  return found;
}

export function isWithin({ startIndex, endIndex }: ScopeNode, { start, end }: OffsetRange): boolean {
  return startIndex >= start && endIndex <= end;
}

/** Where a name stands in a text as a word, be it code, a comment, or a string. */
export function occurrences(text: string, name: string): readonly number[] {
  const word = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`, 'g');
  return [...text.matchAll(word)].map(({ index }) => index);
}
