// Names that an answer uses and that cannot mean anything where it stands: what only another function declares, and what the
// file does not know at all. By the habits of grammars, as in kinds.ts: where a habit fails, a name counts as known.
import { isWord } from '../candidates/quality/names';
import type { OffsetRange } from './types';

/** A node of tree-sitter's, as far as it is looked at here. */
export interface ScopeNode {
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly parent: ScopeNode | null;
  childForFieldName(name: string): ScopeNode | null;
  descendantsOfType(types: string[]): readonly (ScopeNode | null)[];
}

export interface Strangers {
  /** Declared by functions alone that the region does not stand in. */
  readonly outOfScope: readonly string[];
  /** Nowhere else in the text, and no word that the language brings along. */
  readonly unknown: readonly string[];
}

export const NO_STRANGERS: Strangers = { outOfScope: [], unknown: [] };

/** UTF-16 units; the names of a longer text are not gone through. */
const LONGEST = 200_000;
const NAMES = [
  'identifier',
  'implicit_parameter',
  'type_identifier',
  'shorthand_property_identifier',
  'shorthand_property_identifier_pattern',
];
const FUNCTION = /function|method|constructor|lambda|closure|arrow|accessor|func_literal/;
/** What binds names, by the field that holds them. */
const BINDS =
  /declar|parameter|definition|item$|assignment$|^for_|foreach|enhanced_for|for_range|range_clause|in_clause|catch|except|spec$|specifier$|resource|lambda|closure|arrow|named_expression|as_pattern|import|clause$/;
const FIELDS = ['name', 'left', 'pattern', 'declarator', 'parameter', 'parameters', 'alias'];
/** Between a name and what binds it. */
const WITHIN = /pattern|list$|declarator$|parameter|target|tuple|clause$/;
/** `list.first`, `a->b`, `Type::new`: what is behind belongs to what is in front. */
const MEMBER = /(\.|->|::)\s*$/;
/** `name=value`, `name: value`: a parameter or a key of something else. */
const KEY = /^\s*(=(?![=>])|:(?!:))/;

/** Names of the region that are strangers there. `root`: of the text with the answer in it. */
export function strangersIn(root: ScopeNode, text: string, region: OffsetRange): Strangers {
  if (text.length > LONGEST) return NO_STRANGERS;
  const nodes = root.descendantsOfType(NAMES).filter((node) => node !== null);
  const nameOf = ({ startIndex, endIndex }: ScopeNode) => text.slice(startIndex, endIndex);
  const isInside = ({ startIndex, endIndex }: ScopeNode) =>
    startIndex >= region.start && endIndex <= region.end;
  const used = new Set<string>();
  for (const node of nodes) if (isInside(node) && isUse(node, text)) used.add(nameOf(node));
  const known = new Set<string>();
  const inSight = new Set<string>();
  const elsewhere = new Set<string>();
  for (const node of nodes) {
    const name = nameOf(node);
    if (!used.has(name)) continue;
    const binds = isBound(node);
    if (!isInside(node)) known.add(name);
    else if (binds) inSight.add(name);
    if (!binds || isInside(node)) continue;
    const holder = functionAround(node);
    const seesIt = holder === null || (holder.startIndex <= region.start && region.end <= holder.endIndex);
    (seesIt ? inSight : elsewhere).add(name);
  }
  const names = [...used].filter((name) => !inSight.has(name));
  return {
    outOfScope: names.filter((name) => elsewhere.has(name)),
    unknown: names.filter((name) => !known.has(name) && !isWord(name)),
  };
}

function isUse(node: ScopeNode, text: string): boolean {
  if (MEMBER.test(text.slice(Math.max(0, node.startIndex - 40), node.startIndex))) return false;
  return !KEY.test(text.slice(node.endIndex, node.endIndex + 8)) && !isBound(node);
}

/** Whether the name is declared here. */
function isBound(name: ScopeNode): boolean {
  if (name.type === 'shorthand_property_identifier_pattern' || name.type === 'implicit_parameter')
    return true;
  let node = name;
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    const { type } = parent;
    if (BINDS.test(type) && FIELDS.some((field) => holds(parent, field, node))) return true;
    if (
      /^(formal_parameters|parameters|lambda_parameters|closure_parameters|inferred_parameters)$/.test(type)
    )
      return true;
    if (!WITHIN.test(type)) return false;
    node = parent;
  }
  return false;
}

function holds(parent: ScopeNode, field: string, { startIndex, endIndex }: ScopeNode): boolean {
  const child = parent.childForFieldName(field);
  return child !== null && child.startIndex <= startIndex && endIndex <= child.endIndex;
}

/** The function whose own a declaration is: a function's name is its surroundings'. */
function functionAround(name: ScopeNode): ScopeNode | null {
  for (let node = name.parent; node !== null; node = node.parent) {
    if (FUNCTION.test(node.type) && node.childForFieldName('body') !== null && !isNameOf(node, name))
      return node;
  }
  return null;
}

function isNameOf(node: ScopeNode, name: ScopeNode): boolean {
  if (holds(node, 'name', name)) return true;
  // C++ has it within what declares the parameters.
  const declarator = name.parent;
  return declarator?.type === 'function_declarator' && holds(node, 'declarator', declarator);
}
