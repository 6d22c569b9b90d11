// Names that an answer uses and that can hardly mean anything where it stands: what only another function has, or a class whose methods do
// not see it without the object, and what the file does not have at all. Cautious: grammars bind names in more ways than anybody lists, so
// a name that occurs anywhere else counts as known, and so does one that the answer may bind itself; one that occurs in the answer alone
// has to do so once.
import { isWord } from '../candidates/quality/names';
import type { Reading } from '../candidates/quality/verdict';
import { AMBIENT, isAmbient } from './ambient';
import { hasMore, isBound, isImported, isInPattern, isLabel, isMember, isUse } from './binding';
import { ClassScopes, isOfOthers, mayBeOfBase } from './classScope';
import { STRING_TEXT } from './kinds';
import { unimportedIn } from './libraries';
import { BRINGS_ANY, isWithin, LONGEST_NAMED, nodesOf, occurrences, STAR_IMPORT } from './parsedText';
import { functionAround, PYTHON, type ScopeNode, textOf } from './scopeNode';
import { selfReferencesIn } from './selfReference';
import type { OffsetRange } from './types';

export type Strangers = Reading['strangers'];

export const NO_STRANGERS: Strangers = { outOfScope: [], unknown: [] };

const NAMES = ['identifier', 'shorthand_property_identifier'];
const COMMENTS = ['comment', 'line_comment', 'block_comment'];
/** `totalAmount`, `total_amount`; a type's name is often a library's. */
const SEVERAL_WORDS = /^[a-z][a-z0-9]*(_[a-z0-9]|[A-Z])/;
/** A shorter name may be anything. */
const VARIABLE = /^[a-z]\w{2,}$/;
/** A module of JavaScript or TypeScript: what is no module shares its names with others. Their root is other languages', too. */
const SCRIPT = 'program';
const OF_MODULES = ['import_statement', 'export_statement'];
const REQUIRES = /\brequire\s*\(\s*['"]|\bmodule\.exports\b/;
/** A constant: no type is called so. */
const CONSTANT = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|^[A-Z]{5,}$/;
/** Go: what the other files of a package declare needs no import. */
const SHARES_NAMES = /^package +\w+(?!.*;)/m;
/** `#if FEATURE`: nobody has to declare that. `case MONDAY`: an enumeration's, which needs no import. */
const DIRECTIVE = /^[ \t]*(#|case\b)/;
const GLOBAL = /\b(globals?|declare)\b/;
/** What its methods call their object or class, as their first parameter: nothing else has it. */
const RECEIVERS: ReadonlySet<string> = new Set(['self', 'cls']);
/** A name that a function takes from its surroundings. */
const OUTER = /\b(global|nonlocal)\b/;
/** Keys of objects, and members as they are declared: no name that stands by itself. */
const LABELS = ['property_identifier', 'keyword_argument'];

/**
 * Names of the region that are strangers there. `root`: of the text with the answer in it; `seams`: where an answer and what was kept meet.
 */
export function strangersIn(
  root: ScopeNode,
  text: string,
  region: OffsetRange,
  seams: readonly number[] = [],
): Strangers {
  if (text.length > LONGEST_NAMED || region.end === region.start) return NO_STRANGERS;
  const byName = nodesOf({ root, text }, NAMES);
  let known: Prose | undefined;
  const comments = () => {
    known ??= new Prose(root, text, COMMENTS);
    return known;
  };
  let quoted: Prose | undefined;
  const strings = () => {
    quoted ??= new Prose(root, text, STRING_TEXT);
    return quoted;
  };
  let labelled: ReadonlySet<number> | undefined;
  const labels = () => {
    labelled ??= new Set(root.descendantsOfType(LABELS).map((node) => node?.startIndex ?? -1));
    return labelled;
  };
  const classes = new ClassScopes(root, text);
  const outOfScope: string[] = [];
  const unknown: string[] = [];
  for (const [name, nodes] of byName) {
    const inside = nodes.filter((one) => isWithin(one, region) && !isMember(text, one.startIndex));
    const [node] = inside;
    if (node === undefined || AMBIENT.has(name)) continue;
    const isReceiver = root.type === PYTHON && RECEIVERS.has(name);
    if (isWord(name) && !isReceiver) continue;
    if (!inside.every((one) => isUse(one, text))) continue;
    if (inside.some(isInPattern)) continue;
    const uses = new Set(inside.map(({ startIndex }) => startIndex));
    const others = occurrences(text, name).filter((at) => !uses.has(at));
    const isLikeNone = () =>
      !isAmbient(name) &&
      ((SEVERAL_WORDS.test(name) && !STAR_IMPORT.test(text)) ||
        isUndeclared(root, node, text) ||
        isLostConstant(node, text) ||
        (isJoined(node, seams) && hasToBeHere(node, text)));
    const isTelling = () => isReceiver || inside.some(isShorthand) || (inside.length === 1 && isLikeNone());
    if (others.length === 0 && isTelling()) unknown.push(name);
    const nodeAt = (at: number) => nodes.find(({ startIndex }) => startIndex === at);
    const members = others.filter(
      (at) => (!isMember(text, at) || isImported(nodeAt(at))) && !labels().has(at),
    );
    // What a comment or a string calls so need not be what some code does.
    const own = members.filter((at) => !comments().holds(at) && (nodeAt(at) || !strings().holds(at)));
    if (own.length === 0 && inside.some((one) => classes.hasMember(one, name))) {
      outOfScope.push(name);
      continue;
    }
    if (own.length === 0 || own.some((at) => at >= region.start && at < region.end)) continue;
    const isForeign = own.every((at) => {
      const other = nodeAt(at);
      const holder = functionAround(other);
      if (holder === null) return classes.hides(name, other, inside) || isOfOthers(root, text, other, inside);
      return !inside.some((use) => isWithin(use, { start: holder.startIndex, end: holder.endIndex }));
    });
    if (!isForeign || !own.some((at) => isBound(nodeAt(at))) || inside.some((use) => mayBeOfBase(use, text)))
      continue;
    if (comments().declares(name)) continue;
    if (!text.split('\n').some((line) => OUTER.test(line) && line.includes(name))) outOfScope.push(name);
  }
  const own = selfReferencesIn(root, text, region);
  return {
    outOfScope: [...new Set([...outOfScope, ...own])],
    unknown: [...new Set([...unknown, ...unimportedIn(root, text, region)])],
  };
}

/** A variable of a language whose files say where each name comes from. */
function isUndeclared(root: ScopeNode, node: ScopeNode, text: string): boolean {
  const name = textOf(node, text);
  if (!VARIABLE.test(name) || isLabel(node, name) || !hasToBeHere(node, text)) return false;
  if (root.type !== SCRIPT) return root.type === PYTHON;
  return root.descendantsOfType(OF_MODULES).length > 0 || REQUIRES.test(text);
}

/** A word of which only a part is the answer's. */
function isJoined({ startIndex, endIndex }: ScopeNode, seams: readonly number[]): boolean {
  return seams.some((at) => startIndex < at && at < endIndex);
}

/** Whether the name is that of a value, which this text does not get from where nobody looks. */
function hasToBeHere(node: ScopeNode, text: string): boolean {
  const name = textOf(node, text);
  if (!/^[a-z_]/.test(name)) return false;
  return !BRINGS_ANY.test(text) && !SHARES_NAMES.test(text) && !hasMore(node, text);
}

/** A constant that has to be declared or imported in this text. */
function isLostConstant(node: ScopeNode, text: string): boolean {
  if (
    !CONSTANT.test(textOf(node, text)) ||
    BRINGS_ANY.test(text) ||
    SHARES_NAMES.test(text) ||
    hasMore(node, text)
  )
    return false;
  return !DIRECTIVE.test(text.slice(text.lastIndexOf('\n', node.startIndex) + 1, node.startIndex));
}

/** `{ gross }`: a key that has to be a name of the code around it, too. */
function isShorthand({ type }: ScopeNode): boolean {
  return type === 'shorthand_property_identifier';
}

/** A text's comments, or its strings, in their order. */
class Prose {
  private readonly starts: readonly number[];
  private readonly ends: readonly number[];

  constructor(
    root: ScopeNode,
    private readonly text: string,
    types: readonly string[],
  ) {
    const nodes = root.descendantsOfType([...types]).filter((node) => node !== null);
    this.starts = nodes.map((node) => node.startIndex);
    this.ends = nodes.map((node) => node.endIndex);
  }

  holds(at: number): boolean {
    let [low, high] = [0, this.starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low > 0 && at < (this.ends[low - 1] ?? 0);
  }

  /** Whether one says that the name is there, as those for linters do: `global counter`. */
  declares(name: string): boolean {
    return this.starts.some((start, i) => {
      const comment = this.text.slice(start, this.ends[i]);
      return GLOBAL.test(comment) && comment.includes(name);
    });
  }
}
