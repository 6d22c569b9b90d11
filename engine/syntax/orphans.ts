// Names that an edit leaves in use after it has taken away what declares them. As cautious as scope.ts: what may be declared in any other
// way is, and what a language or a base class may have counts as had.
import { isWord } from '../candidates/quality/names';
import { hasMore, isBound, isImported, isInPattern, isLabel, isUse } from './binding';
import { AMBIENT, LONGEST } from './scope';
import { ancestor, functionAround, holds, isStatement, PYTHON, type ScopeNode } from './scopeNode';
import type { OffsetRange } from './types';

interface ParsedText {
  readonly root: ScopeNode;
  readonly text: string;
}

const NAMES = [
  'identifier',
  'shorthand_property_identifier',
  'shorthand_property_identifier_pattern',
  'type_identifier',
  'property_identifier',
];
const WORD = /[\p{L}\p{N}_$]+/gu;
/** `total += 1` gives no name its first value. */
const AUGMENTED = 'augmented_assignment';
const CLASS = /class|impl_item|trait_item/;
/** What stands before a member of one's own. */
const OWN = /\b(self|cls|this|Self)\s*(\.|::|->)\s*$/;
/** What gives a member its value. */
const VALUE = '\\s*(:[^=\\n]+)?=(?![=>])';
/** `region`: of `before`, what the edit changed, with the whole of the names at its ends. */
export function orphansIn(before: ParsedText, after: ParsedText, region: OffsetRange): readonly string[] {
  const { text } = before;
  if (Math.max(text.length, after.text.length) > LONGEST) return [];
  const left = new Set(after.text.match(WORD));
  const touched = new Set(text.slice(region.start, region.end).match(WORD));
  const wanted = new Set([...touched].filter((name) => left.has(name)));
  if (wanted.size === 0) return [];
  const [then, now] = [namesOf(before, wanted), namesOf(after, wanted)];
  const isInside = (node: ScopeNode) => node.startIndex >= region.start && node.endIndex <= region.end;
  return [...wanted].filter((name) => {
    const nodes = now.get(name) ?? [];
    const declared = (then.get(name) ?? []).filter(declares);
    const gone = declared.filter(isInside);
    const isOwn = !isWord(name) && !AMBIENT.has(name);
    const isMissed = gone.some((node) => {
      if (!isOfClass(node) || !isByObject(node, before.root))
        return isOwn && isMissing(node, nodes, after.text, region.start);
      // A name of another class, too, may be meant.
      const isOnly = declared.length === gone.length && !nodes.some(declares);
      return isOnly && !hasMore(node, text) && isReached(after.text, name);
    });
    return isMissed || losesValue(name, then.get(name) ?? [], text, after.text);
  });
}

/** Whether what a class has is reached with the object, or the type, in front alone: in Python, Rust, and JavaScript. */
function isByObject({ type }: ScopeNode, root: ScopeNode): boolean {
  return type === 'property_identifier' || root.type === PYTHON || root.type === 'source_file';
}

function namesOf({ root, text }: ParsedText, wanted: ReadonlySet<string>): ReadonlyMap<string, ScopeNode[]> {
  const found = new Map<string, ScopeNode[]>();
  for (const node of root.descendantsOfType(NAMES)) {
    if (node === null) continue;
    const name = text.slice(node.startIndex, node.endIndex);
    if (!wanted.has(name) || isLabel(node)) continue;
    const known = found.get(name);
    if (known === undefined) found.set(name, [node]);
    else known.push(node);
  }
  return found;
}

function declares(node: ScopeNode): boolean {
  return (isBound(node) && node.parent?.type !== AUGMENTED) || isImported(node) || isInPattern(node);
}

/** A member: what stands in a class, and in no function of it. */
function isOfClass(node: ScopeNode): boolean {
  const holder = functionAround(node);
  const isClass = (one: ScopeNode) => CLASS.test(one.type) && holds(one, 'body', node);
  return ancestor(node, isClass, (one) => one.startIndex === holder?.startIndex) !== null;
}

/** Whether its own code asks for it by the object or the type. */
function isReached(text: string, name: string): boolean {
  return memberUse(name).test(text);
}

function memberUse(name: string, behind = ''): RegExp {
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`\\b(self|cls|this|Self)\\s*(\\.|::|->)\\s*${escaped}(?![\\w$])${behind}`);
}

/** Whether `self.name` is given no value any more, and is asked for. */
function losesValue(name: string, nodes: readonly ScopeNode[], before: string, after: string): boolean {
  const given = memberUse(name, VALUE);
  if (!given.test(before) || given.test(after) || !isReached(after, name)) return false;
  // A class that says what it has, or takes it from another one, has it still.
  if (nodes.some((node) => declares(node) && isOfClass(node))) return false;
  const own = nodes.filter(({ startIndex }) =>
    OWN.test(before.slice(Math.max(0, startIndex - 40), startIndex)),
  );
  return !own.some((node) => hasMore(node, before));
}

/** Whether a use is left that sees no declaration. `from`: where the edit begins: what begins before it is where it was. */
function isMissing(gone: ScopeNode, nodes: readonly ScopeNode[], text: string, from: number): boolean {
  const holder = functionAround(gone);
  // A function that is new as a whole has its own names.
  if (holder !== null && holder.startIndex >= from) return false;
  if (nodes.some((node) => isInMacro(node, text))) return false;
  const left = nodes.filter(declares).map(functionAround);
  const isIn = (node: ScopeNode, around: ScopeNode | null) =>
    around === null ||
    ancestor(node, (one) => one.startIndex === around.startIndex && one.type === around.type) !== null;
  return nodes.some(
    (node) =>
      isIn(node, holder) &&
      !declares(node) &&
      isUse(node, text) &&
      !left.some((around) => isIn(node, around)),
  );
}

/** `DECLARE(name)` may be what declares it. */
function isInMacro(node: ScopeNode, text: string): boolean {
  const call = ancestor(node, ({ type }) => type === 'call_expression', isStatement);
  return call !== null && /^[A-Z_\d]+\s*\(/.test(text.slice(call.startIndex, call.endIndex));
}
