// Variables that their own first value asks for: `const rest = String(rest)`. Nothing has that name yet. Pure.
import { isLabel, isMember } from './binding';
import { isWithin } from './parsedText';
import { ancestor, functionAround, holds, PYTHON, type ScopeNode, textOf } from './scopeNode';
import type { OffsetRange } from './types';

/** JavaScript, TypeScript and Java. `var` of JavaScript is there from the beginning of its function. */
const DECLARATIONS = ['lexical_declaration', 'local_variable_declaration'];
const DECLARATOR = 'variable_declarator';
/** Python's. */
const ASSIGNMENT = 'assignment';
const NAMES = ['identifier', 'shorthand_property_identifier'];
/** What is run later, when the name may have its value, or has names of its own. */
const LATER =
  /function|arrow|lambda|method_(definition|declaration|reference)|class|comprehension|generator_expression/;

/** Names that have their first value in the region, and are read in it. */
export function selfReferencesIn(root: ScopeNode, text: string, region: OffsetRange): readonly string[] {
  const isThere = ({ startIndex, endIndex }: ScopeNode) => startIndex < region.end && region.start < endIndex;
  const declared = root.descendantsOfType(DECLARATIONS).flatMap((node) => {
    if (node === null || !isThere(node)) return [];
    return node.namedChildren.filter((child) => child?.type === DECLARATOR);
  });
  const assigned =
    root.type === PYTHON ? root.descendantsOfType([ASSIGNMENT]).filter((node) => node && isThere(node)) : [];
  return [...declared, ...assigned].flatMap((node) => {
    const name = node?.childForFieldName(node.type === ASSIGNMENT ? 'left' : 'name');
    const value = node?.childForFieldName(node.type === ASSIGNMENT ? 'right' : 'value');
    if (!name || !value || name.type !== 'identifier') return [];
    const own = textOf(name, text);
    if (!readsIn(value, own, text, region)) return [];
    return node?.type === ASSIGNMENT && !isFirst(root, text, node, own) ? [] : [own];
  });
}

function readsIn(value: ScopeNode, name: string, text: string, region: OffsetRange): boolean {
  const all = value.descendantsOfType(NAMES);
  return all.some((node) => {
    if (node === null || textOf(node, text) !== name || isMember(text, node.startIndex)) return false;
    if (!isWithin(node, region) || /^\s*=(?!=)/.test(text.slice(node.endIndex, node.endIndex + 8)))
      return false;
    // Java: `int size = size();` asks a method.
    if (node.parent?.type === 'method_invocation' && holds(node.parent, 'name', node)) return false;
    return !isLabel(node, name) && !isRunLater(node, value);
  });
}

/** A function that is the value itself is run later, too. */
function isRunLater(node: ScopeNode, value: ScopeNode): boolean {
  for (
    let one: ScopeNode | null = node;
    one !== null && isWithin(one, { start: value.startIndex, end: value.endIndex });
    one = one.parent
  )
    if (LATER.test(one.type)) return true;
  return false;
}

/** Whether nothing in front of it, and nothing outside of its function, has the name. */
function isFirst(root: ScopeNode, text: string, assignment: ScopeNode, name: string): boolean {
  const holder = functionAround(assignment);
  if (holder === null || isInLoop(assignment)) return false;
  const isEarlier = ({ startIndex }: ScopeNode) =>
    holder.startIndex <= startIndex && startIndex < assignment.startIndex;
  const isOutside = ({ startIndex }: ScopeNode) =>
    startIndex < holder.startIndex || holder.endIndex <= startIndex;
  return !root.descendantsOfType(NAMES).some((node) => {
    if (node === null || textOf(node, text) !== name || isMember(text, node.startIndex)) return false;
    // Of another function it is another name.
    return isEarlier(node) || (isOutside(node) && functionAround(node) === null);
  });
}

/** The last round may have given it its value. */
function isInLoop(node: ScopeNode): boolean {
  return ancestor(node, ({ type }) => /^(for|while)_statement$/.test(type)) !== null;
}
