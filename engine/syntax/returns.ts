// Functions that an edit leaves without anything to give back: hardly anybody means that, and languages without types take it.
import { LONGEST_NAMED, type ParsedText, type ReadEdit } from './parsedText';
import { functionAround, isSame, type ScopeNode, textOf } from './scopeNode';
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
/** Behind the word: something, and a nothing that has a name. */
const SOMETHING = /^return\b\s*[^\s;]/;
const NOTHING = /^return\s+(None|null|nil|undefined|nullptr)\s*;?\s*$/;
/** Behind a last statement. */
const ONLY_CLOSES = /^[\s;})\]]*$/;
const MAIN = 'main';
/** Python: what somebody else is to write. */
const STUB = /^\s*("""[\s\S]*"""|'''[\s\S]*''')?\s*(\.\.\.|pass)?\s*$/;
const GIVES = /\b(return|throw|raise|panic)\b/;
/** Functions that end in another way, or that say that they give nothing back. */
const ENDS_OTHERWISE =
  /\b(yield|throw|raise|panic|_?exit|abort|\w*[Uu]nreachable|\w*UNREACHABLE|assertNever|notFound|redirect|[Ff]atal\w*)\b/;
const GENERATES = /\byield\b/;
const GIVES_NOTHING = /\bvoid\b|->\s*None\b|\bnever\b/;
/** Where a function says what it gives back. */
const TYPES = ['result', 'return_type', 'returns', 'type'];
/** What need not be given back by a statement. */
const MAY_BE_NOTHING =
  /\b(None|Any|Optional|undefined|any|void|never|NoReturn|asserts|auto)\b|^(Value)?Task$/;
/** Go's `func f() (n int)`: what is behind it is given back by a bare `return`, too. */
const RESULT = 'result';

/** Statements behind which a function goes on to its end. */
const GOES_ON = [
  'expression_statement',
  'local_variable_declaration',
  'local_declaration_statement',
  'lexical_declaration',
  'declaration',
  'short_var_declaration',
  'assignment_statement',
  'inc_statement',
  'dec_statement',
  'if_statement',
];
/** Python's `else` and `elif`, and everybody else's. */
const ALTERNATIVE = 'alternative';
/** Go's, between a block and its statements. */
const LIST = 'statement_list';

/** Whether a function that gave something back does so no longer, or no longer at its end, where it says that it does. */
export function losesReturn({ before, after, gone, fresh }: ReadEdit): boolean {
  if (!GIVES.test(before.text.slice(gone.start, gone.end))) return false;
  if (Math.max(before.text.length, after.text.length) > LONGEST_NAMED) return false;
  const [were, are] = [functionsIn(before, gone), functionsIn(after, fresh)];
  return [...were].some(([key, was]) => {
    const now = are.get(key);
    if (now === undefined) return false;
    if (now.gives) return was.givesAtEnd && owes(now.node, after.text) && goesOn(now.node, after.text);
    if (endsOtherwise(now.node, after.text)) return false;
    return was.givesAtEnd || (owes(now.node, after.text) && endsOtherwise(was.node, before.text));
  });
}

interface Function {
  readonly node: ScopeNode;
  /** Whether it gives back something somewhere, be it nothing by name. */
  readonly gives: boolean;
  /** Whether it does so at its end, and not on the way out alone. */
  readonly givesAtEnd: boolean;
}

/** Those that the region touches: by where they begin, or by their names where the edit brings them. */
function functionsIn({ root, text }: ParsedText, region: OffsetRange): ReadonlyMap<string, Function> {
  const returns = new Map<number, ScopeNode>();
  for (const node of root.descendantsOfType([RETURN]))
    if (node !== null && SOMETHING.test(textOf(node, text)))
      returns.set(functionAround(node)?.startIndex ?? -1, node);
  // What an edit takes from a function's end ends behind blanks.
  const start = text.slice(0, region.start).trimEnd().length;
  const found = new Map<string, Function>();
  const twice = new Set<string>();
  for (const node of root.descendantsOfType(FUNCTIONS)) {
    if (node === null || node.startIndex > region.end || node.endIndex < start) continue;
    const name = nameOf(node);
    const body = node.childForFieldName('body');
    // What stands in front of a name may be kept from another one.
    const isOld = (name ?? node).startIndex < region.start;
    if (body === null || (name === null && !isOld) || isUnwanted(node, name, text)) continue;
    const key = isOld || name === null ? String(node.startIndex) : textOf(name, text);
    if (found.has(key)) twice.add(key);
    const last = returns.get(node.startIndex);
    const isValue = !STATEMENTS.test(body.type);
    const ends = last !== undefined && ONLY_CLOSES.test(text.slice(last.endIndex, body.endIndex));
    const isSure = ends && !NOTHING.test(textOf(last, text));
    found.set(key, { node, gives: isValue || last !== undefined, givesAtEnd: isValue || isSure });
  }
  for (const key of twice) found.delete(key);
  return found;
}

function nameOf(node: ScopeNode): ScopeNode | null {
  const { parent } = node;
  return (
    node.childForFieldName('name') ??
    node.childForFieldName('declarator')?.childForFieldName('declarator') ??
    (parent?.type === 'variable_declarator' ? parent.childForFieldName('name') : null)
  );
}

/** Whether nobody need want its value: what is handed over to another function, and C's main. */
function isUnwanted(node: ScopeNode, name: ScopeNode | null, text: string): boolean {
  return node.parent?.type === 'arguments' || (name !== null && textOf(name, text) === MAIN);
}

function endsOtherwise(node: ScopeNode, text: string): boolean {
  const code = textOf(node, text);
  if (ENDS_OTHERWISE.test(code)) return true;
  const body = node.childForFieldName('body');
  if (body !== null && STUB.test(textOf(body, text))) return true;
  if (GIVES_NOTHING.test(text.slice(node.startIndex, body?.startIndex))) return true;
  return node.childForFieldName(RESULT)?.type === 'parameter_list' && /\breturn\b/.test(code);
}

/** Whether its end is reached, as far as its last statement tells. */
function goesOn(node: ScopeNode, text: string): boolean {
  const body = node.childForFieldName('body');
  if (body === null || GENERATES.test(textOf(node, text))) return false;
  return body.descendantsOfType(GOES_ON).some((last) => {
    if (last === null || !ONLY_CLOSES.test(text.slice(last.endIndex, body.endIndex))) return false;
    const block = last.parent?.type === LIST ? last.parent.parent : last.parent;
    if (!isSame(block ?? null, body) || last.childForFieldName(ALTERNATIVE) !== null) return false;
    return last.type === 'if_statement' || !ENDS_OTHERWISE.test(textOf(last, text));
  });
}

/** Whether it says that it gives something back. */
function owes(node: ScopeNode, text: string): boolean {
  const types = TYPES.map((field) => node.childForFieldName(field)).filter((type) => type !== null);
  return types.some((type) => !MAY_BE_NOTHING.test(textOf(type, text)));
}
