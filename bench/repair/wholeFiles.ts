// Files with seven faults in them, all of whose screens are marked as the editor does: how many of the faults are, and what else.
import { type Random, seededRandom } from '../../engine/decoding/random';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { worstPart } from '../../extension/rewrite/repair/slips';
import { chunksOf } from '../../extension/suspicion/chunks';
import { type Mark, marksOf, stepOf, unseen, withSlips, worstOf } from '../../extension/suspicion/marks';
import { markdownTable } from '../harness';
import type { Evaluated } from '../infilling/engine';
import { type HeldFile, LANGUAGES, type Language } from '../infilling/spans';
import { lineAt } from './cases';
import { FAULTS, type Fault, plant } from './faults';
import { isOn, slipsOf, THRESHOLD } from './suspicion';

/** In a file, each of another kind. */
export const FAULTS_IN_FILE = 7;
/** As in the editor (extension/suspicion/marks.ts), where it counts marks a screen. */
const SCREEN = 40;
/** So long that there is a screen for each fault. */
const FEWEST_LINES = FAULTS_IN_FILE * SCREEN;
/** UTF-16 units. */
const LONGEST_FILE = 20_000;
/** As in extension/suspicion/slipMarks.ts, which ends after two seconds, too. */
const MOST_TEXTS = 24;
const LEAST_GAIN = 3;
/** `palimpsest.suspicion.marksPerScreen`: its default, more, and all. */
const MARKS_A_SCREEN = [1, 2, 3, 5, 0];

export interface FaultyFile {
  readonly language: Language;
  readonly source: string;
  readonly text: string;
  /** In text order; UTF-16 offsets of `text`, as `FaultyCase.planted`. */
  readonly planted: readonly { readonly fault: Fault; readonly start: number; readonly end: number }[];
}

/** `count` of each language, as far as there are so many. */
export function faultyFiles(files: readonly HeldFile[], count: number): FaultyFile[] {
  return LANGUAGES.flatMap((language) => {
    const random = seededRandom(43);
    const own = shuffled(
      files.filter((file) => file.language === language && file.text.length <= LONGEST_FILE),
      random,
    );
    const faulty: FaultyFile[] = [];
    for (const { source, text } of own) {
      if (faulty.length === count) break;
      const made = plantAll(text, random);
      if (made !== undefined) faulty.push({ language, source, ...made });
    }
    return faulty;
  });
}

/** The text with seven faults of as many kinds, one near the middle of each seventh; undefined where there is no room for them. */
export function plantAll(text: string, random: Random): Pick<FaultyFile, 'text' | 'planted'> | undefined {
  const lines = text.split('\n').length;
  if (lines < FEWEST_LINES) return undefined;
  const kinds = shuffled(FAULTS, random);
  const planted: FaultyFile['planted'][number][] = [];
  let faulty = text;
  for (let part = 0; part < FAULTS_IN_FILE; part++) {
    const middle = Math.floor(((part + 0.5) * lines) / FAULTS_IN_FILE);
    const found = plantNear(faulty, middle, lines / FAULTS_IN_FILE / 2, kinds, random);
    if (found === undefined) return undefined;
    const { fault, start, end, fresh } = found;
    kinds.splice(kinds.indexOf(fault), 1);
    faulty = faulty.slice(0, start) + fresh + faulty.slice(end);
    // No fault changes the number of lines, and those that come later stand behind it.
    planted.push({ fault, start, end: start + fresh.length });
  }
  return { text: faulty, planted };
}

/** In the line that is nearest to `middle`, and less than `reach` lines from it. */
function plantNear(text: string, middle: number, reach: number, kinds: readonly Fault[], random: Random) {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  for (let step = 0; step < 2 * reach - 1; step++) {
    const number = middle + (step % 2 === 0 ? step / 2 : -(step + 1) / 2);
    const line = lineAt(text, starts[number] ?? text.length);
    for (const fault of line === undefined ? [] : kinds) {
      const edit = line && plant(fault, text, line, random);
      if (edit !== undefined) return { fault, start: edit.start, end: edit.end, fresh: edit.text };
    }
  }
  return undefined;
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  return values
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

/** All that the editor would find in a file, for any number of marks a screen. */
export interface MarkedFile {
  readonly faulty: FaultyFile;
  readonly found: readonly Mark[];
}

/** As extension/suspicion/scoring.ts does, piece by piece. */
export async function markedFile(
  engine: Evaluated,
  trees: SyntaxTrees,
  faulty: FaultyFile,
): Promise<MarkedFile> {
  const { text, language } = faulty;
  const all = { start: 0, end: text.length };
  const prose = (await trees.ask(text, language, (tree) => tree.prose(all))) ?? [];
  const found: Mark[] = [];
  for (const range of chunksOf(text, all)) {
    const { tokens, method } = await engine.open.score(
      { requestId: 1, model: '', priority: 'rewrite', text, range, language },
      {},
    );
    const limits = { most: MOST_TEXTS, leastGain: LEAST_GAIN };
    const slips = await slipsOf(engine, trees, faulty, range, tokens, limits);
    const marks = slips.map(({ gain, place, parts }): Mark => {
      const { start, end } = parts === undefined ? place : worstPart(parts, tokens).worst;
      return {
        ...{ start, end: start + text.slice(start, end).trimEnd().length, method, alternatives: [] },
        ...{ probability: Math.exp(-gain), excess: gain, slip: { instead: '', gain } },
        step: Math.max(1, stepOf(Math.exp(gain), THRESHOLD)),
      };
    });
    const free = [...prose, ...unseen(text, method)];
    found.push(...withSlips(marksOf(tokens, 0, THRESHOLD, { free, method }), marks));
  }
  return { faulty, found };
}

export function wholeFilesTable(files: readonly MarkedFile[]): string {
  const faults = files.length * FAULTS_IN_FILE;
  const screens = files.reduce((sum, { faulty }) => sum + faulty.text.split('\n').length / SCREEN, 0);
  return markdownTable(
    ['marks a screen at most', 'marks a screen', `found, of ${faults}`, 'found %', 'false marks a screen'],
    MARKS_A_SCREEN.map((most) => {
      const counts = files.map(({ faulty: { text, planted }, found }) => {
        const marks = worstOf(found, most, (offset) => text.slice(0, offset).split('\n').length - 1);
        const hit = planted.filter((one) => marks.some(isOn(one))).length;
        const wrong = marks.filter((mark) => !planted.some((one) => isOn(one)(mark))).length;
        return { marks: marks.length, hit, wrong };
      });
      const sum = (key: 'marks' | 'hit' | 'wrong') => counts.reduce((total, one) => total + one[key], 0);
      return [
        most === 0 ? 'all' : `${most}${most === MARKS_A_SCREEN[0] ? ', the default' : ''}`,
        (sum('marks') / screens).toFixed(1),
        String(sum('hit')),
        ((100 * sum('hit')) / Math.max(1, faults)).toFixed(0),
        (sum('wrong') / screens).toFixed(1),
      ];
    }),
  );
}
