// Names that only a class has: in some languages its own functions see them with the object, or the type, in front alone.

import { BUILT_IN } from './ambient';
import { hasMore, mayInherit } from './binding';
import { STAR_IMPORT } from './parsedText';
import {
  ancestor,
  functionAround,
  holds,
  isSame,
  isStatement,
  PARAMETERS,
  PYTHON,
  type ScopeNode,
} from './scopeNode';

/** By the root: what has such names. */
const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  [PYTHON, /^class_definition$/],
  ['source_file', /^(impl_item|trait_item)$/],
]);
/** Rust: any name may come from there. */
const STAR_USE = /\buse\b[^;]*::(\*|\{[^;]*\*)/;
/** A member of a class of JavaScript, which has no other names. */
const CLASS_BODY = 'class_body';
const MEMBERS = /^(method_definition|field_definition|public_field_definition|abstract_method_signature)$/;

export class ClassScopes {
  private readonly classes: RegExp | undefined;

  constructor(
    root: ScopeNode,
    private readonly text: string,
  ) {
    this.classes = STAR_IMPORT.test(text) || STAR_USE.test(text) ? undefined : CLASSES.get(root.type);
  }

  /** Whether the file reaches for such a member by its object or type, and the name alone is none of the language's. */
  private isReached(name: string): boolean {
    const asked = new RegExp(
      `\\b(self|cls|this|Self)\\s*(\\.|::)\\s*${name.replaceAll('$', '\\$')}(?![\\w$])`,
    );
    return !BUILT_IN.has(name) && asked.test(this.text);
  }

  /** Whether `other`, a name that the file reaches for, stands in a class, outside its functions, and none of `uses` does: they do not see it. */
  hides(name: string, other: ScopeNode | undefined, uses: readonly ScopeNode[]): boolean {
    const { classes } = this;
    const holder = classes && other && classAround(other, classes);
    if (!classes || !holder || uses.some(isInSignature)) return false;
    return uses.every((use) => !isSame(scopeOf(use, classes), holder)) && this.isReached(name);
  }

  /** Whether the class of JavaScript around it has a member of this name that the file reaches for. */
  hasMember(use: ScopeNode, name: string): boolean {
    return this.isReached(name) && this.declares(classBodyOf(use), name);
  }

  private declares(body: ScopeNode | null, name: string): boolean {
    const members = body?.descendantsOfType(['property_identifier']) ?? [];
    return members.some((node) => {
      const member = node?.parent;
      if (!node || !member || !body || !MEMBERS.test(member.type) || !isSame(member.parent, body))
        return false;
      const isName = holds(member, 'name', node) || holds(member, 'property', node);
      return isName && this.text.slice(node.startIndex, node.endIndex) === name;
    });
  }
}

/** Java and C#: what a class has. */
const FIELD = 'field_declaration';
const TYPE = /^(class|record|enum|struct|interface)_declaration$/;
const COMPONENTS = /^(formal_parameters|parameter_list)$/;
const METHOD = 'method_declaration';
/** Java, and JavaScript, whose methods are called otherwise. */
const JAVA = 'program';
/** Ruby's, which see no local variable around them. */
const RUBY_METHOD = /^(singleton_)?method$/;
const MODULE = 'module';

/** Whether `other` declares what code outside its class does not see by the name alone, a method, which is no value, or a local of Ruby's. */
export function isOfOthers(
  root: ScopeNode,
  text: string,
  other: ScopeNode | undefined,
  uses: readonly ScopeNode[],
): boolean {
  if (other === undefined) return false;
  if (uses.some((use) => hasMore(use, text))) return false;
  if (isHiddenLocal(other, uses)) return true;
  if (root.type === JAVA && other.parent?.type === METHOD && holds(other.parent, 'name', other))
    return uses.every(({ endIndex }) => !/^\s*\(/.test(text.slice(endIndex, endIndex + 20)));
  if (ancestor(other, isFieldOrComponent, isStatement) === null) return false;
  const type = ancestor(other, (node) => TYPE.test(node.type));
  // `record Exit(String name, int capacity);` has none.
  const body = type?.childForFieldName('body') ?? type;
  return (
    body !== null && uses.every((use) => use.startIndex < body.startIndex || body.endIndex < use.endIndex)
  );
}

/** A record's, or a class's first constructor's, is a field of its own. */
function isFieldOrComponent({ type, parent }: ScopeNode): boolean {
  return type === FIELD || (COMPONENTS.test(type) && TYPE.test(parent?.type ?? ''));
}

/** Whether the name is used in methods alone, and `other` is no method's, nor the name of one: a local variable, if anything gives it a value. */
function isHiddenLocal(other: ScopeNode, uses: readonly ScopeNode[]): boolean {
  const methodAround = (node: ScopeNode) => ancestor(node, ({ type }) => RUBY_METHOD.test(type));
  // What includes a module may have anything.
  const isIncluded = (node: ScopeNode) => ancestor(node, ({ type }) => type === MODULE) !== null;
  return uses.every((use) => methodAround(use) !== null && !isIncluded(use)) && methodAround(other) === null;
}

/** C#, C++ and Java, where what a base has is there by the name alone. */
const SEES_BASES = /^(compilation_unit|translation_unit)$/;
const OF_JAVA = /^(method|constructor)_declaration$/;

/** Whether the name may be one that its class has from elsewhere. */
export function mayBeOfBase(use: ScopeNode, text: string): boolean {
  const seesBases = ({ type }: ScopeNode) => SEES_BASES.test(type) || OF_JAVA.test(type);
  return ancestor(use, seesBases) !== null && mayInherit(use, text);
}

function classBodyOf(use: ScopeNode): ScopeNode | null {
  return ancestor(use, ({ type }) => type === CLASS_BODY);
}

/** The class in whose body a name stands. */
function classAround(name: ScopeNode, classes: RegExp): ScopeNode | null {
  return ancestor(name, (node) => classes.test(node.type) && holds(node, 'body', name));
}

/** What is nearest: a function, or a class. */
function scopeOf(name: ScopeNode, classes: RegExp): ScopeNode | null {
  const [own, ofClass] = [functionAround(name), classAround(name, classes)];
  return own !== null && ofClass !== null && own.startIndex < ofClass.startIndex ? ofClass : (own ?? ofClass);
}

/** Defaults, and types, are of what surrounds the function. */
function isInSignature(name: ScopeNode): boolean {
  const isSignature = (node: ScopeNode) =>
    PARAMETERS.test(node.type) || holds(node.parent, 'return_type', node);
  return ancestor(name, isSignature, isStatement) !== null;
}
