// How many of the marks on a screen of code with one fault in it are the fault.

import type { ScoredToken } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { SURPRISING, surpriseOf } from '../../extension/rewrite/repair/plan';
import { type Mending, withoutSlips } from '../../extension/rewrite/repair/slips';
import { type Mark, marksOf } from '../../extension/suspicion/marks';
import type { OffsetRange } from '../../extension/text/types';
import { markdownTable } from '../harness';
import type { Evaluated } from '../infilling/engine';
import type { FaultyCase } from './cases';
import { type Looked, scoreOf } from './ways';

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

/** `palimpsest.suspicion.threshold` */
export const THRESHOLD = 100;
const SCREEN_SIDE = 20;

interface ScreenMark {
  readonly mark: Mark;
  readonly isFault: boolean;
  readonly isProse: boolean;
}

/** A place where the line becomes likelier without a slip. */
interface ScreenSlip {
  readonly gain: number;
  readonly place: OffsetRange;
  readonly isFault: boolean;
}

/** All marks of a screen, as the extension would find them. */
export interface Screen {
  readonly marks: readonly ScreenMark[];
  readonly slips: readonly ScreenSlip[];
}

export async function screenOf(engine: Evaluated, trees: SyntaxTrees, held: FaultyCase): Promise<Screen> {
  const { text, language, line, planted } = held;
  const range = linesAround(text, line, SCREEN_SIDE);
  const tokens = await scoreOf(engine, held, text, range);
  const marks = marksOf(tokens, 0, THRESHOLD);
  const prose = (await trees.ask(text, language, (tree) => tree.prose(range))) ?? [];
  const isFault = isOn(planted);
  const slips = await slipsOf(engine, trees, held, range, tokens, { most: MOST_TEXTS });
  return {
    marks: marks.map((mark) => ({
      mark,
      isFault: isFault(mark),
      isProse: prose.some(({ start, end }) => start <= mark.start && mark.start < end),
    })),
    slips: slips.map((slip) => ({ ...slip, isFault: isFault(slip.place) })),
  };
}

/** Whether a mark lies on what was planted. Where something was left out, what stands on either side of it is meant. */
export function isOn(planted: OffsetRange): (mark: OffsetRange) => boolean {
  return ({ start, end }) =>
    start < Math.max(planted.end, planted.start + 1) &&
    end > planted.start - Number(planted.end === planted.start);
}

/** Texts that are scored, a screen. */
const MOST_TEXTS = 40;

interface SlipLimits {
  /** Texts that are scored. */
  readonly most: number;
  /** Nats by which the line has to become likelier. Default: any. */
  readonly leastGain?: number;
}

export async function slipsOf(
  engine: Evaluated,
  trees: SyntaxTrees,
  held: Pick<Looked, 'text' | 'language'>,
  range: OffsetRange,
  tokens: readonly ScoredToken[],
  { most, leastGain = 0 }: SlipLimits,
): Promise<readonly (Pick<ScreenSlip, 'gain' | 'place'> & Pick<Mending, 'parts'>)[]> {
  const { text, language } = held;
  const settled = (await trees.ask(text, language, (tree) => tree.settled(range))) ?? [];
  const facts = { settled, most, least: SURPRISING };
  const before = new Map<number, number>();
  const best = new Map<string, Pick<ScreenSlip, 'gain' | 'place'> & Pick<Mending, 'parts'>>();
  const mendings = withoutSlips(text, range, tokens, facts);
  for (const { text: fresh, line, place, parts, least = leastGain } of mendings) {
    const old = before.get(line.start) ?? surpriseOf(await scoreOf(engine, held, text, line));
    before.set(line.start, old);
    const whole = text.slice(0, range.start) + fresh + text.slice(range.end);
    const end = line.end + whole.length - text.length;
    const gain = old - surpriseOf(await scoreOf(engine, held, whole, { start: line.start, end }));
    const key = `${place.start}-${place.end}`;
    if (gain < Math.max(least, leastGain, best.get(key)?.gain ?? 0)) continue;
    best.set(key, { gain, place, ...(parts && { parts }) });
  }
  return [...best.values()];
}

/** Nats. */
const GAINS = [2, 3, 5];

export function suspicionTable(screens: readonly Screen[]): string {
  const worst = (marks: readonly ScreenMark[], most: number) =>
    byWeight(
      marks.filter(({ isProse }) => !isProse),
      ({ excess }) => excess,
    ).slice(0, most);
  const undone = (slips: readonly ScreenSlip[], least: number) => slips.filter(({ gain }) => gain >= least);
  const ways: readonly [string, (screen: Screen) => readonly { readonly isFault: boolean }[]][] = [
    ['all of odds 100 : 1', ({ marks }) => marks],
    ['those, not in strings and comments', ({ marks }) => marks.filter(({ isProse }) => !isProse)],
    ...[1, 2, 3, 5, 8].flatMap((most): typeof ways => [
      [
        `the ${most} of most odds`,
        ({ marks }) =>
          byWeight(marks, (mark) => mark.step * 1000 - Math.log(mark.probability)).slice(0, most),
      ],
      [`the ${most} of most excess, not in strings and comments`, ({ marks }) => worst(marks, most)],
    ]),
    ...[1, 2, 3].map((most): (typeof ways)[number] => [
      `the ${most} worst: slips, undone by 3 nats, before excess`,
      ({ marks, slips }) => {
        const found = [...undone(slips, 3)].sort((a, b) => b.gain - a.gain);
        const isSlip = ({ mark }: ScreenMark) =>
          found.some(({ place }) => place.start < mark.end && place.end > mark.start);
        return [...found, ...worst(marks, most).filter((one) => !isSlip(one))].slice(0, most);
      },
    ]),
    ...GAINS.flatMap((least): typeof ways => [
      [`slips, undone by ${least} nats`, ({ slips }) => undone(slips, least)],
      [
        `those; where there are none, the 1 of most excess`,
        ({ marks, slips }) => {
          const found = undone(slips, least);
          return found.length > 0 ? found : worst(marks, 1);
        },
      ],
      [
        `those, and the 1 of most excess`,
        ({ marks, slips }) => {
          const found = undone(slips, least);
          const isSlip = ({ mark }: ScreenMark) =>
            found.some(({ place }) => place.start < mark.end && place.end > mark.start);
          return [...found, ...worst(marks, 1).filter((one) => !isSlip(one))];
        },
      ],
    ]),
  ];
  return markdownTable(
    ['marks', 'a screen', 'found', 'found %', 'precision %'],
    ways.map(([name, choose]) => {
      const shown = screens.map(choose);
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
