// JavaScript and TypeScript: a constant that gets a value a second time. A grammar takes it, and it fails whenever it runs.
import { declares } from './binding';
import { isWithin, LONGEST_NAMED } from './parsedText';
import { ancestor, functionAround, isSame, type ScopeNode, textOf } from './scopeNode';
import type { OffsetRange } from './types';

const ASSIGNMENTS = ['assignment_expression', 'augmented_assignment_expression', 'update_expression'];
const DECLARATION = 'lexical_declaration';

/** Assignments in the region to a name that is a constant there, and nothing else wherever it is seen. */
export function constantsAssigned(root: ScopeNode, text: string, region: OffsetRange): number {
  if (root.type !== 'program' || text.length > LONGEST_NAMED) return 0;
  // An edit may change the name alone.
  const line = /^[^\n]*/.exec(text.slice(region.end))?.[0].length ?? 0;
  if (!/=|\+\+|--/.test(text.slice(text.lastIndexOf('\n', region.start) + 1, region.end + line))) return 0;
  const assigned = root.descendantsOfType(ASSIGNMENTS).flatMap((node) => {
    const name = node?.childForFieldName('left') ?? node?.childForFieldName('argument');
    return name?.type === 'identifier' && isWithin(name, region) ? [name] : [];
  });
  if (assigned.length === 0) return 0;
  const all = root.descendantsOfType(['identifier', 'shorthand_property_identifier_pattern']);
  return assigned.filter((use) => {
    const declared = all.filter(
      (node) => node !== null && textOf(node, text) === textOf(use, text) && declares(node),
    );
    // A variable of another function has nothing to do with it.
    const seen = declared.filter((node) => {
      const holder = functionAround(node ?? undefined);
      return holder === null || ancestor(use, (one) => isSame(one, holder)) !== null;
    });
    return seen.length > 0 && seen.every((node) => node !== null && isConstantFor(node, use, text));
  }).length;
}

/** Whether the name is declared as a constant around the use. */
function isConstantFor(name: ScopeNode, use: ScopeNode, text: string): boolean {
  const declaration = ancestor(
    name,
    ({ type }) => type === DECLARATION,
    ({ type }) => !/^variable_declarator$|_pattern$/.test(type),
  );
  if (declaration === null || !/^const\b/.test(textOf(declaration, text))) return false;
  const holder =
    declaration.parent?.type === 'export_statement' ? declaration.parent.parent : declaration.parent;
  return holder !== null && ancestor(use, (one) => isSame(one, holder)) !== null;
}
