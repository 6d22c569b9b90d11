// Methods of Java, C#, Rust and Go that an edit takes away while objects of their type are still asked for them. What an object is, only
// its declaration tells: where that is not to be seen, nothing is said.
import { hasMore } from './binding';
import { isWithin, LONGEST_NAMED, nodesOf, type ParsedText, type ReadEdit } from './parsedText';
import { ancestor, holds, type ScopeNode, textOf } from './scopeNode';

const METHODS = ['method_declaration', 'function_item'];
const NAMES = ['identifier', 'field_identifier'];
/** Java and C#. */
const TYPE = /^(class|record|enum|struct|interface)_declaration$|^record_struct_declaration$/;
const IMPLEMENTATION = 'impl_item';
/** What gives a type methods that no file shows. */
const DYNAMIC =
  /#\[derive\([^)]*\b(\w*Getters|\w*Setters|\w*Builder|Accessors)\b|@(Data|Getter|Setter|Value|Builder|AutoValue)\b/;
const RECORD = /^record_/;
/** UTF-16 units in front of a use in which its object stands. */
const IN_FRONT = 80;
const OBJECT = /(?<![\w$.)\]])([\w$]+)\s*(?:[?!]?\.|::)\s*$/;
const OWN = /\b(this|self)\s*[?!]?\.\s*$/;
const BARE = /(^|[^\w$.:\s])\s*$|\b(return|await|else|yield|not|in|is|and|or|case|throw)\s+$/;
const CALLED = /^\s*(::\s*<[^>]*>\s*)?\(/;

interface Method {
  readonly name: string;
  /** The type that it belongs to. */
  readonly owner: string;
  readonly node: ScopeNode;
  readonly isBase: boolean;
}

/** Names of methods that the edit takes away, and that `after` goes on calling. */
export function orphanedMethodsIn({ before, after, gone }: ReadEdit): readonly string[] {
  if (Math.max(before.text.length, after.text.length) > LONGEST_NAMED) return [];
  const lost = methodsOf(before).filter(({ node }) => isWithin(nameOf(node) ?? node, gone));
  if (lost.length === 0) return [];
  const left = methodsOf(after);
  const wanted = new Set(lost.map(({ name }) => name));
  const uses = nodesOf(after, NAMES, (name) => wanted.has(name));
  return lost.flatMap(({ name, owner, node, isBase }) => {
    const isThere = left.some((one) => one.name === name && one.owner === owner);
    if (isThere || isBase || hasMore(nameOf(node) ?? node, before.text)) return [];
    const isAlone = !left.some((one) => one.name === name);
    const nodes = uses.get(name) ?? [];
    return nodes.some((use) => isUseOf(use, { owner, isAlone }, after)) ? [name] : [];
  });
}

function methodsOf({ root, text }: ParsedText): readonly Method[] {
  return root.descendantsOfType(METHODS).flatMap((node) => {
    const name = node && nameOf(node);
    const owner = node && ownerOf(node, text);
    if (!node || !name || !owner) return [];
    const { parent } = owner;
    const isTrait = parent?.type === IMPLEMENTATION && parent.childForFieldName('trait') !== null;
    const isBase = isTrait || DYNAMIC.test(text) || isComponent(textOf(name, text), parent, text);
    return [{ name: textOf(name, text), owner: plainType(textOf(owner, text)), node, isBase }];
  });
}

/** A record has a method for each of its components, written out or not. */
function isComponent(name: string, holder: ScopeNode | null, text: string): boolean {
  const parameters =
    holder !== null && RECORD.test(holder.type) ? holder.childForFieldName('parameters') : null;
  return parameters !== null && new RegExp(`\\b${name}\\b`).test(textOf(parameters, text));
}

function nameOf(node: ScopeNode): ScopeNode | null {
  return node.childForFieldName('name');
}

/** The name of the type around it; Go's stands in front of the method's own. */
function ownerOf(node: ScopeNode, text: string): ScopeNode | null {
  const receiver = node.childForFieldName('receiver');
  if (receiver !== null)
    return (
      receiver.namedChildren.find((one) => one?.childForFieldName('type'))?.childForFieldName('type') ?? null
    );
  const holder = ancestor(node, ({ type }) => TYPE.test(type) || type === IMPLEMENTATION);
  if (holder === null || /\bpartial\b/.test(text.slice(holder.startIndex, holder.startIndex + 80)))
    return null;
  return holder.childForFieldName(holder.type === IMPLEMENTATION ? 'type' : 'name');
}

/** `*Matrix[T]`, `Matrix<'a, T>` */
function plainType(type: string): string {
  return /[\p{L}_][\p{L}\p{N}_]*/u.exec(type)?.[0] ?? type;
}

function isUseOf(
  use: ScopeNode,
  { owner, isAlone }: { readonly owner: string; readonly isAlone: boolean },
  { text }: ParsedText,
): boolean {
  if (METHODS.includes(use.parent?.type ?? '') && holds(use.parent, 'name', use)) return false;
  const front = text.slice(Math.max(0, use.startIndex - IN_FRONT), use.startIndex);
  const isCalled = CALLED.test(text.slice(use.endIndex, use.endIndex + IN_FRONT));
  const isInOwner = () => {
    const holder = ancestor(use, ({ type }) => TYPE.test(type) || type === IMPLEMENTATION);
    const name = holder?.childForFieldName(holder.type === IMPLEMENTATION ? 'type' : 'name');
    return name != null && plainType(textOf(name, text)) === owner && !hasMore(use, text);
  };
  if (isCalled && OWN.test(front)) return isInOwner();
  const object = OBJECT.exec(front)?.[1];
  if (object === undefined) {
    // Java and C# call their own methods by their names alone.
    return (
      isCalled && isAlone && use.type === 'identifier' && BARE.test(front) && isInOwner() && isInType(use)
    );
  }
  if (object === owner) return true;
  return isCalled && isDeclaredAs(object, owner, text);
}

function isInType(use: ScopeNode): boolean {
  return ancestor(use, ({ type }) => TYPE.test(type)) !== null;
}

/** `Lot lot`, `lot: &mut Lot`, `lot *Lot`, and nothing else of that name. */
function isDeclaredAs(object: string, owner: string, text: string): boolean {
  const name = object.replaceAll('$', '\\$');
  const before = new RegExp(`\\b([\\p{L}_][\\w.]*)(<[^<>]*>)?[?]?\\s+${name}\\s*(?=[;=:,)]|in\\b)`, 'gu');
  const behind = new RegExp(
    `\\b${name}\\s*(?::\\s*&?\\s*(?:'\\w+\\s+)?(?:mut\\s+)?|\\s\\*?)([\\p{L}_]\\w*)`,
    'gu',
  );
  const types = [before, behind].flatMap((pattern) => [...text.matchAll(pattern)].map(([, type]) => type));
  const known = types.filter((type) => type !== undefined && /^\p{Lu}/u.test(type));
  return known.length > 0 && known.every((type) => type === owner);
}
