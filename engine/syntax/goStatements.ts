// Go: what its compiler refuses whatever the types are, and its grammar takes.
import { LONGEST_NAMED } from './parsedText';
import { functionAround, type ScopeNode } from './scopeNode';
import type { OffsetRange } from './types';

const GO = 'source_file';
const DECLARATION = 'short_var_declaration';
const RETURN = 'return_statement';
const COMMENT = 'comment';

/** `x.y := z` in the region, and returns of another number of values than the function has. */
export function goFaults(root: ScopeNode, text: string, region: OffsetRange): number {
  if (root.type !== GO || text.length > LONGEST_NAMED) return 0;
  return root.descendantsOfType([DECLARATION, RETURN]).filter((node) => {
    if (node === null || !meets(node, region)) return false;
    return node.type === DECLARATION ? declaresNoName(node) : isMiscounted(node, text);
  }).length;
}

function meets({ startIndex, endIndex }: ScopeNode, { start, end }: OffsetRange): boolean {
  return startIndex <= end && start <= endIndex;
}

function declaresNoName(declaration: ScopeNode): boolean {
  const left = declaration.childForFieldName('left');
  return left !== null && partsOf(left).some(({ type }) => type !== 'identifier');
}

/** A call gives any number of values; one of a generic function is read as something else. */
function mayBeSeveral(value: ScopeNode, text: string): boolean {
  return text.slice(value.startIndex, value.endIndex).endsWith(')');
}

/** Named results need none. */
function isMiscounted(statement: ScopeNode, text: string): boolean {
  const [list] = partsOf(statement);
  const values = list === undefined ? [] : list.type === 'expression_list' ? partsOf(list) : [list];
  const [value] = values;
  if (value === undefined || (values.length === 1 && mayBeSeveral(value, text))) return false;
  const holder = functionAround(statement);
  // A type written as `func` has no body, and what stands in no function is somebody else's fault.
  if (holder === null) return false;
  return values.length !== resultsOf(holder);
}

function resultsOf(holder: ScopeNode): number {
  const result = holder.childForFieldName('result');
  if (result === null) return 0;
  if (result.type !== 'parameter_list') return 1;
  return partsOf(result).reduce((sum, parameter) => {
    const type = parameter.childForFieldName('type');
    const names = partsOf(parameter).filter((part) => part.startIndex !== type?.startIndex);
    return sum + Math.max(1, names.length);
  }, 0);
}

/** Named children, comments left out. */
function partsOf(node: ScopeNode): readonly ScopeNode[] {
  return node.namedChildren.filter((child) => child !== null && child.type !== COMMENT) as ScopeNode[];
}
