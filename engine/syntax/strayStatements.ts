// Statements and arguments that a grammar takes anywhere, or without what belongs to them, and no compiler does. Pure.
import type { StructureNode } from './types';

/** What stands around a node. */
export interface Around {
  readonly isInFunction: boolean;
  /** In a loop, a switch or a labelled statement of the same function. */
  readonly isInLoop: boolean;
}

export const NOWHERE: Around = { isInFunction: false, isInLoop: false };

const FUNCTION =
  /(^|_)(function|method|lambda|func|closure|constructor|destructor|accessor|getter|setter|initializer|operator|local_function|anonymous)(_|$)/;
const NEW_SCOPE = /(^|_)(class|module|program|interface|trait|impl|struct)(_|$)/;
const LOOP = /(^|_)(for|while|do|foreach|each|until|loop|switch|select|labeled|repeat)(_|$)/;

/** What is around the children of `node`. */
export function aroundIn({ type }: StructureNode, around: Around): Around {
  if (FUNCTION.test(type)) return { isInFunction: true, isInLoop: false };
  if (NEW_SCOPE.test(type)) return NOWHERE;
  return LOOP.test(type) && !around.isInLoop ? { ...around, isInLoop: true } : around;
}

/** How many of them `node` is or has by itself. `children`: its own, or those around an edit; `isPython`: by the root of its grammar. */
export function straysIn(
  node: StructureNode,
  children: readonly StructureNode[],
  around: Around,
  isPython: boolean,
): number {
  switch (node.type) {
    case 'try_statement':
      return Number(!node.namedChildren.some((child) => child !== null && HANDLER.test(child.type)));
    case 'break_statement':
    case 'continue_statement':
      return Number(!around.isInLoop);
    case 'return_statement':
      return Number(isPython && !around.isInFunction);
    case 'argument_list':
      return isPython ? lateArguments(children) : 0;
    case 'parameters':
    case 'lambda_parameters':
      return isPython ? wrongParameters(children) : 0;
    case 'lexical_declaration':
      return constantsWithoutValue(node, children);
    case 'assignment_statement':
      return Number(isCallAssigned(node));
    case 'if_statement':
    case 'for_statement':
    case 'for_in_statement':
    case 'while_statement':
      return BRANCHES.filter((field) => node.childForFieldName(field)?.type === 'lexical_declaration').length;
    default:
      return 0;
  }
}

const HANDLER = /except|finally|catch/;

/** JavaScript: a declaration that is the whole of a branch. */
const BRANCHES: readonly string[] = ['consequence', 'body'];

/** Python: those without a name behind those with one. */
function lateArguments(children: readonly StructureNode[]): number {
  let isNamed = false;
  let late = 0;
  for (const { type } of children) {
    if (type === 'keyword_argument' || type === 'dictionary_splat') isNamed = true;
    else if (isNamed && type !== 'list_splat' && type !== 'comment') late++;
  }
  return late;
}

const DEFAULT = /default_parameter$/;

/** Python: those without a value behind those with one, and names that come twice. */
function wrongParameters(children: readonly StructureNode[]): number {
  let hasDefault = false;
  let isNamedOnly = false;
  let late = 0;
  const names: string[] = [];
  for (const child of children) {
    const { type, text } = child;
    if (type === 'comment' || type === 'positional_separator') continue;
    if (text.startsWith('*')) isNamedOnly = true;
    else if (DEFAULT.test(type)) hasDefault = true;
    else if (hasDefault && !isNamedOnly) late++;
    const name = /^\**\s*([\p{L}_][\p{L}\p{N}_]*)/u.exec(text)?.[1];
    if (name !== undefined) names.push(name);
  }
  return late + names.length - new Set(names).size;
}

/** JavaScript and TypeScript; what is declared for elsewhere has a type. */
function constantsWithoutValue(node: StructureNode, children: readonly StructureNode[]): number {
  if (!/^const\b/.test(node.text)) return 0;
  return children.filter(
    (child) =>
      child.type === 'variable_declarator' &&
      child.childForFieldName('value') === null &&
      child.childForFieldName('type') === null,
  ).length;
}

/** Go: what a call gives is no place to put something. Elsewhere it may be a reference. */
function isCallAssigned(node: StructureNode): boolean {
  const left = node.childForFieldName('left');
  return left?.type === 'expression_list' && left.namedChildren.some(isCall);
}

function isCall(node: StructureNode | null): boolean {
  return node?.type === 'call_expression';
}
