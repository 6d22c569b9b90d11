// What people get wrong in a line that is right otherwise: a name is misspelt, an operator is the opposite one, two arguments or names have changed
// places, a number is one off. The texts in which one of these is undone are few, and need no denoising: a score tells which is likelier. Pure.
import { isMemberWord, isWord, LANGUAGE_NAMES } from '../../../engine/candidates/quality/names';
import type { ScoredToken } from '../../../engine/protocol';
import { countNames, NAME, nearNames } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';
import { callArguments } from './callArguments';
import { isSameInEitherOrder } from './eitherOrder';
import { EXCHANGE_GAIN, type Exchange, exchangedNames, RECEIVER } from './exchangedNames';
import { excess, isWordUnit } from './plan';

/**
 * Nats by which the line has to become likelier: less than for a word that is denoised, since hardly a text is likelier by chance that
 * differs in so little (docs/decisions/repair-first.md).
 */
export const SLIP_GAIN = 2;
/** Share of `most` that bounds how many of the least likely names are respelt. */
const SHARE_OF_WORDS = 0.4;
/** Each is a score of the line. */
export const MOST_TEXTS = 8;

/** What is known of the text that a selection is in. */
export interface SlipFacts {
  /** Where nothing is a slip (engine/syntax/settled.ts). */
  readonly settled: readonly OffsetRange[];
  /** Whether there is more of the text elsewhere, which may have names that it lacks: none is spelt anew then. */
  readonly isPart?: boolean;
  /** Most texts. Default: as many as somebody waits for. */
  readonly most?: number;
  /** Nats above what the model expects in a place, from which on a slip is looked for there. Default: any. */
  readonly least?: number;
}

/** A text with one place changed. */
export interface Mending {
  /** Of the whole selection. */
  readonly text: string;
  /** Where the changed line stands in the old text, as far as it is selected, and what was changed in it. */
  readonly line: OffsetRange;
  readonly place: OffsetRange;
  /** Two names in `place` that are in each other's place. */
  readonly parts?: Exchange['parts'];
  /** Nats by which the line has to become likelier, where that is more than for others of its kind. */
  readonly least?: number;
}

interface Edit extends OffsetRange {
  readonly text: string;
  /** What stands there is only in another order: strings in it stay what they are. */
  readonly isOrder?: true;
  readonly parts?: Exchange['parts'];
}

/** Texts of a selection with one slip undone, the least likely places first. `tokens`: of the selection. */
export function withoutSlips(
  text: string,
  range: OffsetRange,
  tokens: readonly ScoredToken[],
  { settled, isPart = false, most = MOST_TEXTS, least = Number.NEGATIVE_INFINITY }: SlipFacts,
): readonly Mending[] {
  const contains = (one: OffsetRange, other: OffsetRange) => one.start <= other.start && one.end >= other.end;
  const excessAt = (place: OffsetRange) => excessIn(tokens, place);
  const isSettled = (place: OffsetRange) => settled.some((one) => touches(one, place));
  const lines = linesIn(text, range);
  const edits: readonly Edit[] = [
    ...(isPart ? [] : respellings(text, lines, excessAt, Math.floor(SHARE_OF_WORDS * most))),
    ...lines.flatMap((line) => slipsOfLine(text, line)),
    ...lines.flatMap((line) => exchangedNames(text, line, wholeLine(text, line), { excessAt, isSettled })),
  ].filter((edit) => edit.start >= range.start && edit.end <= range.end);
  const seen = new Set<string>();
  return edits
    .filter((edit) =>
      edit.isOrder
        ? !settled.some((one) => contains(one, edit))
        : edit.parts !== undefined || !isSettled(edit),
    )
    .map((edit) => ({ edit, excess: Math.max(...(edit.parts ?? [edit]).map(excessAt)) }))
    .filter(({ excess }) => excess >= least)
    .sort((a, b) => b.excess - a.excess)
    .flatMap(({ edit }) => {
      const line = lines.find((one) => edit.start >= one.start && edit.end <= one.end);
      const fresh = text.slice(range.start, edit.start) + edit.text + text.slice(edit.end, range.end);
      if (line === undefined || seen.size >= most || seen.has(fresh)) return [];
      seen.add(fresh);
      const place = { start: edit.start, end: edit.end };
      return [{ text: fresh, line, place, ...(edit.parts && { parts: edit.parts, least: EXCHANGE_GAIN }) }];
    });
}

/** The part that surprises most. */
export function worstPart(
  [one, other]: Exchange['parts'],
  tokens: readonly ScoredToken[],
): { readonly worst: OffsetRange; readonly other: OffsetRange } {
  const isOne = excessIn(tokens, one) >= excessIn(tokens, other);
  return isOne ? { worst: one, other } : { worst: other, other: one };
}

/** Nats above what is expected in a place. */
function excessIn(tokens: readonly ScoredToken[], place: OffsetRange): number {
  const own = tokens.filter((token) => touches(token, place));
  return Math.max(...own.map(excess), Number.NEGATIVE_INFINITY);
}

export function touches(one: OffsetRange, other: OffsetRange): boolean {
  return one.start < other.end && one.end > other.start;
}

/** The lines in the order in which each comes first: what is around a line is read once for all that is tried in it. */
export function byLine<T extends Pick<Mending, 'line'>>(mendings: readonly T[]): readonly T[] {
  const lines = new Map<number, T[]>();
  for (const one of mendings) lines.set(one.line.start, [...(lines.get(one.line.start) ?? []), one]);
  return [...lines.values()].flat();
}

/** As far as they are in the range; those of blanks alone have nothing to look at. */
export function linesIn(text: string, { start, end }: OffsetRange): readonly OffsetRange[] {
  return [...text.slice(start, end).matchAll(/[^\r\n]*\S[^\r\n]*/g)].map(({ index, 0: own }) => ({
    start: start + index,
    end: start + index + own.length,
  }));
}

interface Slip {
  readonly pattern: RegExp;
  /** In place of what was found. */
  readonly others: (found: RegExpExecArray) => readonly string[];
}

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  ...{ '===': ['!=='], '!==': ['==='], '==': ['!='], '!=': ['=='] },
  ...{ '<=': ['<', '>='], '>=': ['>', '<='], '<': ['<=', '>'], '>': ['>=', '<'] },
  ...{ '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '+=': ['-='], '-=': ['+='] },
  ...{ '&&': ['||'], '||': ['&&'], and: ['or'], or: ['and'], 'not in': ['in'], 'is not': ['is'] },
  ...{ True: ['False'], False: ['True'], true: ['false'], false: ['true'], min: ['max'], max: ['min'] },
};
const otherOf = ([found]: RegExpExecArray) => OTHERS[found] ?? [];

/** A letter, a digit, or a sign of names. */
const UNIT = '[\\p{L}\\p{N}_$]';
const pattern = (source: string) => new RegExp(source, 'gu');

const SLIPS: readonly Slip[] = [
  {
    pattern: /(?<= )(?:===|!==|==|!=|<=|>=|<|>|\+=|-=|\+|-|\*|\/|&&|\|\||and|or|not in|is not)(?= )/g,
    others: otherOf,
  },
  {
    pattern: pattern(`(?<!${UNIT})(?:(?:True|False|true|false)(?!${UNIT})|(?:min|max)(?=\\())`),
    others: otherOf,
  },
  {
    pattern: pattern(`(?<!${UNIT}|[!)\\]])!(?=[\\p{L}_$(])(?!important)|(?<!${UNIT})not (?!in\\b)`),
    others: () => [''],
  },
  {
    pattern: pattern(`(?<!${UNIT}|[.'-])(?!0\\d)\\d{1,3}(?!${UNIT}|[.'])`),
    others: ([digits]) =>
      (Number(digits) > 0 ? [`${Number(digits) - 1}`] : []).concat(`${Number(digits) + 1}`),
  },
];

/** The line of the document that a part is of. */
function wholeLine(text: string, { start, end }: OffsetRange): OffsetRange {
  const from = Math.max(text.lastIndexOf('\n', start - 1), text.lastIndexOf('\r', start - 1)) + 1;
  const more = text.slice(end).search(/[\r\n]/);
  return { start: from, end: more < 0 ? text.length : end + more };
}

/** In the line of the document, of which a part may be selected: what is beside a sign tells what it is. */
function slipsOfLine(text: string, part: OffsetRange): readonly Edit[] {
  const { start: from, end } = wholeLine(text, part);
  const line = text.slice(from, end);
  const signs = SLIPS.flatMap(({ pattern, others }) =>
    [...line.matchAll(pattern)].flatMap((found) => {
      const edit = { start: found.index, end: found.index + found[0].length };
      return others(found).map((text) => ({ ...edit, text }));
    }),
  );
  return [...swaps(line), ...signs].map((edit) => ({
    ...edit,
    start: from + edit.start,
    end: from + edit.end,
  }));
}

/** Two arguments in each other's place. */
function swaps(line: string): readonly Edit[] {
  return callArguments(line).flatMap((all) =>
    all.slice(1).flatMap((second, i) => {
      const first = all[i] ?? second;
      const [one, other] = [first, second].map(({ start, end }) => line.slice(start, end));
      if (one === other || RECEIVER.test(one ?? '')) return [];
      if (isSameInEitherOrder(line, [first, second])) return [];
      const between = line.slice(first.end, second.start);
      return [{ start: first.start, end: second.end, text: `${other}${between}${one}`, isOrder: true }];
    }),
  );
}

/** Other names in place of the least likely ones. `excessAt`: nats above what is expected in a place. */
function respellings(
  text: string,
  lines: readonly OffsetRange[],
  excessAt: (place: OffsetRange) => number,
  most: number,
): readonly Edit[] {
  const counts = countNames(text);
  return ownNames(text, lines)
    .map((range) => {
      // Of a name whose end is missing, what comes too soon behind it is what surprises.
      const isEnd = !/[.:([-]/.test(text[range.end] ?? '');
      return { range, surprising: excessAt({ start: range.start, end: range.end + (isEnd ? 1 : 0) }) };
    })
    .filter(({ surprising }) => surprising >= 0)
    .sort((a, b) => b.surprising - a.surprising)
    .slice(0, most)
    .flatMap(({ range }) =>
      nearNames(text, range, '', { language: LANGUAGE_NAMES, counts }).map((other) => ({
        ...range,
        text: other,
      })),
    );
}

/** Whether a name in the range stands nowhere else and is near to one that does: it may be misspelt, however likely it is. */
export function mayBeMisspelt(text: string, range: OffsetRange): boolean {
  const counts = countNames(text);
  return ownNames(text, linesIn(text, range)).some(
    (place) => nearNames(text, place, '', { counts }).length > 0,
  );
}

/** Names in the lines that no language brings along, whole ones. */
function ownNames(text: string, lines: readonly OffsetRange[]): readonly OffsetRange[] {
  return lines.flatMap(({ start, end }) =>
    [...text.slice(start, end).matchAll(NAME)]
      .filter(([name]) => !isWord(name) && !isMemberWord(name))
      .map(({ index, 0: name }) => ({ start: start + index, end: start + index + name.length }))
      .filter((place) => isWholeName(text, place)),
  );
}

/** Whether a selection that begins or ends within the name has all of it. */
function isWholeName(text: string, { start, end }: OffsetRange): boolean {
  return !isWordUnit(text[start - 1]) && !isWordUnit(text[end]);
}
