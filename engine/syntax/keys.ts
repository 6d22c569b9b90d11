// Names that may stand once in a list of such: keys of an object, members of an enum, arguments by name. A grammar lets them pass
// twice; a compiler does not, or takes the last one without a word. Pure.
import type { StructureNode } from './types';

/** Kinds of nodes, with the field that holds the name; undefined: the node's first child. */
const KEYED: Readonly<Record<string, string | undefined>> = {
  // JavaScript and TypeScript.
  enum_assignment: 'name',
  jsx_attribute: undefined,
  // These and Python.
  pair: 'key',
  // Python.
  keyword_argument: 'name',
  // Java and C#.
  enum_constant: 'name',
  enum_member_declaration: 'name',
  // Rust and Go.
  enum_variant: 'name',
  field_initializer: 'field',
  keyed_element: undefined,
};

/** Kinds of nodes that are a name, and of parents in which it may stand once. */
const BARE: Readonly<Record<string, string>> = {
  property_identifier: 'enum_body',
  shorthand_property_identifier: 'object',
};

/** A key that is worked out may be another one each time. */
const SAFE = /^(["'`]?)[\w$.-]+\1$/;

/** The name that a node stands for among its siblings; none where it is no such node. */
export function keysOf(node: StructureNode, parent: StructureNode): readonly string[] {
  const isBare = Object.hasOwn(BARE, node.type) && BARE[node.type] === parent.type;
  if (!isBare && !Object.hasOwn(KEYED, node.type)) return [];
  const key = isBare ? node.text : nameOf(node)?.text;
  // Python: `{a: 1, a: 2}` has two keys of one value; `{f(): 1, f(): 2}` may not.
  return key !== undefined && SAFE.test(key) ? [`key ${key.replace(/^["'`]|["'`]$/g, '')}`] : [];
}

function nameOf(node: StructureNode): StructureNode | null | undefined {
  const field = KEYED[node.type];
  return field === undefined ? node.namedChildren[0] : node.childForFieldName(field);
}
