// What a grammar lets pass and the language does not: grammars are made to read half-written code. Only what an edit touches
// is looked at, so a long file costs no more than a short one. Pure.

import { idleAmong, unreachedIn } from './idle';
import { keysOf } from './keys';
import { headOf, misplacedIn } from './misplaced';
import { attributesOf } from './rustAttributes';
import { type Around, aroundIn, NOWHERE, straysIn } from './strayStatements';
import type { StructureNode } from './types';

export interface StructureFaults {
  /** Python: statements that are indented as no statement beside them, and blocks without any. */
  readonly misindented: number;
  /** Names that are declared where they already are, in languages that have no overloads there. */
  readonly declaredTwice: number;
  /** Statements where the language takes none, accessors with other parameters than theirs, constructors of no class. */
  readonly misplaced: number;
  /** Statements that do nothing. */
  readonly idle: number;
  /** Statements that nothing comes to. */
  readonly unreached: number;
}

/** Of more children only those around the region are looked at: a node costs a call into WebAssembly. */
const MOST_CHILDREN = 1000;
const AROUND = 3;

/** Only Python's grammar calls its root so. */
const INDENTED = 'module';

export function structureFaults(
  root: StructureNode,
  region: { readonly start: number; readonly end: number },
): StructureFaults {
  let misindented = 0;
  let declaredTwice = 0;
  let misplaced = 0;
  let idle = 0;
  let unreached = 0;
  const isIndented = root.type === INDENTED;
  const visit = (node: StructureNode, around: Around, parent?: StructureNode): void => {
    if (node.endIndex < region.start || node.startIndex > region.end) return;
    const children = childrenOf(node, region);
    if (isIndented && (node === root || node.type === 'block'))
      misindented += misindentedIn(children, node === root);
    misplaced += misplacedIn(node, children, parent) + straysIn(node, children, around, isIndented);
    idle += idleAmong(children, root.type);
    unreached += unreachedIn(node, children);
    const names = children.flatMap((child) => [...namesDeclaredBy(child, node), ...keysOf(child, node)]);
    declaredTwice += names.length - new Set(names).size + parametersDeclaredAgain(node);
    const inner = aroundIn(node, around);
    for (const child of children) visit(child, inner, node);
  };
  visit(root, NOWHERE);
  return { misindented, declaredTwice, misplaced, idle, unreached };
}

function childrenOf(node: StructureNode, region: { readonly start: number; readonly end: number }) {
  const count = node.namedChildCount;
  if (count <= MOST_CHILDREN) return node.namedChildren.filter((child) => child !== null);
  const firstThat = (isBehind: (child: StructureNode) => boolean): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      const child = node.namedChild(middle);
      if (child !== null && isBehind(child)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const from = Math.max(0, firstThat(({ endIndex }) => endIndex >= region.start) - AROUND);
  const to = Math.min(count, firstThat(({ startIndex }) => startIndex > region.end) + AROUND);
  const length = Math.min(MOST_CHILDREN, to - from);
  return Array.from({ length }, (_, i) => node.namedChild(from + i)).filter((child) => child !== null);
}

function misindentedIn(children: readonly StructureNode[], isRoot: boolean): number {
  const statements = children.filter(({ type }) => type !== 'comment');
  const [first] = statements;
  if (first === undefined) return isRoot ? 0 : 1;
  const column = isRoot ? 0 : first.startPosition.column;
  return statements.filter(({ startPosition }, i) => {
    // `a; b` is one line.
    const isBehind = i > 0 && statements[i - 1]?.endPosition.row === startPosition.row;
    return !isBehind && startPosition.column !== column;
  }).length;
}

/** Python, JavaScript, TypeScript and Go. Declarations that a language merges or overloads are not among them. */
const DECLARATIONS = new Set([
  'function_definition',
  'class_definition',
  'function_declaration',
  'generator_function_declaration',
  'class_declaration',
  'abstract_class_declaration',
  'type_alias_declaration',
  'public_field_definition',
  'field_definition',
  'property_signature',
  'type_spec',
]);
/** Rust's, which share their names. */
const RUST_TYPES = new Set(['struct_item', 'enum_item', 'trait_item', 'union_item', 'type_item']);
/** Decorators under which a name stands for one function. */
const PLAIN =
  /^@\s*((abc|functools|typing|contextlib)\.)?(property|cached_property|staticmethod|classmethod|abstractmethod|final|override|contextmanager|asynccontextmanager|cache|lru_cache)\b(?!\.)/;
/** What stands for what it holds. */
const WRAPPERS = new Set(['export_statement', 'lexical_declaration', 'type_declaration']);

/** Each with its kind where one name may stand for several things. */
function namesDeclaredBy(node: StructureNode, parent?: StructureNode): readonly string[] {
  if (node.type === 'decorated_definition') {
    const declared = node.childForFieldName('definition');
    return declared !== null && isPlain(node, declared) ? namesDeclaredBy(declared) : [];
  }
  if (WRAPPERS.has(node.type)) {
    return node.namedChildren.flatMap((child) => (child === null ? [] : namesDeclaredBy(child)));
  }
  const name = node.childForFieldName('name');
  // In a function, what looks like one is a macro: `Q_FOREACH (x, all) { … }`.
  if (name === null) return parent?.type === 'compound_statement' ? [] : functionOfC(node);
  // Values and types are apart in TypeScript.
  if (node.type === 'variable_declarator') return namesBoundBy(name);
  if (node.type === 'type_alias_declaration') return [`type ${name.text}`];
  // A getter and a setter, a static one and its namesake; Go's methods belong to their receivers.
  if (node.type === 'method_definition' || node.type === 'method_declaration') {
    const head = headOf(node, name);
    return node.type === 'method_declaration' && node.childForFieldName('receiver') === null
      ? signatureOf(node, name, head)
      : [
          `${head.replace(/\b(async|override|public|private|protected|readonly)\b|\w+\s+\*|\s/g, '')} ${name.text}`,
        ];
  }
  // `#[cfg(unix)]`: another one has the name elsewhere.
  if (RUST_TYPES.has(node.type))
    return attributesOf(node).some(({ text }) => /\bcfg/.test(text)) ? [] : [`type ${name.text}`];
  if (!DECLARATIONS.has(node.type) || name.text === '_' || name.text === 'init') return [];
  return [name.text];
}

/** C and C++: overloads differ in what stands between the name and the body. */
function functionOfC(node: StructureNode): readonly string[] {
  const declarator = node.type === 'function_definition' ? node.childForFieldName('declarator') : null;
  if (declarator === null || /\brequires\b/.test(declarator.text)) return [];
  return [declarator.text.replace(/\s+/g, ' ')];
}

/** Python: a decorated function may be an overload, a setter or registered somewhere; a class is none of these. */
function isPlain(decorated: StructureNode, declared: StructureNode): boolean {
  if (declared.type === 'class_definition') return true;
  return decorated.namedChildren.every((child) => child?.type !== 'decorator' || PLAIN.test(child.text));
}

/** Java and C#: a method is told by its parameters' types as well. Some say of themselves that they are declared twice. */
function signatureOf(method: StructureNode, name: StructureNode, head: string): readonly string[] {
  if (/\bpartial\b|\.\s*$|#/.test(head)) return [];
  const parameters = method.childForFieldName('parameters')?.namedChildren ?? [];
  const types = parameters.map(
    (parameter) => parameter?.childForFieldName('type')?.text ?? parameter?.text ?? '',
  );
  return [`${name.text}${method.childForFieldName('type_parameters')?.text ?? ''}(${types.join()})`];
}

/** JavaScript and TypeScript: what holds other patterns, in this field or, without one, in all its children. */
const PATTERNS: Readonly<Record<string, string | undefined>> = {
  array_pattern: undefined,
  assignment_pattern: 'left',
  formal_parameters: undefined,
  object_assignment_pattern: 'left',
  object_pattern: undefined,
  optional_parameter: 'pattern',
  pair_pattern: 'value',
  required_parameter: 'pattern',
  rest_pattern: undefined,
};

/** `[a, { b, c: d = 1 }, ...e]` binds a, b, d and e. */
function namesBoundBy(pattern: StructureNode): readonly string[] {
  if (pattern.type === 'identifier' || pattern.type === 'shorthand_property_identifier_pattern')
    return [pattern.text];
  if (!Object.hasOwn(PATTERNS, pattern.type)) return [];
  const field = PATTERNS[pattern.type];
  const inner = field === undefined ? pattern.namedChildren : [pattern.childForFieldName(field)];
  return inner.flatMap((child) => (child === null ? [] : namesBoundBy(child)));
}

/** JavaScript and TypeScript: `let`, `const` and `class` of a body may not have a parameter's name; `var` and functions may. */
function parametersDeclaredAgain(node: StructureNode): number {
  const body = node.childForFieldName('body');
  if (body?.type !== 'statement_block') return 0;
  // A lone one of an arrow function, or of a `catch`, has no brackets of its own.
  const parameters = node.childForFieldName('parameters') ?? node.childForFieldName('parameter');
  const bound = new Set(parameters === null ? [] : namesBoundBy(parameters));
  if (bound.size === 0) return 0;
  return body.namedChildren
    .filter((child) => child?.type === 'lexical_declaration' || child?.type === 'class_declaration')
    .flatMap((child) => (child === null ? [] : namesDeclaredBy(child)))
    .filter((name) => bound.has(name)).length;
}
