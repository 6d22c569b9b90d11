// A name that nobody knows is most often a known one, misspelt. Those near to it are few and cost no model: they are tried first.
import { isMember } from '../../engine/syntax/binding';
import { editDistance } from './editDistance';
import type { OffsetRange } from './types';

/** Names of a text, in whatever language. */
export const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
/** One slip for so many letters; a shorter name may mean anything. */
const LETTERS_A_SLIP = 4;
/** Each of them is shown to a language server, or scored. */
const MOST_NAMES = 4;

/** UTF-16 units around a name that tell whether it is declared there. */
const REACH = 80;
const DECLARES =
  /\b(as|class|const|def|enum|final|fn|for|func|function|import|interface|let|mut|static|struct|type|val|var)\s+$/;
const GETS = /^\s*(:(?!:)[^=;\n]*)?:?=(?![=>])/;
/** An assignment that declares nothing, where the problem says that nothing does. */
const ASSIGNED = /^\s*=/;
const UNKNOWN =
  /cannot find (name|symbol|value)|undeclared|undefined|unresolved|not (defined|declared|found)|does not exist/i;

/** The name that `text` is, and nothing else. */
export function loneName(text: string): string | undefined {
  const [name, ...more] = text.match(NAME) ?? [];
  return name === text.trim() && more.length === 0 ? name : undefined;
}

/** How often a text has each name, and of that, how often behind a dot. */
export interface NameCounts {
  readonly all: ReadonlyMap<string, number>;
  readonly members: ReadonlyMap<string, number>;
}

export function countNames(text: string): NameCounts {
  const all = new Map<string, number>();
  const members = new Map<string, number>();
  for (const { index, 0: name } of text.matchAll(NAME)) {
    all.set(name, (all.get(name) ?? 0) + 1);
    if (isMember(text, index)) members.set(name, (members.get(name) ?? 0) + 1);
  }
  return { all, members };
}

interface NearFacts {
  /** Names that its language has. Default: none. */
  readonly language?: readonly string[];
  /** Of the text, for who asks about several names. */
  readonly counts?: NameCounts;
}

/**
 * Names that the one in the range may be meant to be, nearest first, and of those as near the more frequent: those that the problem's message
 * proposes, and those of the text and of `language`, unless the text has the name in other places, or declares it there. None where the range
 * is not a name alone.
 */
export function nearNames(
  text: string,
  { start, end }: OffsetRange,
  message: string,
  { language = [], counts = countNames(text) }: NearFacts = {},
): readonly string[] {
  const name = loneName(text.slice(start, end));
  if (name === undefined) return [];
  const behind = text.slice(end, end + REACH);
  // Who writes a name twice, or gives it a value, means it.
  const isDeclared =
    DECLARES.test(text.slice(Math.max(0, start - REACH), start)) ||
    (GETS.test(behind) && !(ASSIGNED.test(behind) && UNKNOWN.test(message)));
  // What is no member may be called like one.
  const known = isMember(text, start) ? counts.members : counts.all;
  const isOnce = !isDeclared && (known.get(name) ?? 0) <= 1;
  const slips = Math.floor(name.length / LETTERS_A_SLIP);
  const uses = new Map<string, number>(isOnce ? counts.all : []);
  for (const word of [...(message.match(NAME) ?? []), ...(isOnce ? language : [])])
    uses.set(word, (uses.get(word) ?? 0) + 1);
  uses.delete(name);
  return [...uses]
    .filter(([word]) => Math.abs(word.length - name.length) <= slips)
    .map(([word, count]) => ({ word, count, distance: editDistance(name, word) }))
    .filter(({ distance }) => distance <= slips)
    .sort((a, b) => a.distance - b.distance || b.count - a.count)
    .slice(0, MOST_NAMES)
    .map(({ word }) => word);
}
