// Strings that go on in the next line, which a grammar reads and the language does not.
import { type ScopeNode, textOf } from './scopeNode';
import type { OffsetRange } from './types';

interface OneLine {
  /** The text of a string, which need not have the line end: it is between two of them. */
  readonly type: string;
  /** The string; others of the kind may have several lines. */
  readonly string: RegExp;
}

/** By the root of the tree. */
const ONE_LINE: ReadonlyMap<string, OneLine> = new Map([
  // JavaScript, TypeScript, Java.
  ['program', { type: 'string_fragment', string: /^string(_literal)?$/ }],
  // C#.
  ['compilation_unit', { type: 'string_literal_content', string: /^string_literal$/ }],
  // C and C++.
  ['translation_unit', { type: 'string_content', string: /^string_literal$/ }],
  ['stylesheet', { type: 'string_content', string: /^string_value$/ }],
]);
/** An escaped one belongs to no line. */
const LINE_END = /(?<!\\)[\r\n]/;

/** Those that touch the region. */
export function brokenStrings(root: ScopeNode, text: string, region: OffsetRange): number {
  const rule = ONE_LINE.get(root.type);
  if (rule === undefined) return 0;
  const starts = root.descendantsOfType([rule.type]).flatMap((node) => {
    const string = node?.parent;
    if (string == null || string.startIndex > region.end || string.endIndex < region.start) return [];
    // An attribute of a tag may have several lines.
    if (string.parent?.type === 'jsx_attribute') return [];
    const isBroken = rule.string.test(string.type) && LINE_END.test(textOf(string, text));
    return isBroken ? [string.startIndex] : [];
  });
  return new Set(starts).size;
}
