// Several lines with one fault among them: what is found where as much is tried as in one line, and where more is.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { type Gains, LINE_GAINS, LINES_GAINS } from '../../extension/rewrite/repair/gains';
import { MOST_WORDS, withLikelierWords } from '../../extension/rewrite/repair/likelierWords';
import { surpriseOf } from '../../extension/rewrite/repair/plan';
import { linesIn, type Mending, MOST_TEXTS, withoutSlips } from '../../extension/rewrite/repair/slips';
import type { OffsetRange } from '../../extension/text/types';
import { markdownTable, median, progress, publish, runBench, STARTER } from '../harness';
import { type Evaluated, evaluated } from '../infilling/engine';
import { HELD, heldFiles } from '../infilling/spans';
import { type FaultyCase, faultyCases } from './cases';
import { scoreOf } from './ways';

/** Lines for which as many texts are tried as for one. */
const LINES = [1, 2, 4];
const GAINS = { 'as Repair Selection': LINE_GAINS, 'as a rewrite of several lines': LINES_GAINS };

interface Tried {
  readonly text: string;
  /** Nats. */
  readonly gain: number;
  /** Nats that it has to gain by itself. */
  readonly least: number;
}

interface Selection {
  readonly text: string;
  readonly range: OffsetRange;
  /** What is tried, by the number of lines it is enough for. */
  readonly tried: ReadonlyMap<number, { readonly slips: readonly Tried[]; readonly words: readonly Tried[] }>;
}

interface Row {
  readonly right: string;
  readonly faulty: Selection;
  /** The same without the fault. */
  readonly whole: Selection;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '2' },
      half: { type: 'string', default: 'measure' },
      lines: { type: 'string', default: '7' },
    },
  });
  const engine = await evaluated(values.model, 2);
  const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
  const trees = new SyntaxTrees({ folder, warn: progress, limitMillis: 60_000 });
  const sources = heldFiles(values.held, values.half === 'fit' ? 'fit' : 'measure');
  const cases = faultyCases(sources, Number(values.cases));
  const rows: Row[] = [];
  try {
    for (const [index, held] of cases.entries()) {
      const range = around(held.text, held.line, Number(values.lines));
      const right =
        held.text.slice(range.start, held.line.start) +
        held.right +
        held.text.slice(held.line.end, range.end);
      const whole = held.text.slice(0, range.start) + right + held.text.slice(range.end);
      rows.push({
        right,
        faulty: await tryAll(engine, trees, held, held.text, range),
        whole: await tryAll(engine, trees, held, whole, {
          start: range.start,
          end: range.start + right.length,
        }),
      });
      if (index % 5 === 4) progress(`${index + 1} of ${cases.length} selections`);
    }
  } finally {
    trees.dispose();
    await engine.dispose();
  }
  publish({
    name: 'repairLines',
    model: values.model,
    title: 'Several lines with one planted fault: mended',
    facts: [
      `${rows.length} selections of ${values.lines} lines, the faulty one in the middle; ${values.cases} of each kind of fault and language`,
      ...(values.half === 'fit' ? ['on the half that is for choosing'] : []),
    ],
    sections: [
      '_Texts_: the most texts without a slip and the most places for another word, as for so many lines. _Back_: what stood there is there again. _Changed_: of the same lines without a fault. _Scores_: lines that are scored, median.',
      ...Object.entries(GAINS).map(
        ([name, gains]) =>
          `${capital(name)} (a slip by ${gains.slip} nats, a word by ${gains.word}):\n\n${table(rows, gains)}`,
      ),
    ],
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** So many lines with the given one in the middle, as far as there are; without the blanks at both ends. */
function around(text: string, line: OffsetRange, count: number): OffsetRange {
  let { start, end } = line;
  for (let more = 0; more < (count - 1) / 2; more++) {
    const before = text.lastIndexOf('\n', text.lastIndexOf('\n', start - 1) - 1) + 1;
    if (text.lastIndexOf('\n', start - 1) >= 0) start = before;
    const after = text.indexOf('\n', end);
    const next = after < 0 ? -1 : text.indexOf('\n', after + 1);
    end = after < 0 ? end : next < 0 ? text.length : next;
  }
  const all = linesIn(text, { start, end });
  const [first, last] = [all[0] ?? line, all.at(-1) ?? line];
  const indentation = text.slice(first.start, first.end).search(/\S/);
  return { start: first.start + indentation, end: last.end };
}

async function tryAll(
  engine: Evaluated,
  trees: SyntaxTrees,
  { language }: Pick<FaultyCase, 'language'>,
  text: string,
  range: OffsetRange,
): Promise<Selection> {
  const settled = (await trees.ask(text, language, (tree) => tree.settled(range))) ?? [];
  const tokens = await scoreOf(engine, { language }, text, range);
  const gains = new Map<string, number>();
  const olds = new Map<number, number>();
  const surprise = async (of: string, line: OffsetRange) =>
    surpriseOf(await scoreOf(engine, { language }, of, line));
  const gainOf = async ({ text: fresh, line }: Mending) => {
    const known = gains.get(fresh);
    if (known !== undefined) return known;
    const old = olds.get(line.start) ?? (await surprise(text, line));
    olds.set(line.start, old);
    const whole = text.slice(0, range.start) + fresh + text.slice(range.end);
    const grown = range.start + fresh.length - range.end;
    const gain = old - (await surprise(whole, { start: line.start, end: line.end + grown }));
    gains.set(fresh, gain);
    return gain;
  };
  const tryEach = async (mendings: readonly Mending[]) => {
    const tried: Tried[] = [];
    for (const one of mendings)
      tried.push({ text: one.text, gain: await gainOf(one), least: one.least ?? 0 });
    return tried;
  };
  const tried = new Map<number, { slips: Tried[]; words: Tried[] }>();
  for (const lines of LINES) {
    const slips = withoutSlips(text, range, tokens, { settled, most: lines * MOST_TEXTS });
    const words = withLikelierWords(text, range, tokens, { settled, most: lines * MOST_WORDS });
    tried.set(lines, { slips: await tryEach(slips), words: await tryEach(words) });
  }
  return { text, range, tried };
}

/** What is proposed first, and how many lines are scored for it. */
function proposed({ tried }: Selection, lines: number, gains: Gains) {
  const { slips = [], words = [] } = tried.get(lines) ?? {};
  const best = (all: readonly Tried[], least = 0) =>
    all.filter((one) => one.gain >= Math.max(least, one.least)).toSorted((a, b) => b.gain - a.gain)[0]?.text;
  const undone = best(slips, gains.slip);
  if (undone !== undefined) return { text: undone, scores: slips.length };
  return { text: best(words, gains.word), scores: slips.length + words.length };
}

function table(rows: readonly Row[], gains: Gains): string {
  return markdownTable(
    ['texts', 'back', 'other', 'nothing', 'changed', 'scores'],
    LINES.map((lines) => {
      const found = rows.map(({ faulty }) => proposed(faulty, lines, gains));
      const back = found.filter(({ text }, i) => text === rows[i]?.right).length;
      const nothing = found.filter(({ text }) => text === undefined).length;
      const changed = rows.filter(({ whole }) => proposed(whole, lines, gains).text !== undefined).length;
      const scores = median(found.map((one) => one.scores));
      return [
        `${lines * MOST_TEXTS}, ${lines * MOST_WORDS}`,
        ...[back, found.length - back - nothing, nothing, changed, scores].map(String),
      ];
    }),
  );
}

runBench(main);
