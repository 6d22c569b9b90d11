// Functions, methods, classes and types that an answer declares under another name. Nobody has to use them in this file: another one may,
// and who asks for a new body has not asked for a new name.
import { declares } from './binding';
import { isBody } from './kinds';
import { isWithin, nodesOf, type ReadEdit } from './parsedText';
import { PARAMETERS, type ScopeNode, textOf } from './scopeNode';
import type { OffsetRange } from './types';

const DECLARATION =
  /^((async_)?(generator_)?(function|method|class|abstract_class|struct|record|record_struct|interface|trait|enum|union|type|type_alias|constructor|mod|module)_(specifier|item|definition|declaration|statement)|type_spec|type_alias|method|singleton_method|class|module)$/;
/** Where a type without a body has what it is. */
const MEANINGS = ['body', 'value', 'type'];
/** A name with a function as its value: `const f = () => 1`. */
const VARIABLE = 'variable_declarator';
const FUNCTION_VALUE = /^(arrow_function|(generator_)?function(_expression)?)$/;
/** What stands for what it holds. */
const WRAPPERS =
  /^(export_statement|decorated_definition|lexical_declaration|variable_declaration|template_declaration|type_declaration|namespace_definition|internal_module|expression_statement)$/;
/** What a function declares is its own: an answer may do without. */
const FUNCTION = /function|method|constructor|lambda|closure|arrow|accessor|func_literal/;
const NAMES = [
  'identifier',
  'type_identifier',
  'property_identifier',
  'private_property_identifier',
  'field_identifier',
  'name',
  'constant',
];

/** `old`: of the text before; `now`: the same place of the text after. */
export interface RenamedPlace {
  readonly old: OffsetRange;
  readonly now: OffsetRange;
}

/** Names that stood for a declaration as a whole within the place and are declared there no longer, where another name is. */
export function renamedIn(
  { before, after }: Pick<ReadEdit, 'before' | 'after'>,
  { old, now }: RenamedPlace,
): readonly string[] {
  const were = new Set(
    declaredIn(before.root, old)
      .filter(({ node }) => node.endIndex <= old.end)
      .map(({ name }) => textOf(name, before.text)),
  );
  if (were.size === 0) return [];
  const are = new Set(declaredIn(after.root, now).map(({ name }) => textOf(name, after.text)));
  const lost = [...were].filter((name) => !are.has(name));
  if (lost.length === 0) return [];
  const stood = new Set(declaredIn(before.root, old).map(({ name }) => textOf(name, before.text)));
  if ([...are].every((name) => stood.has(name))) return [];
  // `f = wrapped(g)` still declares `f`.
  const left = nodesOf(after, NAMES, (name) => lost.includes(name));
  return lost.filter((name) => !left.get(name)?.some((node) => isWithin(node, now) && declares(node)));
}

interface Declared {
  readonly node: ScopeNode;
  readonly name: ScopeNode;
}

/** The outermost ones whose names stand in the region; none in a function. */
function declaredIn(node: ScopeNode, region: OffsetRange): readonly Declared[] {
  if (node.endIndex <= region.start || node.startIndex >= region.end || PARAMETERS.test(node.type)) return [];
  const name = nameOf(node);
  if (name !== null && isWithin(name, region)) return [{ node, name }];
  if (FUNCTION.test(node.type)) return [];
  const isWhole = isWithin(node, region);
  if (isWhole && node.parent !== null && !isBody(node.type) && !WRAPPERS.test(node.type)) return [];
  return node.namedChildren.flatMap((child) => (child === null ? [] : declaredIn(child, region)));
}

/** What it is declared by; null where it is no such declaration, or has no body. */
function nameOf(node: ScopeNode): ScopeNode | null {
  if (node.type === VARIABLE) {
    const value = node.childForFieldName('value');
    return value !== null && FUNCTION_VALUE.test(value.type) ? node.childForFieldName('name') : null;
  }
  if (!DECLARATION.test(node.type) || !MEANINGS.some((field) => node.childForFieldName(field) !== null))
    return null;
  const name = node.childForFieldName('name');
  if (name !== null) return name;
  // C++ has it within what declares the parameters, and what points to it.
  let declared = node.childForFieldName('declarator');
  while (declared !== null && declared.type !== 'function_declarator')
    declared = declared.childForFieldName('declarator');
  return declared?.childForFieldName('declarator') ?? null;
}
