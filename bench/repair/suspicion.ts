// How many of the marks on a screen of code with one fault in it are the fault.

import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { type Mark, marksOf } from '../../extension/suspicion/marks';
import type { OffsetRange } from '../../extension/text/types';
import { markdownTable } from '../harness';
import type { Evaluated } from '../infilling/engine';
import type { FaultyCase } from './cases';
import { scoreOf } from './ways';

/** Whole lines: the range's own and `count` on each side. */
export function linesAround(text: string, { start, end }: OffsetRange, count: number): OffsetRange {
  let from = text.lastIndexOf('\n', start - 1) + 1;
  for (let line = 0; line < count && from > 0; line++) from = text.lastIndexOf('\n', from - 2) + 1;
  let to = end;
  for (let line = 0; line <= count && to < text.length; line++) {
    const next = text.indexOf('\n', to);
    to = next < 0 ? text.length : next + 1;
  }
  return { start: from, end: to };
}

const THRESHOLD = 100;
const SCREEN_SIDE = 20;

interface ScreenMark {
  readonly mark: Mark;
  readonly isFault: boolean;
  readonly isProse: boolean;
}

/** All marks of a screen, as the extension would find them. */
export interface Screen {
  readonly marks: readonly ScreenMark[];
}

export async function screenOf(engine: Evaluated, trees: SyntaxTrees, held: FaultyCase): Promise<Screen> {
  const { text, language, line, planted } = held;
  const range = linesAround(text, line, SCREEN_SIDE);
  const marks = marksOf(await scoreOf(engine, held, text, range), 0, THRESHOLD);
  const prose = (await trees.ask(text, language, (tree) => tree.prose(range))) ?? [];
  return {
    marks: marks.map((mark) => ({
      mark,
      // Where something was left out, what stands on either side of it is meant.
      isFault:
        mark.start < Math.max(planted.end, planted.start + 1) &&
        mark.end > planted.start - Number(planted.end === planted.start),
      isProse: prose.some(({ start, end }) => start <= mark.start && mark.start < end),
    })),
  };
}

export function suspicionTable(screens: readonly Screen[]): string {
  const ways: [string, (marks: readonly ScreenMark[]) => readonly ScreenMark[]][] = [
    ['all of odds 100 : 1', (marks) => marks],
    ['those, not in strings and comments', (marks) => marks.filter(({ isProse }) => !isProse)],
    ...[1, 2, 3, 5, 8].flatMap(
      (most): [string, (marks: readonly ScreenMark[]) => readonly ScreenMark[]][] => [
        [
          `the ${most} of most odds`,
          (marks) => byWeight(marks, (mark) => mark.step * 1000 - Math.log(mark.probability)).slice(0, most),
        ],
        [
          `the ${most} of most excess, not in strings and comments`,
          (marks) =>
            byWeight(
              marks.filter(({ isProse }) => !isProse),
              ({ excess }) => excess,
            ).slice(0, most),
        ],
      ],
    ),
  ];
  return markdownTable(
    ['marks', 'a screen', 'found', 'found %', 'precision %'],
    ways.map(([name, choose]) => {
      const shown = screens.map(({ marks }) => choose(marks));
      const count = shown.flat().length;
      const hits = shown.flat().filter(({ isFault }) => isFault).length;
      const found = shown.filter((marks) => marks.some(({ isFault }) => isFault)).length;
      return [
        name,
        (count / Math.max(1, screens.length)).toFixed(1),
        String(found),
        ((100 * found) / Math.max(1, screens.length)).toFixed(0),
        ((100 * hits) / Math.max(1, count)).toFixed(1),
      ];
    }),
  );
}

function byWeight(marks: readonly ScreenMark[], weight: (mark: Mark) => number): readonly ScreenMark[] {
  return [...marks].sort((a, b) => weight(b.mark) - weight(a.mark));
}
