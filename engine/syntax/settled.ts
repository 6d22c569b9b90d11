// Parts of code that say what they say on purpose: what is declared there, parameters, types, imports. What looks like a slip in them is none.
import { declares } from './binding';
import type { ScopeNode } from './scopeNode';
import type { OffsetRange } from './types';

const WHOLE =
  /parameter(s|_list)$|^(import|preproc|package|namespace)_|^use_declaration$|^using_directive$|type_arguments$|template_argument_list$|pointer_|reference_declarator|^regex|decorator$|^attribute_|^jsx_text$|^annotation/;
const NAME = /identifier(_pattern)?$|^(variable_name|constant|instance_variable)$/;

/** Those that touch the region, in text order. */
export function settledIn(root: ScopeNode, region: OffsetRange): readonly OffsetRange[] {
  const found: OffsetRange[] = [];
  const visit = (node: ScopeNode): void => {
    const { startIndex: start, endIndex: end, type } = node;
    if (end <= region.start || start >= region.end) return;
    if (WHOLE.test(type) || (NAME.test(type) && declares(node))) found.push({ start, end });
    else for (const child of node.namedChildren) if (child !== null) visit(child);
  };
  visit(root);
  return found;
}
