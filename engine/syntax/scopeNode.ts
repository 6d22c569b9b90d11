// A tree's node, as far as names and what they belong to are looked at.

/** A node of tree-sitter's, as far as it is looked at here. */
export interface ScopeNode {
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly parent: ScopeNode | null;
  readonly namedChildren: readonly (ScopeNode | null)[];
  childForFieldName(name: string): ScopeNode | null;
  descendantsOfType(types: string[]): readonly (ScopeNode | null)[];
}

/** The root of Python's trees. */
export const PYTHON = 'module';
const FUNCTION = /function|method|constructor|lambda|closure|arrow|accessor|func_literal/;
export const PARAMETERS =
  /^(formal_parameters|parameters|lambda_parameters|closure_parameters|inferred_parameters|block_parameters|method_parameters)$/;
export const STATEMENT = /statement|block|body/;

export function textOf({ startIndex, endIndex }: ScopeNode, text: string): string {
  return text.slice(startIndex, endIndex);
}

export function holds(parent: ScopeNode | null, field: string, { startIndex, endIndex }: ScopeNode): boolean {
  const child = parent?.childForFieldName(field);
  return child != null && child.startIndex <= startIndex && endIndex <= child.endIndex;
}

/** The nearest node above `node` that `isIt`, unless one that `isEnd` stands before it. */
export function ancestor(
  node: ScopeNode | undefined,
  isIt: (one: ScopeNode) => boolean,
  isEnd: (one: ScopeNode) => boolean = () => false,
): ScopeNode | null {
  for (let one = node?.parent ?? null; one !== null; one = one.parent) {
    if (isIt(one)) return one;
    if (isEnd(one)) return null;
  }
  return null;
}

export function isStatement({ type }: ScopeNode): boolean {
  return STATEMENT.test(type);
}

/** The function whose own a name is; a function's own name is its surroundings'. What is no name is nobody's. */
export function functionAround(name: ScopeNode | undefined): ScopeNode | null {
  if (name === undefined) return null;
  return ancestor(
    name,
    (node) => FUNCTION.test(node.type) && node.childForFieldName('body') !== null && !isNameOf(node, name),
  );
}

/** Whether it is the name of a function that has its body there. */
export function isDefinedThere(name: ScopeNode): boolean {
  const isFunction = (node: ScopeNode) => FUNCTION.test(node.type) && node.childForFieldName('body') !== null;
  const own = ancestor(name, isFunction);
  return own !== null && isNameOf(own, name);
}

function isNameOf(node: ScopeNode, name: ScopeNode): boolean {
  if (holds(node, 'name', name)) return true;
  // C++ has it within what declares the parameters.
  const declarator = name.parent;
  return declarator?.type === 'function_declarator' && holds(node, 'declarator', declarator);
}

export function isSame(one: ScopeNode | null, other: ScopeNode): boolean {
  return one?.startIndex === other.startIndex && one.endIndex === other.endIndex;
}
