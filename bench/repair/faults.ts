// Plants one fault in a line of somebody's code, as people make them. Pure, and the same for the same random numbers.
import type { Random } from '../../engine/decoding/random';

export const FAULTS = [
  'wrong name',
  'wrong operator',
  'argument order',
  'off by one',
  'missing call',
  'wrong literal',
  'misspelt name',
  'half written',
  'exchanged names',
] as const;
export type Fault = (typeof FAULTS)[number];

/** An edit of the right text that makes it wrong; UTF-16 offsets. */
export interface Planted {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const KEYWORDS = new Set(
  `and as assert async await break case catch class const continue def default del do elif else enum except export extends
  False finally for from function global if import in instanceof interface is lambda let new None nonlocal not null of or
  pass print raise return self static super switch this throw True true false try type typeof undefined var void while with
  yield`.split(/\s+/),
);

/** A fault in the line at [start, end) of the text; undefined where the line has no place for one of this kind. */
export function plant(
  fault: Fault,
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  random: Random,
): Planted | undefined {
  const line = text.slice(start, end);
  const places = PLANTERS[fault](line, text, random);
  const chosen = pick(places, random);
  return chosen && { start: start + chosen.start, end: start + chosen.end, text: chosen.text };
}

type Planter = (line: string, text: string, random: Random) => readonly Planted[];

const PLANTERS: Readonly<Record<Fault, Planter>> = {
  'wrong name': (line, text, random) => {
    const near = [...new Set([...text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]+/gu)].map(([name]) => name))].filter(
      (name) => !KEYWORDS.has(name),
    );
    return outsideStrings(line, /[\p{L}_$][\p{L}\p{N}_$]+/gu)
      .filter(({ found }) => !KEYWORDS.has(found[0]))
      .flatMap(({ start, end, found }) => {
        const other = pick(
          near.filter((name) => name !== found[0]),
          random,
        );
        return other === undefined ? [] : [{ start, end, text: other }];
      });
  },
  'wrong operator': (line) =>
    outsideStrings(
      line,
      / (===|!==|==|!=|<=|>=|<|>|\+|-|\*|\/|&&|\|\||and|or|in|not in|is|is not) /g,
    ).flatMap(({ start, found }) => {
      const old = found[1] ?? '';
      const text = OTHER_OPERATOR[old];
      return text === undefined ? [] : [{ start: start + 1, end: start + 1 + old.length, text }];
    }),
  'argument order': (line) =>
    outsideStrings(line, /\(([\w.]+), ([\w.]+)(?=[,)])/g).flatMap(({ start, end, found }) => {
      const [, first = '', second = ''] = found;
      return first === second || first === 'self'
        ? []
        : [{ start: start + 1, end, text: `${second}, ${first}` }];
    }),
  'off by one': (line) => [
    ...outsideStrings(line, /(?<![\w.])\d{1,3}(?![\w.])/g).map(({ start, end, found }) => ({
      start,
      end,
      text: String(Number(found[0]) + 1),
    })),
    ...outsideStrings(line, / ([+-]) 1(?![\w.])/g).map(({ start, end }) => ({ start, end, text: '' })),
  ],
  'missing call': (line) => [
    ...outsideStrings(line, /\.\w+\(\)/g).map(({ start, end }) => ({ start, end, text: '' })),
    ...outsideStrings(
      line,
      /(?<![\w.])(?!(?:if|for|while|switch|catch|return|def|function)\b)[\w.]+\(([\w.]+)\)/g,
    )
      .filter(({ end }) => !/^\s*[:{]/.test(line.slice(end)))
      .map(({ start, end, found }) => ({ start, end, text: found[1] ?? '' })),
  ],
  'misspelt name': (line, _, random) =>
    outsideStrings(line, /[\p{L}_$][\p{L}\p{N}_$]+/gu)
      .filter(({ found }) => !KEYWORDS.has(found[0]) && found[0].length >= SHORTEST_MISSPELT)
      .map(({ start, end, found }) => ({ start, end, text: misspelt(found[0], random) })),
  'half written': (line) =>
    outsideStrings(line, /[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]/gu)
      .filter(({ end }) => end >= LEAST_WRITTEN * line.length && end < line.length)
      .map(({ end }) => ({ start: end, end: line.length, text: '' })),
  'exchanged names': (line) => {
    const names = outsideStrings(line, /(?<![\p{L}\p{N}_$.])[\p{L}_$][\p{L}\p{N}_$]*(?!\s*[(:=])/gu).filter(
      ({ end, found }) => !KEYWORDS.has(found[0]) && !/^[\p{L}\p{N}_$]/u.test(line.slice(end)),
    );
    return names.flatMap((one, i) =>
      names
        .slice(i + 1)
        .filter((other) => other.found[0] !== one.found[0])
        .map((other) => ({
          start: one.start,
          end: other.end,
          text: other.found[0] + line.slice(one.end, other.start) + one.found[0],
        })),
    );
  },
  'wrong literal': (line, text, random) => [
    ...outsideStrings(line, /\b(True|False|true|false|None|null)\b/g).map(({ start, end, found }) => ({
      start,
      end,
      text: OTHER_LITERAL[found[0]] ?? '0',
    })),
    ...[...line.matchAll(/(['"])(\w+)\1/g)].flatMap((found) => {
      const others = [...text.matchAll(/(['"])(\w+)\1/g)].filter((one) => one[2] !== found[2]);
      const other = pick(others, random);
      const start = found.index;
      const [all, quote = ''] = found;
      return other === undefined ? [] : [{ start, end: start + all.length, text: quote + other[2] + quote }];
    }),
  ],
};

const SHORTEST_MISSPELT = 4;

/** Of a half-written line, the part that stands there at least. */
const LEAST_WRITTEN = 0.4;

/** A letter is left out, or swapped with the next one. */
function misspelt(name: string, random: Random): string {
  const at = 1 + Math.floor(random() * (name.length - 2));
  const [one = '', other = ''] = name.slice(at, at + 2);
  const fresh = one === other || random() < 0.5 ? other : other + one;
  return name.slice(0, at) + fresh + name.slice(at + 2);
}

const OTHER_OPERATOR: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '==': '!=',
  '!=': '==',
  '<=': '<',
  '>=': '>',
  '<': '<=',
  '>': '>=',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
  and: 'or',
  or: 'and',
  in: 'not in',
  'not in': 'in',
  is: 'is not',
  'is not': 'is',
};

const OTHER_LITERAL: Readonly<Record<string, string>> = {
  True: 'False',
  False: 'True',
  true: 'false',
  false: 'true',
  None: '0',
  null: '0',
};

interface Found {
  readonly start: number;
  readonly end: number;
  readonly found: RegExpMatchArray;
}

/** Matches in the code of a line, none of which touches a string or a comment. */
function outsideStrings(line: string, pattern: RegExp): readonly Found[] {
  const prose = [...line.matchAll(/(['"`])(?:\\.|(?!\1).)*\1|(?:#|\/\/).*$/g)].map(({ index, 0: all }) => ({
    from: index,
    to: index + all.length,
  }));
  return [...line.matchAll(pattern)]
    .map((found) => ({ start: found.index, end: found.index + found[0].length, found }))
    .filter(({ start, end }) => prose.every(({ from, to }) => end <= from || start >= to));
}

function pick<T>(values: readonly T[], random: Random): T | undefined {
  return values[Math.floor(random() * values.length)];
}
