// JSON, by VS Code's own reader of it.
import { type Node, type ParseError, type ParseOptions, parseTree } from 'jsonc-parser';
import type { FaultReader, TextFaults } from './faultReaders';
import { LONGEST_TEXT } from './types';

export const JSON_READER = readerWith({ disallowComments: true, allowTrailingComma: false });
/** With comments. */
export const JSONC_READER = readerWith({ disallowComments: false, allowTrailingComma: true });

function readerWith(options: ParseOptions): FaultReader {
  return { faults: (text) => faultsOf(text, options), countsFaults: true };
}

function faultsOf(text: string, options: ParseOptions): TextFaults | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const errors: ParseError[] = [];
  const root = parsed(text, errors, options);
  return root && { errors: errors.length, declaredTwice: keysTwice(root) };
}

function parsed(text: string, errors: ParseError[], options: ParseOptions): Node | undefined {
  try {
    // An empty text has no root, and is read as one that is no value.
    return parseTree(text, errors, options) ?? { type: 'null', offset: 0, length: 0 };
  } catch (error) {
    // It calls itself for each array in an array.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function keysTwice(root: Node): number {
  let twice = 0;
  const open: Node[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'object') {
      const keys = (node.children ?? []).map((property) => property.children?.[0]?.value as unknown);
      twice += keys.length - new Set(keys).size;
    }
    for (const child of node.children ?? []) open.push(child);
  }
  return twice;
}
