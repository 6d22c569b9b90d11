// Names that an edit leaves in use after it has taken away what declares them. Cautious, for an answer that is marked may never be shown:
// what may be declared in any other way is, and what a language, another file or a base class may have counts as had.
import { mayBeVariable } from '../candidates/quality/names';
import { isAmbient } from './ambient';
import { declares, hasMore, isAssigned, isUse } from './binding';
import { isOfClass, isOrphanedMember, isReachedByObject } from './orphanMembers';
import { BRINGS_ANY, isWithin, LONGEST_NAMED, nodesOf, type ReadEdit, wordsOf } from './parsedText';
import { ancestor, functionAround, isDefinedThere, isStatement, type ScopeNode } from './scopeNode';

const NAMES = [
  'identifier',
  'shorthand_property_identifier',
  'shorthand_property_identifier_pattern',
  'type_identifier',
  'property_identifier',
  'private_property_identifier',
];
/** A name that a function takes from its surroundings, or that a comment for a linter declares. */
const OUTER = /\b(globals?|nonlocal)\b/;
/** Where a name stands that can only be used there. */
const ONLY_USED =
  /argument|^jsx_|^(binary|unary|boolean|comparison|not|update)_|^(augmented_assignment|return|if|while|call|await|parenthesized|subscript|index|template|format|compound_assignment)|^call$|interpolation/;

/** Of `before`, those that `after` uses and does not declare. */
export function orphansIn(least: ReadEdit): readonly string[] {
  const edit = withTargets(least);
  const { before, after, gone, fresh } = edit;
  if (Math.max(before.text.length, after.text.length) > LONGEST_NAMED) return [];
  const left = wordsOf(after.text);
  const touched = wordsOf(before.text.slice(gone.start, gone.end));
  const wanted = new Set([...touched].filter((name) => left.has(name)));
  if (wanted.size === 0) return [];
  const isWanted = (name: string) => wanted.has(name);
  const [were, are] = [nodesOf(before, NAMES, isWanted), nodesOf(after, NAMES, isWanted)];
  const written = wordsOf(after.text.slice(fresh.start, fresh.end));
  const bringsAny = BRINGS_ANY.test(after.text);
  const bringsNow = BRINGS_ANY.test(after.text.slice(fresh.start, fresh.end));
  return [...wanted].filter((name) => {
    const nodes = { were: were.get(name) ?? [], are: are.get(name) ?? [] };
    if (isOrphanedMember(edit, name, nodes, written.has(name))) return true;
    const isVariable = !bringsAny && mayBeVariable(name);
    if ((isAmbient(name) && !isVariable) || isOuter(name, after.text)) return false;
    if (written.has(name) && mayBeNewAgain(edit, nodes.are)) return false;
    return nodes.were.some((node) => {
      if (!isWithin(node, gone) || !declares(node) || isReachedByObject(node, before.root)) return false;
      // What is defined here is brought from nowhere, unless the edit says so.
      const isHere = isDefinedThere(node) && !bringsNow;
      if (functionAround(node) === null && bringsAny && !isHere) return false;
      if (isOfClass(node) && mayBeInherited(edit, node, nodes.are)) return false;
      return isMissing(node, nodes.are, after.text, gone.start);
    });
  });
}

/** Names in front of a sign that gives them their values; `a := 1` may become `a = 1` by one letter. */
const TARGETS = /[\p{L}\p{N}_$]+( *, *[\p{L}\p{N}_$]+)* *$/u;
const GIVEN = /^:?=/;

/** With the names that get the value, where the edit begins behind them. */
function withTargets(edit: ReadEdit): ReadEdit {
  const { before, gone, fresh } = edit;
  if (!GIVEN.test(before.text.slice(gone.start, gone.start + 2))) return edit;
  const length = TARGETS.exec(before.text.slice(Math.max(0, gone.start - 200), gone.start))?.[0].length ?? 0;
  return {
    ...edit,
    gone: { ...gone, start: gone.start - length },
    fresh: { ...fresh, start: fresh.start - length },
  };
}

/** Whether what declares the name now may be something in the edit that nobody has thought of. */
function mayBeNewAgain({ after, fresh }: ReadEdit, nodes: readonly ScopeNode[]): boolean {
  const inside = nodes.filter((node) => isWithin(node, fresh));
  const holders = new Set(
    inside.filter(declares).map((node) => placeOf(newFunctionAround(node, fresh.start))),
  );
  // What a function that the edit brings declares, it keeps to itself.
  const isItsOwn = (node: ScopeNode) => ancestor(node, (one) => holders.has(placeOf(one))) !== null;
  return inside.length === 0 || !inside.every((node) => isOnlyUsed(node, after.text) || isItsOwn(node));
}

/** The function whose own a name is, where the edit brings that function. `from`: where the edit begins. */
function newFunctionAround(node: ScopeNode, from: number): ScopeNode | null {
  const holder = functionAround(node);
  // What stood in front of another function's name may be kept.
  const start = (holder?.childForFieldName('name') ?? holder)?.startIndex ?? -1;
  return start >= from ? holder : null;
}

/** Whether a class around the member, or around a use, may have it from elsewhere. */
function mayBeInherited({ before, after }: ReadEdit, gone: ScopeNode, uses: readonly ScopeNode[]): boolean {
  return hasMore(gone, before.text) || uses.some((use) => hasMore(use, after.text));
}

/** Whether it says that a function takes the name from elsewhere. */
function isOuter(name: string, text: string): boolean {
  return OUTER.test(text) && text.split('\n').some((line) => OUTER.test(line) && wordsOf(line).has(name));
}

/** Whether the name cannot be declared there in any way. */
function isOnlyUsed(node: ScopeNode, text: string): boolean {
  const isRead = ONLY_USED.test(node.parent?.type ?? '') || isAssigned(node);
  return isRead && isUse(node, text) && !declares(node);
}

/** Whether a use is left that sees no declaration. `from`: where the edit begins: what begins before it is where it was. */
function isMissing(gone: ScopeNode, nodes: readonly ScopeNode[], text: string, from: number): boolean {
  const holder = functionAround(gone);
  // A function that is new as a whole has its own names.
  if (holder !== null && holder.startIndex >= from) return false;
  if (nodes.some((node) => isInMacro(node, text))) return false;
  const declaring = nodes.filter(declares);
  const places = new Set(declaring.map((node) => placeOf(functionAround(node))));
  if (places.has(EVERYWHERE)) return false;
  const own = new Set(declaring.map(({ startIndex }) => startIndex));
  return nodes.some((node) => {
    if (own.has(node.startIndex) || !isUse(node, text)) return false;
    const around = ancestor(node, (one) => places.has(placeOf(one)));
    return (
      around === null &&
      (holder === null || ancestor(node, (one) => placeOf(one) === placeOf(holder)) !== null)
    );
  });
}

const EVERYWHERE = '';

function placeOf(holder: ScopeNode | null): string {
  return holder === null ? EVERYWHERE : `${holder.startIndex} ${holder.type}`;
}

/** `DECLARE(name)` may be what declares it. */
function isInMacro(node: ScopeNode, text: string): boolean {
  const call = ancestor(node, ({ type }) => type === 'call_expression', isStatement);
  return call !== null && /^[A-Z_\d]+\s*\(/.test(text.slice(call.startIndex, call.endIndex));
}
