// Members of Python's and JavaScript's classes that an edit leaves in use after it has taken away what declares them, or gives them their
// value: these are reached with the object in front, which tells them from other names.
import { isMemberWord } from '../candidates/quality/names';
import { isAmbient } from './ambient';
import { declares, hasMore, isMember } from './binding';
import { isWithin, type ReadEdit } from './parsedText';
import { ancestor, functionAround, holds, PYTHON, type ScopeNode } from './scopeNode';

const CLASS = /class|struct|record|interface|object_declaration|impl_item|trait_item/;
const PRIVATE = 'private_property_identifier';
const PROPERTY = /^(private_)?property_identifier$/;
/** What stands before a member of one's own. */
const OWN = /\b(self|cls|this)\s*\.\s*$/;
/** What gives a member a value, first or not. */
const VALUE = '\\s*((:[^=\\n]+)?=(?![=>])|[-+*/%&|^?]{1,3}=|\\+\\+|--)';
/** `needs_reorder`, `needsReorder`: hardly what the object of a library has by chance. */
const SEVERAL_WORDS = /^_*[a-z][a-z0-9]*(_[a-z0-9]|[A-Z])/;
/** `item.` and no `self.item.` */
const VARIABLE = /(?<![\w$.)\]?])([a-z_$][\w$]*)\s*\??\.\s*$/;
const OBJECT: ReadonlySet<string> = new Set(['self', 'cls', 'this', 'super']);
/** UTF-16 units between a member and its value. */
const LONGEST_TYPE = 200;
/** What gives members their values without their names, or in ways of its own. */
const DYNAMIC =
  /\b(setattr|__dict__|__getattr__|__getattribute__|__slots__|defineProperty|defineProperties)\b|Object\.assign\s*\(\s*this\b|\[\s*\w+\s*:\s*string\s*\]\s*:/;

export interface BothNodes {
  readonly were: readonly ScopeNode[];
  readonly are: readonly ScopeNode[];
}

/** A member: what stands in a class, and in no function of it. */
export function isOfClass(node: ScopeNode): boolean {
  const holder = functionAround(node);
  const isClass = (one: ScopeNode) => CLASS.test(one.type) && holds(one, 'body', node);
  return ancestor(node, isClass, (one) => one.startIndex === holder?.startIndex) !== null;
}

/** Whether it is a member that is reached with the object in front alone. */
export function isReachedByObject(node: ScopeNode, root: ScopeNode): boolean {
  if (PROPERTY.test(node.type)) return true;
  return (root.type === PYTHON || root.type === 'source_file') && isOfClass(node);
}

/** `isWritten`: the name stands in what the edit brings, so that it may be given there in some way. */
export function isOrphanedMember(
  { before, after, gone }: ReadEdit,
  name: string,
  { were, are }: BothNodes,
  isWritten: boolean,
): boolean {
  if (isWritten || DYNAMIC.test(after.text) || are.length === 0) return false;
  const isOwn = ({ type, startIndex }: ScopeNode, text: string) =>
    (PROPERTY.test(type) || before.root.type === PYTHON) &&
    OWN.test(text.slice(Math.max(0, startIndex - 40), startIndex));
  const isDeclared = (node: ScopeNode) =>
    declares(node) && isOfClass(node) && isReachedByObject(node, before.root);
  const given = memberUse(name, VALUE);
  const isGiven = (node: ScopeNode, text: string) =>
    isOwn(node, text) && given.test(`self.${text.slice(node.startIndex, node.endIndex + LONGEST_TYPE)}`);
  const lost = were.filter(
    (node) => isWithin(node, gone) && (isDeclared(node) || isGiven(node, before.text)),
  );
  // Rust's types have members in more ways than a file tells.
  if (lost.length === 0 || before.root.type === 'source_file') return false;
  // A private member is declared in its class or nowhere: no value that it gets does that.
  const isPrivate = lost.every(({ type }) => type === PRIVATE);
  if (are.some(isDeclared) || (!isPrivate && given.test(after.text))) return false;
  if (lost.some((node) => hasMore(node, before.text))) return false;
  // Of a name that nothing else can have, nobody asks whose object it is.
  const isItsAlone = SEVERAL_WORDS.test(name) && !isMemberWord(name) && lost.every(isMethodName);
  const isElsewhere = (node: ScopeNode) => isOfVariable(node, after.text) && !isInClassOf(node, lost[0]);
  if (isItsAlone && are.every(({ startIndex }) => isMember(after.text, startIndex)) && are.some(isElsewhere))
    return true;
  const uses = are.filter((node) => isOwn(node, after.text));
  const isSure = (node: ScopeNode) => !hasMore(node, after.text) && ancestor(node, isClassLike) !== null;
  return uses.length > 0 && uses.every(isSure);
}

/** Whether the object in front is a variable, and no part of another object or of the language's world. */
function isOfVariable({ startIndex }: ScopeNode, text: string): boolean {
  const [, object] = VARIABLE.exec(text.slice(Math.max(0, startIndex - 80), startIndex)) ?? [];
  return object !== undefined && !isAmbient(object) && !OBJECT.has(object);
}

/** Whether it stands in the class that had the member; the edit begins behind the class's own beginning. */
function isInClassOf(node: ScopeNode, member: ScopeNode | undefined): boolean {
  const holder = ancestor(member, isClassLike);
  return (
    holder === null ||
    ancestor(node, (one) => one.startIndex === holder.startIndex && isClassLike(one)) !== null
  );
}

function isMethodName(node: ScopeNode): boolean {
  return /^(function|method)_definition$/.test(node.parent?.type ?? '') && holds(node.parent, 'name', node);
}

function isClassLike({ type }: ScopeNode): boolean {
  return /class/.test(type);
}

function memberUse(name: string, behind = ''): RegExp {
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(`\\b(self|cls|this)\\s*\\.\\s*#?${escaped}(?![\\w$])${behind}`);
}
