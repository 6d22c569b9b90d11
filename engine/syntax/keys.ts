// Names that may stand once in a list of such: keys of an object, members of an enum, arguments by name. A grammar lets them pass
// twice; a compiler does not, or takes the last one without a word. Pure.
import { attributesOf } from './rustAttributes';
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

/** Kinds of nodes that mean this only in some parents; pairs are Ruby's, too, where `a: 1` and `"a" => 1` are two keys. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  pair: ['object', 'dictionary'],
  property_identifier: ['enum_body'],
  shorthand_property_identifier: ['object'],
};

/** Kinds of nodes that are a name. */
const BARE: ReadonlySet<string> = new Set(['property_identifier', 'shorthand_property_identifier']);

/** JavaScript and TypeScript: `a` and `"a"` are one key. Elsewhere the one is a variable, or a number, and the other a text. */
const QUOTES_OR_NOT: ReadonlySet<string> = new Set(['object', 'enum_body']);

/** A key that is worked out may be another one each time. */
const SAFE = /^(["'`]?)([\w$.-]+)\1$/;

/** The name that a node stands for among its siblings; none where it is no such node. */
export function keysOf(node: StructureNode, parent: StructureNode): readonly string[] {
  const isBare = BARE.has(node.type);
  if (!isBare && !Object.hasOwn(KEYED, node.type)) return [];
  if (Object.hasOwn(PARENTS, node.type) && !PARENTS[node.type]?.includes(parent.type)) return [];
  // Rust: of two with a `cfg` each there is one in the end.
  if (attributesOf(node).length > 0) return [];
  const [, quote, name] = SAFE.exec((isBare ? node : nameOf(node))?.text ?? '') ?? [];
  if (name === undefined) return [];
  // Python: `'a'` and `"a"` are one key.
  return [quote === '' || QUOTES_OR_NOT.has(parent.type) ? `key ${name}` : `key "${name}"`];
}

function nameOf(node: StructureNode): StructureNode | null | undefined {
  const field = KEYED[node.type];
  return field === undefined ? node.namedChildren[0] : node.childForFieldName(field);
}
