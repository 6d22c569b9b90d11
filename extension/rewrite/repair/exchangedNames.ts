// Two names of a line in each other's place: an index and what is put there, the sides of a comparison, two members of one object. Whoever exchanges
// them makes both unlikely, and hardly a right line becomes likelier by it (docs/decisions/repair-first.md). Pure.
import { isMemberWord, isWord } from '../../../engine/candidates/quality/names';
import { NAME } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';

/** Nats by which the line has to become likelier. */
export const EXCHANGE_GAIN = 5;
/** Pairs of a selection, the least likely first: the model knows which, and each is a score. */
const MOST_PAIRS = 4;

export interface Exchange extends OffsetRange {
  /** In place of all from the first name to the second. */
  readonly text: string;
  /** The two names. */
  readonly parts: readonly [OffsetRange, OffsetRange];
}

/** A name behind a name: a member of an object, as it is read. */
const MEMBER = /(?<![\p{L}\p{N}_$.)\]>])[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\??\.|->)[\p{L}_$][\p{L}\p{N}_$]*)+/gu;
/** What stands behind a name that is called, set, or a key. */
const FIXING = /^\s*[(:=]/;
/** The branches of a condition are no keys. */
const BRANCH = /^\s*:(?!:)/;
const RECEIVER = /^(self|cls|this)$/;

/** `excessAt`: nats above what is expected in a place of the text that `lines` are in. */
export function exchangedNames(
  text: string,
  lines: readonly OffsetRange[],
  excessAt: (place: OffsetRange) => number,
): readonly Exchange[] {
  return lines
    .flatMap((line) => pairsIn(text, line))
    .map((parts) => ({ parts, excesses: parts.map(excessAt) }))
    .filter(({ excesses }) => Math.max(...excesses) >= 0)
    .sort((a, b) => sum(b.excesses) - sum(a.excesses))
    .slice(0, MOST_PAIRS)
    .map(({ parts }) => exchange(text, parts));
}

type Pair = readonly [OffsetRange, OffsetRange];

function pairsIn(text: string, { start, end }: OffsetRange): readonly Pair[] {
  const line = text.slice(start, end);
  const rangeOf = ({ index, 0: own }: RegExpExecArray) => ({
    start: start + index,
    end: start + index + own.length,
  });
  const names = [...line.matchAll(NAME)].filter((found) => {
    const [name] = found;
    const isOwn = !isWord(name) && !isMemberWord(name) && !RECEIVER.test(name);
    return isOwn && !/[.>\p{N}]/u.test(line[found.index - 1] ?? '') && !isFixed(line, found);
  });
  const members = [...line.matchAll(MEMBER)].filter((found) => !isFixed(line, found));
  const rootOf = ([member]: RegExpExecArray) => /^[^.?-]+/.exec(member)?.[0];
  return [
    ...pairs(names, () => true),
    // Of two objects, their names are exchanged.
    ...pairs(members, (one, other) => rootOf(one) === rootOf(other)),
  ].map(([one, other]) => [rangeOf(one), rangeOf(other)] as const);
}

function pairs(
  all: readonly RegExpExecArray[],
  are: (one: RegExpExecArray, other: RegExpExecArray) => boolean,
): readonly (readonly [RegExpExecArray, RegExpExecArray])[] {
  return all.flatMap((one, i) =>
    all
      .slice(i + 1)
      .filter((other) => one[0] !== other[0] && are(one, other))
      .map((other) => [one, other] as const),
  );
}

function isFixed(line: string, { index, 0: own }: RegExpExecArray): boolean {
  const rest = line.slice(index + own.length);
  const isBranch = BRANCH.test(rest) && line.slice(0, index).includes(' ? ');
  return FIXING.test(rest) && !isBranch;
}

function exchange(text: string, [one, other]: Pair): Exchange {
  const own = (range: OffsetRange) => text.slice(range.start, range.end);
  const between = own({ start: one.end, end: other.start });
  return {
    start: one.start,
    end: other.end,
    text: `${own(other)}${between}${own(one)}`,
    parts: [one, other],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
