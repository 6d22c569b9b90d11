// Functions that an edit leaves without anything to give back: hardly anybody means that, and languages without types take it.
import { LONGEST_NAMED, type ParsedText, type ReadEdit } from './parsedText';
import { functionAround, type ScopeNode } from './scopeNode';
import type { OffsetRange } from './types';

const FUNCTIONS = [
  'function_definition',
  'function_declaration',
  'function_expression',
  'arrow_function',
  'method_definition',
  'method_declaration',
  'local_function_statement',
];
/** A body of statements; any other is a value. */
const STATEMENTS = /block|body|compound/;
const RETURN = 'return_statement';
/** Behind the word: something that is not nothing. */
const VALUE = /^return\b\s*(?!(None|null|nil|undefined|nullptr)?\s*;?\s*$)\S/;
const GIVES = /\b(return|throw|raise|panic)\b/;
/** Functions that end in another way, or that say that they give nothing back. */
const ENDS_OTHERWISE = /\b(yield|throw|raise|panic|exit|abort|[Ff]atal\w*)\b/;
const GIVES_NOTHING = /\bvoid\b|->\s*None\b|\bnever\b/;
/** Where a function says what it gives back. */
const TYPES = ['result', 'return_type', 'returns', 'type'];
/** What need not be given back by a statement. */
const MAY_BE_NOTHING = /\b(None|Optional|undefined|any|asserts|auto)\b|^(Value)?Task$/;
/** Go's `func f() (n int)`: what is behind it is given back by a bare `return`, too. */
const RESULT = 'result';

/** Whether a function that gave something back does so no longer. */
export function losesReturn({ before, after, gone, fresh }: ReadEdit): boolean {
  if (!GIVES.test(before.text.slice(gone.start, gone.end))) return false;
  if (Math.max(before.text.length, after.text.length) > LONGEST_NAMED) return false;
  const [were, are] = [functionsIn(before, gone), functionsIn(after, fresh)];
  return [...were].some(([key, was]) => {
    const now = are.get(key);
    if (now === undefined || now.gives || endsOtherwise(now.node, after.text)) return false;
    return was.gives || (owes(now.node, after.text) && endsOtherwise(was.node, before.text));
  });
}

interface Function {
  readonly node: ScopeNode;
  /** Whether it gives back something. */
  readonly gives: boolean;
}

/** Those that the region touches: by where they begin, or by their names where the edit brings them. */
function functionsIn({ root, text }: ParsedText, region: OffsetRange): ReadonlyMap<string, Function> {
  const givers = new Set<number>();
  for (const node of root.descendantsOfType([RETURN]))
    if (node !== null && VALUE.test(text.slice(node.startIndex, node.endIndex)))
      givers.add(functionAround(node)?.startIndex ?? -1);
  // What an edit takes from a function's end ends behind blanks.
  const start = text.slice(0, region.start).trimEnd().length;
  const found = new Map<string, Function>();
  const twice = new Set<string>();
  for (const node of root.descendantsOfType(FUNCTIONS)) {
    if (node === null || node.startIndex > region.end || node.endIndex < start) continue;
    const key = keyOf(node, text, region.start);
    const body = node.childForFieldName('body');
    if (key === undefined || body === null) continue;
    if (found.has(key)) twice.add(key);
    const gives = givers.has(node.startIndex) || !STATEMENTS.test(body.type);
    found.set(key, { node, gives });
  }
  for (const key of twice) found.delete(key);
  return found;
}

function keyOf(node: ScopeNode, text: string, from: number): string | undefined {
  if (node.startIndex < from) return String(node.startIndex);
  const { parent } = node;
  const name =
    node.childForFieldName('name') ??
    node.childForFieldName('declarator')?.childForFieldName('declarator') ??
    (parent?.type === 'variable_declarator' ? parent.childForFieldName('name') : null);
  return name == null ? undefined : text.slice(name.startIndex, name.endIndex);
}

function endsOtherwise(node: ScopeNode, text: string): boolean {
  const code = text.slice(node.startIndex, node.endIndex);
  if (ENDS_OTHERWISE.test(code)) return true;
  const body = node.childForFieldName('body');
  if (GIVES_NOTHING.test(text.slice(node.startIndex, body?.startIndex))) return true;
  return node.childForFieldName(RESULT)?.type === 'parameter_list' && /\breturn\b/.test(code);
}

/** Whether it says that it gives something back. */
function owes(node: ScopeNode, text: string): boolean {
  const types = TYPES.map((field) => node.childForFieldName(field)).filter((type) => type !== null);
  return types.some(({ startIndex, endIndex }) => !MAY_BE_NOTHING.test(text.slice(startIndex, endIndex)));
}
