// Methods of Java, C#, C++, PHP, Ruby, Rust and Go that an edit takes away while objects of their type are still asked for them. What an
// object is, only its declarations tell: where one of those is not to be seen, or gives the type the method in another way, nothing is said.
import { declares, hasMore } from './binding';
import { isWithin, LONGEST_NAMED, nodesOf, type ParsedText, type ReadEdit } from './parsedText';
import { ancestor, PYTHON, type ScopeNode, textOf } from './scopeNode';

const METHODS = ['method_declaration', 'function_item', 'function_definition', 'method'];
const NAMES = ['identifier', 'field_identifier', 'name', 'constant'];
const TYPE =
  /^(class|record|enum|struct|interface|trait)_declaration$|^record_struct_declaration$|^(class|struct)_specifier$|^class$/;
const IMPLEMENTATION = 'impl_item';
/** What gives a type methods that no file shows. */
const DYNAMIC =
  /#\[derive\([^)]*\b(\w*Getters|\w*Setters|\w*Builder|Accessors)\b|@(Data|Getter|Setter|Value|Builder|AutoValue)\b|\bDeref\b|\b(attr_\w+|delegate|def_delegators?|method_missing|define_method|__call|partial)\b/;
/** Go: a struct has the methods of what is embedded in it. */
const EMBEDDED = /\bstruct\s*\{[^}]*?^[ \t]*\*?[\w.]+(\[[^\]\n]*\])?[ \t]*(`[^`\n]*`)?[ \t]*$/m;
const RECORDS = ['record_declaration', 'record_struct_declaration'];
/** UTF-16 units around a use in which its object and its arguments begin. */
const AROUND = 120;
const OBJECT = /(?<![\w$.)\]>])\$?([\w$]+)\s*(?:\??->|[?!]?\.|::)\s*$/;
const OWN = /(?:\$this|\bthis|\bself)\s*(?:\??->|[?!]?\.)\s*$/;
const JOINED = /(\.|->|::)$/;
const WORD = /[\w$]$/;
const BEFORE_CALL = /\b(return|await|else|yield|not|in|is|and|or|case|throw)$/;
const CALLED = /^\s*(::\s*<[^>]*>\s*)?\(/;
/** Java's `Lot::title`. */
const REFERENCE = /::\s*$/;
/** Go, C# and C++; Rust, which has the first of these roots, too, calls its fields in another way. */
const CALLS_FIELDS: ReadonlySet<string> = new Set(['source_file', 'compilation_unit', 'translation_unit']);
const RUST_METHOD = 'function_item';
/** Ruby calls without brackets. */
const RUBY_METHOD = 'method';

interface Method {
  readonly name: string;
  /** The type that it belongs to. */
  readonly owner: string;
  readonly node: ScopeNode;
  readonly isOther: boolean;
}

/** Names of methods that the edit takes away, and that `after` goes on calling. */
export function orphanedMethodsIn({ before, after, gone }: ReadEdit): readonly string[] {
  if (before.root.type === PYTHON || Math.max(before.text.length, after.text.length) > LONGEST_NAMED)
    return [];
  const lost = methodsOf(before).filter(({ node }) => isWithin(nameOf(node) ?? node, gone));
  if (lost.length === 0 || DYNAMIC.test(before.text) || DYNAMIC.test(after.text)) return [];
  const left = methodsOf(after);
  const uses = nodesOf(after, NAMES, (name) => lost.some((one) => one.name === name));
  return lost.flatMap(({ name, owner, node, isOther }) => {
    if (isOther || isInherited(name)) return [];
    if (left.some((one) => one.name === name) || hasMore(nameOf(node) ?? node, before.text)) return [];
    if (/\bstruct\b/.test(after.text) && EMBEDDED.test(after.text) && after.root.type === 'source_file')
      return [];
    const nodes = uses.get(name) ?? [];
    // A property or a field that holds a function answers, too, and so does a record's component.
    if ((callsFields(node, after) && nodes.some(declares)) || isComponent(name, owner, after)) return [];
    const isRuby = node.type === RUBY_METHOD;
    return nodes.some((use) => isUseOf(use, owner, isRuby, after)) ? [name] : [];
  });
}

function callsFields({ type }: ScopeNode, { root }: ParsedText): boolean {
  return CALLS_FIELDS.has(root.type) && type !== RUST_METHOD;
}

/** What derived traits bring, and objects have from the beginning. */
function isInherited(name: string): boolean {
  return /^(to_?string|equals?|eq|ne|cmp|hash_?code|get_?hash_?code|clone|default|fmt|compare_?to|finalize|from|into|main|String|Error)$/i.test(
    name,
  );
}

function methodsOf({ root, text }: ParsedText): readonly Method[] {
  return root.descendantsOfType(METHODS).flatMap((node) => {
    const name = node && nameOf(node);
    const owner = node && ownerOf(node, text);
    if (!node || !name) return [];
    const { parent } = owner ?? {};
    // A trait's methods are somebody else's wish.
    const isTrait = parent?.type === IMPLEMENTATION && parent.childForFieldName('trait') !== null;
    const isOther =
      owner === null || isTrait || isComponent(textOf(name, text), textOf(owner, text), { root, text });
    return [{ name: textOf(name, text), owner: owner ? plainType(textOf(owner, text)) : '', node, isOther }];
  });
}

/** A record has a method for each of its components, written out or not. */
function isComponent(name: string, owner: string, { root, text }: ParsedText): boolean {
  return root.descendantsOfType(RECORDS).some((record) => {
    const [own, parameters] = ['name', 'parameters'].map((field) => record?.childForFieldName(field));
    if (!own || !parameters) return false;
    return textOf(own, text) === owner && new RegExp(`\\b${name}\\b`).test(textOf(parameters, text));
  });
}

/** C++ has it within what declares the parameters. */
function nameOf(node: ScopeNode): ScopeNode | null {
  const name = node.childForFieldName('name');
  if (name !== null || node.type !== 'function_definition') return name;
  const declared = node.childForFieldName('declarator');
  const own = declared?.type === 'function_declarator' ? declared.childForFieldName('declarator') : null;
  return own?.type === 'field_identifier' ? own : null;
}

/** The name of the type around it; Go's stands in front of the method's own. */
function ownerOf(node: ScopeNode, text: string): ScopeNode | null {
  const receiver = node.childForFieldName('receiver');
  if (receiver !== null) {
    const parameter = receiver.namedChildren.find((one) => one?.childForFieldName('type'));
    return parameter?.childForFieldName('type') ?? null;
  }
  const holder = typeAround(node);
  if (holder === null || /\bpartial\b/.test(text.slice(holder.startIndex, holder.startIndex + 80)))
    return null;
  return typeName(holder);
}

function typeName(holder: ScopeNode): ScopeNode | null {
  return holder.childForFieldName(holder.type === IMPLEMENTATION ? 'type' : 'name');
}

function typeAround(node: ScopeNode): ScopeNode | null {
  return ancestor(node, ({ type }) => TYPE.test(type) || type === IMPLEMENTATION);
}

/** `*Matrix[T]`, `Matrix<'a, T>` */
function plainType(type: string): string {
  return /[\p{L}_][\p{L}\p{N}_]*/u.exec(type)?.[0] ?? type;
}

function isUseOf(use: ScopeNode, owner: string, isRuby: boolean, after: ParsedText): boolean {
  const { text } = after;
  const front = text.slice(Math.max(0, use.startIndex - AROUND), use.startIndex);
  const behind = text.slice(use.endIndex, use.endIndex + AROUND);
  const isCalled = CALLED.test(behind);
  if (OWN.test(front)) return (isCalled || isRuby) && isInOwner(use, owner, text);
  const object = OBJECT.exec(front)?.[1];
  // Java, C#, C++ and Ruby call their own methods by their names alone.
  if (object === undefined)
    return isCalled && isBare(front) && !isInImplementation(use) && isInOwner(use, owner, text);
  if (object === owner) return isCalled || REFERENCE.test(front);
  return (isCalled || isRuby) && isAlways(object, owner, after);
}

/** Whether nothing in front of a call is its object. */
function isBare(front: string): boolean {
  const text = front.trimEnd();
  return !JOINED.test(text) && (!WORD.test(text) || BEFORE_CALL.test(text));
}

/** Rust's, where a name alone is a function's and no method's. */
function isInImplementation(use: ScopeNode): boolean {
  return typeAround(use)?.type === IMPLEMENTATION;
}

function isInOwner(use: ScopeNode, owner: string, text: string): boolean {
  const holder = typeAround(use);
  const name = holder && typeName(holder);
  return name !== null && plainType(textOf(name, text)) === owner && !hasMore(use, text);
}

/** Whether the object is declared, and as one of that type wherever it is: `Lot lot`, `lot: &mut Lot`, `lot *Lot`, `lot = Lot.new`. */
function isAlways(object: string, owner: string, after: ParsedText): boolean {
  const { text } = after;
  const all = nodesOf(
    after,
    ['identifier', 'variable_name', 'name'],
    (name) => name === object || name === `$${object}`,
  );
  const declared = [...all.values()].flat().filter(declares);
  const ahead = new RegExp(`\\b${owner}(<[^<>]*>)?[?&*\\s]+(const\\s+)?[&*]?\\$?$`);
  const behind = new RegExp(
    `^\\s*(:\\s*&?\\s*('\\w+\\s+)?(mut\\s+)?${owner}\\b|\\s\\*?${owner}\\b|:?=\\s*(await\\s+)?(new\\s+|&)?${owner}\\b)`,
  );
  return (
    declared.length > 0 &&
    declared.every(
      ({ startIndex, endIndex }) =>
        ahead.test(text.slice(Math.max(0, startIndex - AROUND), startIndex)) ||
        behind.test(text.slice(endIndex, endIndex + AROUND)),
    )
  );
}
