// What a language does not take in its place, and a grammar does all the same: it is made to read pieces of code, too. Pure.
import type { StructureNode } from './types';

/** Of the root of a grammar: what stands at the top of a file by mistake alone. */
const AT_TOP: Readonly<Record<string, ReadonlySet<string>>> = {
  // Python.
  module: new Set(['return_statement']),
  // Go and Rust.
  source_file: new Set([
    'assignment_statement',
    'dec_statement',
    'defer_statement',
    'expression_statement',
    'expression_switch_statement',
    'for_statement',
    'go_statement',
    'if_statement',
    'inc_statement',
    'let_declaration',
    'return_statement',
    'short_var_declaration',
  ]),
  // C and C++, where a macro may look like a call.
  translation_unit: new Set([
    'do_statement',
    'for_statement',
    'if_statement',
    'return_statement',
    'switch_statement',
    'while_statement',
  ]),
};

/** Of `children`, which are all of the `node`'s or those around an edit. `parent`: absent of the root. */
export function misplacedIn(
  node: StructureNode,
  children: readonly StructureNode[],
  parent: StructureNode | undefined,
): number {
  // Bash: `log("text")` is no call.
  if (node.type === 'command') return children.filter(({ type }) => type === 'subshell').length;
  if (node.type === 'argument') return declaredIn(node, children, parent);
  if (node.type === 'arguments') return Number(hasHole(node));
  if (node.type === 'statement_block')
    return parent && IN_FUNCTION.test(parent.type) ? exportsAmong(children) : 0;
  // Java and C#: what is private belongs to a class.
  if (node.type === 'block' || node.type === 'constructor_body')
    return children.filter(isMemberInBlock).length;
  if (node.type === 'method_definition') return Number(isWrongAccessor(node));
  if (CLASS_BODIES.has(node.type)) return strangeConstructors(children, parent);
  const wrong = parent === undefined && Object.hasOwn(AT_TOP, node.type) ? AT_TOP[node.type] : undefined;
  if (wrong === undefined) return 0;
  return children.filter(({ type, namedChildren }) => wrong.has(type) && !isMacro(namedChildren[0])).length;
}

/** What a block of JavaScript belongs to, other than a namespace. */
const IN_FUNCTION = /function|method|arrow|^(if|for|for_in|while|do|try|labeled)_statement$|_clause$/;

/** `export` and `import` of modules, which stand at the top of a file. */
function exportsAmong(children: readonly StructureNode[]): number {
  return children.filter(({ type }) => type === 'export_statement' || type === 'import_statement').length;
}

/** JavaScript and TypeScript: `f(a,, b)`, which is right in an array alone. */
function hasHole({ text, startIndex, namedChildren }: StructureNode): boolean {
  let end = 1;
  let most = 0;
  for (const child of namedChildren) {
    if (child === null) continue;
    if (commasIn(text.slice(end, child.startIndex - startIndex)) > most) return true;
    if (child.type !== 'comment') most = 1;
    end = child.startIndex - startIndex + child.text.length;
  }
  return commasIn(text.slice(end)) > most;
}

function commasIn(text: string): number {
  return text.split(',').length - 1;
}

/** C#: `f(Order order)` declares nothing, unless it goes out. `(var a, var b) = c` does, and `f(a * b)` is no pointer. */
function declaredIn(
  argument: StructureNode,
  children: readonly StructureNode[],
  parent: StructureNode | undefined,
): number {
  if (parent?.type === 'tuple_expression' || /^(out|ref|in)\b/.test(argument.text)) return 0;
  return children.filter(
    (child) =>
      child.type === 'declaration_expression' && child.childForFieldName('type')?.type !== 'pointer_type',
  ).length;
}

/** JavaScript and TypeScript: a getter that takes something, or a setter that does not take one value. */
function isWrongAccessor(method: StructureNode): boolean {
  const name = method.childForFieldName('name');
  const parameters = method.childForFieldName('parameters');
  if (name === null || parameters === null) return false;
  const kind = /\b[gs]et(?=\s*$)/.exec(headOf(method, name))?.[0];
  if (kind === undefined) return false;
  const count = parameters.namedChildren.filter((child) => child?.type !== 'comment').length;
  return count !== (kind === 'get' ? 0 : 1);
}

const LOCALS: ReadonlySet<string> = new Set(['local_variable_declaration', 'local_declaration_statement']);

function isMemberInBlock({ type, text }: StructureNode): boolean {
  return LOCALS.has(type) && /^(private|protected|public|internal)\b/.test(text);
}

/** What stands in front of its name: modifiers, and whether it is an accessor. */
export function headOf(method: StructureNode, name: StructureNode): string {
  return method.text.slice(0, Math.max(0, name.startIndex - method.startIndex));
}

/** Java and C#. */
const CLASS_BODIES: ReadonlySet<string> = new Set(['class_body', 'declaration_list']);

/** Constructors that are not called as their class is: methods whose type is missing. */
function strangeConstructors(children: readonly StructureNode[], parent: StructureNode | undefined): number {
  const own = parent?.childForFieldName('name')?.text;
  if (own === undefined) return 0;
  return children.filter(
    (child) => child.type === 'constructor_declaration' && child.childForFieldName('name')?.text !== own,
  ).length;
}

function isMacro(node: StructureNode | null | undefined): boolean {
  return node?.type === 'macro_invocation';
}
