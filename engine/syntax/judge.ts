// Looks at answers before anybody sees them: each is parsed in its place, as the old text was.
import { isProseLanguage } from '../candidates/quality/languages';
import { namesIn, unknownNames } from '../candidates/quality/names';
import { type Quality, qualityOf, type Reading } from '../candidates/quality/verdict';
import type { Flaw } from '../protocol';
import { type FaultReader, readerOf, readLanguageOf } from './faultReaders';
import { leastEdit } from './leastEdit';
import { NO_STRANGERS, type Strangers } from './scope';
import type { SyntaxTrees } from './syntaxTrees';
import { declaresAgain, isNoWorse, leavesBlock, type SyntaxTree } from './tree';
import type { OffsetRange, TextEdit } from './types';

/** The whole text with an answer in it, and what the engine finds wrong with that answer. */
export interface Judgeable {
  readonly whole: string;
  readonly flaws?: readonly Flaw[];
}

export interface JudgedText {
  readonly text: string;
  readonly languageId: string;
  readonly region?: OffsetRange | undefined;
  /** Whether it is a part of more, as a notebook's cell is: a name that it lacks may be another part's. */
  readonly isPart?: boolean | undefined;
}

/** One for each answer. `text`: the whole text as it was when it was sent; `region`: from the first place of an answer to the last. */
export async function qualitiesOf(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { text, languageId, region, isPart = false }: JudgedText,
  answers: readonly Judgeable[],
): Promise<readonly Quality[]> {
  if (answers.length === 0) return [];
  const judged = (read: (whole: string) => Reading) =>
    answers.map(({ whole, flaws = [] }) => qualityOf(flaws, read(whole)));
  const read = readLanguageOf(languageId);
  if (read !== undefined) return judged(faultReading(text, readerOf(read)));
  const look = (tree: SyntaxTree) => {
    // For all answers once, as every name of a long text is gathered.
    const known = namesIn(tree.text);
    return judged((whole) => readingWith({ tree, languageId, region, known, isPart }, whole));
  };
  return (
    (await syntax.ask(text, languageId, look)) ??
    judged(() => (isProseLanguage(languageId) ? WRITTEN : UNKNOWN))
  );
}

/** From the first of some places to the last; undefined where there is none. */
export function regionOf(places: readonly OffsetRange[]): OffsetRange | undefined {
  if (places.length === 0) return undefined;
  return {
    start: Math.min(...places.map(({ start }) => start)),
    end: Math.max(...places.map(({ end }) => end)),
  };
}

const UNKNOWN: Reading = {
  parses: 'unknown',
  declaresAgain: false,
  leavesBlock: false,
  removesUsed: false,
  renames: false,
  losesReturn: false,
  idle: false,
  unreached: false,
  unread: false,
  bringsNoNames: false,
  strangers: NO_STRANGERS,
};

const WRITTEN: Reading = { ...UNKNOWN, parses: 'prose' };

function faultReading(
  text: string,
  { faults, countsFaults, template }: FaultReader,
): (whole: string) => Reading {
  const before = faults(text);
  return (whole) => {
    const after = faults(whole);
    if (before === undefined || after === undefined) return UNKNOWN;
    if (!countsFaults && before.errors > 0 && after.errors > 0) return UNKNOWN;
    const parses = after.errors <= before.errors;
    if (!parses && template?.test(whole)) return UNKNOWN;
    if (isForeign(after.foreign, leastEdit(text, whole))) return UNKNOWN;
    return {
      ...UNKNOWN,
      parses: parses ? 'yes' : 'no',
      declaresAgain: after.declaredTwice > before.declaredTwice,
    };
  };
}

/** Whether an edit, which brought its text with it, touches what nobody reads. */
function isForeign(foreign: readonly OffsetRange[] = [], { start, text }: TextEdit): boolean {
  return foreign.some((range) => range.start <= start + text.length && start <= range.end);
}

interface Old {
  readonly tree: SyntaxTree;
  readonly languageId: string;
  readonly region: OffsetRange | undefined;
  readonly known: ReadonlySet<string>;
  readonly isPart: boolean;
}

/** C# 12: `List<int> sizes = [1, 2];`, which its grammar does not know yet. */
const UNREADABLE: Readonly<Record<string, RegExp>> = { csharp: /(=>?|\?\?=?|\breturn|[(,:?])\s*\[/ };

function readingWith({ tree, languageId, region, known, isPart }: Old, whole: string): Reading {
  const edit = leastEdit(tree.text, whole);
  const edited = tree.edited(edit);
  if (edited === undefined) return UNKNOWN;
  try {
    const { start, end, text } = edit;
    const before = tree.faults({ start, end });
    const after = edited.faults({ start, end: start + text.length });
    const parses = isNoWorse(before, after);
    const gone = wholeWords(tree.text, { start, end });
    const fresh = wholeWords(edited.text, { start, end: start + text.length });
    const orphans = parses ? edited.lacks(tree, gone, fresh) : [];
    const lines = edited.text.slice(edited.text.lastIndexOf('\n', start - 1) + 1, start + text.length);
    const isUnreadable = UNREADABLE[languageId]?.test(lines) === true;
    return {
      parses: parses ? 'yes' : isUnreadable ? 'unknown' : 'no',
      declaresAgain: declaresAgain(before, after),
      // Of what does not parse, nobody knows where it ends.
      leavesBlock: parses && region !== undefined && leavesBlock(tree, edited, region),
      removesUsed: orphans.length > 0,
      renames:
        parses &&
        region !== undefined &&
        edited.renamed(tree, region).some((name) => !orphans.includes(name)),
      losesReturn: parses && edited.losesReturn(tree, gone, fresh),
      idle: parses && after.idle > before.idle,
      unreached: parses && after.unreached > before.unreached,
      unread: parses && edited.leavesUnread(tree, gone, fresh),
      bringsNoNames: isPart || bringsNoNames(known, edited, fresh),
      strangers: parses && !isPart ? newStrangers(tree, edited, gone, fresh, region) : NO_STRANGERS,
    };
  } finally {
    edited.dispose();
  }
}

/** Those that the edit brought: what stood there may have been in the middle of being written. */
function newStrangers(
  before: SyntaxTree,
  after: SyntaxTree,
  gone: OffsetRange,
  fresh: OffsetRange,
  region: OffsetRange | undefined,
): Strangers {
  const seams = region ? [region.start, region.end + after.text.length - before.text.length] : [];
  const now = after.strangers(fresh, seams);
  if (now.outOfScope.length + now.unknown.length === 0) return now;
  const then = before.strangers(gone);
  const isNew = (name: string) => !then.outOfScope.includes(name) && !then.unknown.includes(name);
  return { outOfScope: now.outOfScope.filter(isNew), unknown: now.unknown.filter(isNew) };
}

/** Whether an edit brings no name, but for words of comments and strings, that is not known. */
function bringsNoNames(known: ReadonlySet<string>, after: SyntaxTree, { start, end }: OffsetRange): boolean {
  let code = '';
  let at = start;
  for (const piece of after.prose({ start, end })) {
    code += `${after.text.slice(at, Math.max(at, piece.start))} `;
    at = Math.max(at, piece.end);
  }
  code += after.text.slice(at, Math.max(at, end));
  return unknownNames(code, known).length === 0;
}

/** With the sign of a private member. */
const WORD = /[\w$#]/;

/** What an edit changed, with the rest of the names that it begins and ends in. */
function wholeWords(text: string, { start, end }: OffsetRange): OffsetRange {
  let [from, to] = [start, end];
  while (from > 0 && WORD.test(text[from - 1] ?? '')) from--;
  while (to < text.length && WORD.test(text[to] ?? '')) to++;
  return { start: from, end: to };
}
