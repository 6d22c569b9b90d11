// Two names of a line in each other's place: an index and what is put there, the sides of a comparison, two members of one object. Whoever exchanges
// them makes both unlikely, and hardly a right line becomes likelier by it (docs/decisions/repair-first.md). Pure.
import { isWord } from '../../../engine/candidates/quality/names';
import { NAME } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';
import { isSameInEitherOrder } from './eitherOrder';

/** Nats by which the line has to become likelier. */
export const EXCHANGE_GAIN = 5;
/** Names of a line, the least likely first, of which pairs are made. */
const MOST_NAMES = 8;
/** Pairs of a line, the least likely first: the model knows which, and each is a score. */
const MOST_PAIRS = 4;

/** What a method calls its own object or class is in its place. */
export const RECEIVER = /^(self|cls|this)$/;

export interface Exchange extends OffsetRange {
  /** In place of all from the first name to the second. */
  readonly text: string;
  /** The two names. */
  readonly parts: readonly [OffsetRange, OffsetRange];
}

interface NameFacts {
  /** Nats above what is expected in a place. */
  readonly excessAt: (place: OffsetRange) => number;
  /** Whether it has to stay as it is. */
  readonly isSettled: (place: OffsetRange) => boolean;
}

interface Place extends OffsetRange {
  readonly name: string;
  readonly excess: number;
}

/** A name behind a name: a member of an object, as it is read. */
const MEMBER = /(?<![\p{L}\p{N}_$.)\]>])[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\??\.|->)[\p{L}_$][\p{L}\p{N}_$]*)+/gu;
const CALLED = /^\s*\(/;
const SET = /^\s*=(?![=>])/;
const COLON = /^\s*:(?!:)/;

/** `line`: a part of the text's line `whole`, in which names are found: what is beside one tells what it is. */
export function exchangedNames(
  text: string,
  line: OffsetRange,
  whole: OffsetRange,
  facts: NameFacts,
): readonly Exchange[] {
  const own = text.slice(whole.start, whole.end);
  const placesOf = (pattern: RegExp, isOwn: (found: RegExpExecArray) => boolean) =>
    [...own.matchAll(pattern)]
      .filter((found) => isOwn(found) && !isFixed(own, found))
      .map(({ index, 0: name }) => {
        const start = whole.start + index;
        return { name, start, end: start + name.length };
      })
      .filter((place) => place.start >= line.start && place.end <= line.end && !facts.isSettled(place))
      .map((place) => ({ ...place, excess: facts.excessAt(place) }))
      .sort((a, b) => b.excess - a.excess)
      .slice(0, MOST_NAMES)
      .sort((a, b) => a.start - b.start);
  const names = placesOf(NAME, (found) => {
    const [name] = found;
    return !isWord(name) && !RECEIVER.test(name) && !/[.>\p{N}]/u.test(own[found.index - 1] ?? '');
  });
  const inLine = ({ start, end }: OffsetRange) => ({ start: start - whole.start, end: end - whole.start });
  const members = placesOf(MEMBER, () => true);
  // Not what a member is read of.
  const isLoose = ({ end }: Place) => !/^(?:\??\.|->)/.test(text.slice(end, end + 2));
  const rootOf = ({ name }: Place) => /^[^.?-]+/.exec(name)?.[0];
  return [
    ...pairs(names, () => true),
    // Of two objects, their names are exchanged.
    ...pairs(members, (one, other) => rootOf(one) === rootOf(other)),
    // Of an object's member and another name, all of both.
    ...pairs(
      inOrder([...members, ...names.filter(isLoose)]),
      (one, other) => isMember(one) !== isMember(other),
    ),
  ]
    .filter(([one, other]) => Math.max(one.excess, other.excess) >= 0)
    .filter(([one, other]) => !isSameInEitherOrder(own, [inLine(one), inLine(other)]))
    .sort(([a, b], [c, d]) => c.excess + d.excess - a.excess - b.excess)
    .slice(0, MOST_PAIRS)
    .map((pair) => exchange(text, pair));
}

type Pair = readonly [Place, Place];

function isMember({ name }: Place): boolean {
  return /[.>]/.test(name);
}

function inOrder(places: readonly Place[]): readonly Place[] {
  return places.toSorted((a, b) => a.start - b.start);
}

function pairs(all: readonly Place[], are: (one: Place, other: Place) => boolean): readonly Pair[] {
  return all.flatMap((one, i) =>
    all
      .slice(i + 1)
      .filter((other) => one.name !== other.name && are(one, other))
      .map((other) => [one, other] as const),
  );
}

/** Whether it is called, set, or a key. */
function isFixed(line: string, { index, 0: own }: RegExpExecArray): boolean {
  const rest = line.slice(index + own.length);
  if (CALLED.test(rest) || SET.test(rest)) return true;
  if (!COLON.test(rest)) return false;
  const before = line.slice(0, index);
  // The branches of a condition are no keys, and neither is what an index or a condition ends with.
  if (before.includes(' ? ')) return false;
  const open = innermostOpen(before);
  return open === '{' || open === '(' || before.trim() === '';
}

/** The bracket that is open behind a text. */
function innermostOpen(text: string): string | undefined {
  const open: string[] = [];
  for (const sign of text) {
    if ('([{'.includes(sign)) open.push(sign);
    else if (')]}'.includes(sign)) open.pop();
  }
  return open.at(-1);
}

function exchange(text: string, [one, other]: Pair): Exchange {
  return {
    start: one.start,
    end: other.end,
    text: other.name + text.slice(one.end, other.start) + one.name,
    parts: [
      { start: one.start, end: one.end },
      { start: other.start, end: other.end },
    ],
  };
}
