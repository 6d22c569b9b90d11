// Local variables that an edit leaves with nobody who reads them: half a renaming, a result that is not given back. Cautious: whatever may
// read a name does, and a variable that was read by nobody before may be one that is still being written about.
import { isMember } from './binding';
import { isOfClass } from './orphanMembers';
import {
  LONGEST_NAMED,
  type NamedNodes,
  nodesOf,
  occurrences,
  type ParsedText,
  type ReadEdit,
  wordsOf,
} from './parsedText';
import { functionAround, holds, PYTHON, type ScopeNode, STATEMENT, textOf } from './scopeNode';
import type { OffsetRange } from './types';

const NAMES = ['identifier', 'shorthand_property_identifier'];
/** Keys and members as they are declared: they read nothing. */
const KEYS = ['property_identifier'];
/** What declares a variable, and the field that holds its name. */
const DECLARATIONS: Readonly<Record<string, string>> = {
  variable_declarator: 'name',
  let_declaration: 'pattern',
  var_spec: 'name',
  short_var_declaration: 'left',
};
const ASSIGNMENT = /assignment/;
/** `count++` and `count--`, as statements. */
const STEP = /^(update_expression|(postfix|prefix)_unary_expression|(inc|dec)_statement)$/;
const STEP_STATEMENT = /^(inc|dec)_statement$/;
/** Several names in front of one sign. */
const LIST = 'expression_list';
/** What is given back where its block ends, read or not. */
const CLOSES = /^(await\s+)?using\b/;
/** `_guard`: nobody is meant to read it. */
const UNMEANT = /^_/;
/** What reads names that stand nowhere, or gives a name to the code around a function. */
const UNSEEN = /\b(eval|exec|locals|vars|compact|nonlocal|global)\b/;
/** Declarations of C and C++ may do something at the end of their block, and macros may read anything. */
const UNCERTAIN_ROOTS: ReadonlySet<string> = new Set(['translation_unit']);

/** Whether it leaves a local variable unread that was read, or that it brings. */
export function leavesUnread({ before, after, gone, fresh }: ReadEdit): boolean {
  if (Math.max(before.text.length, after.text.length) > LONGEST_NAMED) return false;
  if (UNCERTAIN_ROOTS.has(after.root.type)) return false;
  const taken = before.text.slice(gone.start, gone.end);
  const brought = after.text.slice(fresh.start, fresh.end);
  const names = new Set([...wordsOf(taken), ...wordsOf(brought)]);
  const now = unreadAmong(after, localsIn(after, fresh, names));
  if (now.size === 0) return false;
  const old = localsIn(before, gone, names);
  const then = unreadAmong(before, old);
  // Where something is only put in, or stood unread, the code that reads it may be yet to come.
  const mayBring = taken.trim() !== '' && then.size === 0;
  return [...now].some((key) => !then.has(key) && (old.has(key) || mayBring));
}

/** Of `locals`, those that nobody reads. */
function unreadAmong(parsed: ParsedText, locals: ReadonlyMap<string, Local>): ReadonlySet<string> {
  if (locals.size === 0) return new Set();
  const keys = new Set(parsed.root.descendantsOfType(KEYS).map((node) => node?.startIndex ?? -1));
  return new Set([...locals].filter(([, local]) => !isRead(parsed, local, keys)).map(([key]) => key));
}

interface Local {
  readonly holder: ScopeNode;
  readonly name: string;
  readonly nodes: readonly ScopeNode[];
}

/** Those of functions that the region touches, by function and name. */
function localsIn(
  { root, text }: ParsedText,
  region: OffsetRange,
  names: ReadonlySet<string>,
): ReadonlyMap<string, Local> {
  const found = new Map<string, Local>();
  const byName: NamedNodes = nodesOf({ root, text }, NAMES, (name) => names.has(name) && !UNMEANT.test(name));
  for (const [name, nodes] of byName) {
    for (const node of nodes) {
      if (!isLocal(node, root, text)) continue;
      const holder = functionAround(node);
      if (holder === null || holder.endIndex < region.start || holder.startIndex > region.end) continue;
      if (isOfClass(node) || UNSEEN.test(textOf(holder, text))) continue;
      // What begins behind the edit's beginning is where nothing was.
      const place = holder.startIndex < region.start ? String(holder.startIndex) : '';
      found.set(`${place} ${name}`, { holder, name, nodes });
    }
  }
  return found;
}

function parentOf({ parent }: ScopeNode): ScopeNode | null {
  return parent?.type === LIST ? parent.parent : parent;
}

/** Whether it declares a variable there, and nothing that somebody else gives a value. */
function isLocal(node: ScopeNode, root: ScopeNode, text: string): boolean {
  const parent = parentOf(node);
  if (parent === null) return false;
  if (root.type === PYTHON)
    return parent.type === 'assignment' && holds(parent, 'left', node) && isStatement(parent);
  const field = DECLARATIONS[parent.type];
  if (field === undefined || !isNameOf(parent, field, node)) return false;
  const statement = parent.parent?.type === 'variable_declaration' ? parent.parent.parent : parent.parent;
  return statement === null || !CLOSES.test(textOf(statement, text));
}

/** C#’s grammar has no field for it: there it stands first. */
function isNameOf(parent: ScopeNode, field: string, node: ScopeNode): boolean {
  return holds(parent, field, node) || (field === 'name' && parent.startIndex === node.startIndex);
}

function isRead(
  { root, text }: ParsedText,
  { holder, name, nodes }: Local,
  keys: ReadonlySet<number>,
): boolean {
  return occurrences(textOf(holder, text), name).some((index) => {
    const at = holder.startIndex + index;
    if (keys.has(at) || isMember(text, at)) return false;
    const node = nodes.find(({ startIndex }) => startIndex === at);
    // A parameter or the name of a loop, too: who knows which of them is meant.
    return node === undefined || !(isLocal(node, root, text) || isGiven(node) || holds(holder, 'name', node));
  });
}

/** Whether it only gets a value there: `total = 1`, `total += 1` and `total++` as statements. */
function isGiven(node: ScopeNode): boolean {
  const parent = parentOf(node);
  if (parent === null) return false;
  if (STEP.test(parent.type)) return STEP_STATEMENT.test(parent.type) || isStatement(parent);
  return ASSIGNMENT.test(parent.type) && holds(parent, 'left', node) && isStatement(parent);
}

function isStatement({ parent }: ScopeNode): boolean {
  return STATEMENT.test(parent?.type ?? '') && !/^for/.test(parent?.type ?? '');
}
