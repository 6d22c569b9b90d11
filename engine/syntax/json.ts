// JSON, which has no grammar among those that are shipped and needs none: VS Code's own reader of it tells every fault.
import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import { LONGEST_TEXT } from './types';

/** By VS Code's language id. */
const OPTIONS = {
  json: { disallowComments: true, allowTrailingComma: false },
  jsonc: { disallowComments: false, allowTrailingComma: true },
};

export type JsonLanguage = keyof typeof OPTIONS;

export interface JsonFaults {
  /** Places where the text is no JSON. */
  readonly errors: number;
  /** Keys that an object has already. */
  readonly declaredTwice: number;
}

export function isJson(languageId: string): languageId is JsonLanguage {
  return Object.hasOwn(OPTIONS, languageId);
}

/** Undefined where the text is too long, or nested too deep. */
export function jsonFaults(text: string, language: JsonLanguage): JsonFaults | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const errors: ParseError[] = [];
  const root = parsed(text, errors, language);
  return root && { errors: errors.length, declaredTwice: keysTwice(root) };
}

function parsed(text: string, errors: ParseError[], language: JsonLanguage): Node | undefined {
  try {
    // An empty text has no root, and is read as one that is no value.
    return parseTree(text, errors, OPTIONS[language]) ?? { type: 'null', offset: 0, length: 0 };
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
