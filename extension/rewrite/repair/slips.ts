// What people get wrong in a line that is right otherwise: a name is misspelt, an operator is the opposite one, two arguments have changed
// places, a number is one off. The texts in which one of these is undone are few, and need no denoising: a score tells which is likelier. Pure.
import { isMemberWord, isWord, LANGUAGE_NAMES } from '../../../engine/candidates/quality/names';
import type { ScoredToken } from '../../../engine/protocol';
import { NAME, nearNames } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';
import { excess, unlikelyWords } from './plan';

/**
 * Nats by which the whole has to become likelier: less than for a word that is denoised, since hardly a text is likelier by chance that
 * differs in so little (docs/decisions/repair-first.md).
 */
export const SLIP_GAIN = 2;
/** Of so many words of a selection, the least likely ones, the names near to them are looked at. */
const MOST_WORDS = 3;
/** Each is a score of the line. */
const MOST_TEXTS = 8;

export interface WithoutSlip {
  /** Of the whole selection. */
  readonly text: string;
  /** Where the line with the slip stands in the old text, as far as it is selected. */
  readonly line: OffsetRange;
}

/** Texts of a selection with one slip undone, those of the line with the least likely word first. `tokens`: of the selection. */
export function withoutSlips(
  text: string,
  { start, end }: OffsetRange,
  tokens: readonly ScoredToken[],
): readonly WithoutSlip[] {
  const lines = [...text.slice(start, end).matchAll(/[^\r\n]+/g)].map(({ index, 0: own }) => {
    const line = { start: start + index, end: start + index + own.length };
    const within = tokens.filter((token) => token.start < line.end && token.end > line.start);
    return { line, within, worst: Math.max(...within.map(excess)) };
  });
  return lines
    .toSorted((a, b) => b.worst - a.worst)
    .flatMap(({ line, within }) =>
      linesWithoutSlip(text, line, within).map((own) => ({
        line,
        text: text.slice(start, line.start) + own + text.slice(line.end, end),
      })),
    )
    .slice(0, MOST_TEXTS);
}

function linesWithoutSlip(
  text: string,
  line: OffsetRange,
  tokens: readonly ScoredToken[],
): readonly string[] {
  const own = text.slice(line.start, line.end);
  const edits = SLIPS.flatMap(({ pattern, others }) =>
    [...own.matchAll(pattern)].flatMap((found) =>
      outsideProse(own, found) ? others(found).map((other) => replaced(own, found, other)) : [],
    ),
  );
  return [...new Set([...respellings(text, line, tokens), ...edits])];
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

const SLIPS: readonly Slip[] = [
  {
    pattern: /(?<=\()([\w.]+), ([\w.]+)(?=[,)])/g,
    others: ([, first = '', second = '']) => (first === second ? [] : [`${second}, ${first}`]),
  },
  {
    pattern: /(?<= )(?:===|!==|==|!=|<=|>=|<|>|\+=|-=|\+|-|\*|\/|&&|\|\||and|or|not in|is not)(?= )/g,
    others: otherOf,
  },
  { pattern: /\b(?:True|False|true|false)\b|\b(?:min|max)(?=\()/g, others: otherOf },
  { pattern: /(?<![\w!])!(?=[\w(])|\bnot (?!in\b)/g, others: () => [''] },
  {
    pattern: /(?<![\w.])\d{1,3}(?![\w.])/g,
    others: ([digits]) =>
      (Number(digits) > 0 ? [`${Number(digits) - 1}`] : []).concat(`${Number(digits) + 1}`),
  },
];

/** Strings, and comments to the end of the line. */
const PROSE = /(['"`])(?:\\.|(?!\1).)*\1|(?:#|\/\/).*$/gm;

function outsideProse(own: string, found: RegExpExecArray): boolean {
  const end = found.index + found[0].length;
  return [...own.matchAll(PROSE)].every(
    ({ index, 0: prose }) => end <= index || found.index >= index + prose.length,
  );
}

function replaced(own: string, { index, 0: found }: RegExpExecArray, other: string): string {
  return own.slice(0, index) + other + own.slice(index + found.length);
}

/** With another name in place of one of its unlikely words, the least likely word first. */
function respellings(
  text: string,
  { start, end }: OffsetRange,
  tokens: readonly ScoredToken[],
): readonly string[] {
  const texts: string[] = [];
  for (const word of unlikelyWords(text, tokens, { most: MOST_WORDS })) {
    const name = nameIn(text, word);
    if (name === undefined || name.start < start || name.end > end) continue;
    for (const near of nearNames(text, name, '', LANGUAGE_NAMES))
      texts.push(text.slice(start, name.start) + near + text.slice(name.end, end));
  }
  return texts;
}

/** The one name of a word, which may have signs around it; what languages bring along is spelt right. */
function nameIn(text: string, { start, end }: OffsetRange): OffsetRange | undefined {
  const [found, ...more] = text.slice(start, end).matchAll(NAME);
  if (found === undefined || more.length > 0 || isWord(found[0]) || isMemberWord(found[0])) return undefined;
  const from = start + found.index;
  return { start: from, end: from + found[0].length };
}
