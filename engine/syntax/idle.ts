// Statements that do nothing, and statements that nothing comes to: languages take both, and hardly anybody means them. Pure.
import type { StructureNode } from './types';

/** What has a value and does nothing. Calls are not among them, nor what may call something unseen. */
const VALUE =
  /^(identifier|variable_name|this|self|number|integer|float|true|false|null|none|member_expression|attribute|field_expression|field_access|selector_expression|member_access_expression|subscript|subscript_expression|element_access_expression|index_expression|comparison_operator)$/;
/** Of two values; other languages have operators of their own there. */
const BINARY = 'binary_expression';
const PLAIN_ROOTS: ReadonlySet<string> = new Set(['program', 'compilation_unit']);
/** `a && b()` does something. */
const CHOICE = /&&|\|\||\?\?|\band\b|\bor\b/;

const BLOCK = /^(block|statement_block|compound_statement|statement_list|body_statement)$/;
/** Nothing behind it in the same block is reached. */
const END = /^(return|raise|throw|break|continue)_statement$/;
/** What is there wherever control goes; a label is come to from elsewhere. */
const ANYWHERE = /comment|function|class|label|case|default|preproc|type_alias|interface|^empty_statement$/;
/** Python: makes a generator of its function wherever it stands. */
const YIELD = /^yield\b/;

/** Statements among `children`, a node's own, that do nothing. `root`: the type of the root. */
export function idleAmong(children: readonly StructureNode[], root: string): number {
  return children.filter((statement) => {
    if (statement.type !== 'expression_statement') return false;
    const [value, ...more] = statement.namedChildren;
    if (value === null || value === undefined || more.length > 0 || value.text.includes('(')) return false;
    if (value.type === BINARY) return PLAIN_ROOTS.has(root) && !CHOICE.test(value.text);
    return VALUE.test(value.type);
  }).length;
}

/** Statements of the block `node` that nothing comes to: the first behind each end. */
export function unreachedIn({ type }: StructureNode, children: readonly StructureNode[]): number {
  if (!BLOCK.test(type)) return 0;
  return children.filter((child, i) => {
    const next = children[i + 1];
    return END.test(child.type) && next !== undefined && !ANYWHERE.test(next.type) && !YIELD.test(next.text);
  }).length;
}
