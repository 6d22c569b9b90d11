// What a name in a tree does there: whether it declares something, uses what is declared elsewhere, or is no name of the code around it.
// Grammars bind names in more ways than anybody lists: what is not known counts as a use of none.
import { ancestor, holds, isStatement, PARAMETERS, type ScopeNode, STATEMENT } from './scopeNode';

/** What binds names, by the field that holds them. */
const BINDS =
  /declar|parameter|definition|item$|assignment$|^for_|foreach|enhanced_for|range_clause|in_clause|catch|except|spec$|lambda|closure|arrow|named_expression|as_pattern|^tuple_element$|^function_signature$|^internal_module$|^enum_constant$|^(generator_)?function(_expression)?$|clause$/;
const FIELDS = ['name', 'left', 'pattern', 'declarator', 'parameter', 'parameters', 'alias', 'property'];
/** `f(size = limit)`: what is behind the sign is no parameter. */
const DEFAULTS =
  /^((object_)?assignment_pattern|(typed_)?default_parameter|(required|optional)_parameter|optional_parameter_declaration)$/;
const NOT_BOUND = ['value', 'right', 'default_value'];
/** Between a name and what binds it. */
const WITHIN = /pattern|list$|declarator$|parameter|target|tuple|clause$/;
/** `list.first`, `a->b`, `Type::new`: what is behind belongs to what is in front. */
const MEMBER = /(\.|->|::)[\s\\]*$/;
/** A line of a comment or of a docstring. */
const PROSE = /#|\/\/|"""|'''|^\s*\*|^\s*\p{Lu}?\p{L}+( [\p{L}\p{N}'",()-]+){2,}$/u;
/** `name: value`: a parameter or a key of something else; `name=value` is one, too, or declares, unless it is a statement. */
const KEY = /^\s*:(?!:)/;
/** What a colon only ends: `if size:`, `a ? size : 0`. */
const BEFORE_COLON = /statement$|clause$|_operator$|^(ternary|conditional)_expression$/;
const ASSIGNED = /^\s*=(?![=>])/;
/** Statements by which a name gets a value that has to be there: in these languages no assignment declares it. */
const ASSIGNMENT = /^(assignment_expression|assignment_statement)$/;
const IMPORT = /^use_declaration$|^using_d|import/;
/** What a class inherits from, and so may have from elsewhere. */
const BASES = ['base_list', 'base_class_clause', 'class_heritage', 'extends_clause', 'superclass'];
/** `export { a as b } from 'c'` */
const EXPORTED = 'export_specifier';
/** What holds such; a tag with a capital letter is a component, which is a name. */
const LABELLED = /^(jsx_(opening|closing|self_closing)_element|macro_invocation)$/;
const COMPONENT = /^\p{Lu}/u;

/** Whether it may take a value there, as in an arm of a match. */
export function isInPattern(node: ScopeNode): boolean {
  return ancestor(node, ({ type }) => /pattern/.test(type), isStatement) !== null;
}

/** Whether the name stands for something that has to be declared elsewhere. */
export function isUse(node: ScopeNode, text: string): boolean {
  if (isMember(text, node.startIndex) || isImported(node)) return false;
  const behind = text.slice(node.endIndex, node.endIndex + 8);
  if (ASSIGNED.test(behind)) return isAssigned(node) && !hasMore(node, text);
  const isKey = KEY.test(behind) && !BEFORE_COLON.test(node.parent?.type ?? '');
  return !isKey && !isBound(node);
}

/** Whether it stands in a class of which a part is elsewhere: a base, or a declaration in another file. */
export function hasMore(name: ScopeNode, text: string): boolean {
  return isWithinAny(name, (node, body) => {
    if (/::|\bpartial\b|\bextends\b|\bimplements\b/.test(text.slice(node.startIndex, body.startIndex)))
      return true;
    return /class|struct/.test(node.type) && hasBase(node, body);
  });
}

/** Whether it stands in a class that may have names from a base, or in a function of C++ whose class is elsewhere. */
export function mayInherit(name: ScopeNode, text: string): boolean {
  return isWithinAny(name, (node, body) => {
    const head = text.slice(node.startIndex, body.startIndex);
    if (/class|struct|record/.test(node.type))
      return hasBase(node, body) || /\bpartial\b|\bextends\b/.test(head);
    return /::~?\w+\s*$/.test(head.split('(', 1)[0] ?? '');
  });
}

/** Whether one of the nodes around it that have a body `isIt`. */
function isWithinAny(name: ScopeNode, isIt: (node: ScopeNode, body: ScopeNode) => boolean): boolean {
  const holder = (node: ScopeNode) => {
    const body = node.childForFieldName('body');
    return body !== null && isIt(node, body);
  };
  return ancestor(name, holder) !== null;
}

function hasBase(type: ScopeNode, body: ScopeNode): boolean {
  if (type.childForFieldName('superclasses') !== null) return true;
  return type.descendantsOfType(BASES).some((one) => one !== null && one.endIndex <= body.startIndex);
}

/** As a statement: in brackets, `name = value` may name an argument, or a default. */
export function isAssigned(name: ScopeNode): boolean {
  const inList = name.parent?.type === 'expression_list' ? name.parent : name;
  const { parent } = inList;
  if (parent === null || !ASSIGNMENT.test(parent.type)) return false;
  return holds(parent, 'left', name) && STATEMENT.test(parent.parent?.type ?? '');
}

export function isMember(text: string, at: number): boolean {
  const [dot] = MEMBER.exec(text.slice(Math.max(0, at - 40), at)) ?? [];
  if (dot === undefined || !dot.includes('\n')) return dot !== undefined;
  // A sentence ends so, too.
  const end = at - dot.length;
  return !PROSE.test(text.slice(text.lastIndexOf('\n', end - 1) + 1, end));
}

/** In what imports it, as a part of a path: `use a::size`. */
export function isImported(name: ScopeNode | undefined): boolean {
  return ancestor(name, ({ type }) => IMPORT.test(type), isStatement) !== null;
}

/** `size` of `f(size=1)`, a tag, a macro, an attribute, a name for others: no name of the code around it. */
export function isLabel(node: ScopeNode, name: string): boolean {
  const { parent } = node;
  if (parent?.type === 'namespace_export') return true;
  if (parent?.type === EXPORTED) {
    const statement = ancestor(parent, ({ type }) => type === 'export_statement');
    return holds(parent, 'alias', node) || statement?.childForFieldName('source') != null;
  }
  if (parent?.type === 'keyword_argument') return holds(parent, 'name', node);
  if (parent?.type.startsWith('jsx_') && COMPONENT.test(name) && holds(parent, 'name', node)) return false;
  return LABELLED.test(parent?.type ?? '') || /^(inner_)?attribute_item$/.test(parent?.parent?.type ?? '');
}

/** Whether the name is declared here, in one of the ways that are known. */
export function isBound(name: ScopeNode | undefined): boolean {
  let node = name;
  for (let parent = name?.parent ?? null; node !== undefined && parent !== null; parent = parent.parent) {
    const { type } = parent;
    const child = node;
    if (DEFAULTS.test(type) && NOT_BOUND.some((field) => holds(parent, field, child))) return false;
    if (holds(parent, 'type', child)) return false;
    if (BINDS.test(type) && FIELDS.some((field) => holds(parent, field, child))) return true;
    if (PARAMETERS.test(type)) return true;
    if (!WITHIN.test(type)) return false;
    node = parent;
  }
  return false;
}

/** `total += 1` gives no name its first value. */
const AUGMENTED = 'augmented_assignment';

/** Whether the name means something from here on: declared, imported, or part of a pattern, which may take a value. */
export function declares(node: ScopeNode): boolean {
  return (isBound(node) && node.parent?.type !== AUGMENTED) || isImported(node) || isInPattern(node);
}
