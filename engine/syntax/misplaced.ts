// Statements where a language takes none, and a grammar does all the same: it is made to read pieces of code, too. Pure.
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

/** Of `children`, which are all of the `node`'s or those around an edit. */
export function misplacedIn(
  node: StructureNode,
  children: readonly StructureNode[],
  isRoot: boolean,
): number {
  // Bash: `log("text")` is no call.
  if (node.type === 'command') return children.filter(({ type }) => type === 'subshell').length;
  const wrong = isRoot && Object.hasOwn(AT_TOP, node.type) ? AT_TOP[node.type] : undefined;
  if (wrong === undefined) return 0;
  return children.filter(({ type, namedChildren }) => wrong.has(type) && !isMacro(namedChildren[0])).length;
}

function isMacro(node: StructureNode | null | undefined): boolean {
  return node?.type === 'macro_invocation';
}
