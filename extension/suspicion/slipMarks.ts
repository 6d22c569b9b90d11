// Marks on slips: places of a scored stretch where the line is likelier with something else. With one fault planted on a screen, one in three
// such marks is the fault, and of the tokens that surprise most one in eight (bench/results/repair.md).
import type { TextDocument } from 'vscode';
import type { Priority, ScoredToken } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import type { EngineSupervisor } from '../engine/supervisor';
import { excess, SURPRISING, surpriseOf } from '../rewrite/repair/plan';
import { scoreRange } from '../rewrite/repair/scoreRange';
import { touches, withoutSlips } from '../rewrite/repair/slips';
import type { OffsetRange } from '../text/types';
import { type Mark, oddsAgainst, stepOf } from './marks';

/** Nats by which the line has to become likelier. */
const LEAST_GAIN = 3;
/** Texts that are scored for one stretch, at most, and how long, in milliseconds. */
const MOST_TEXTS = 24;
const LONGEST = 3000;

export interface SlipServices {
  readonly engine: EngineSupervisor;
  readonly syntax: Pick<SyntaxTrees, 'ask'>;
}

/** `range`: of whole lines, whose `tokens` are scored. Rejects with EngineError. */
export async function slipMarksIn(
  { engine, syntax }: SlipServices,
  document: TextDocument,
  text: string,
  range: OffsetRange,
  tokens: readonly ScoredToken[],
  {
    threshold,
    priority,
    signal,
    onDone,
  }: {
    readonly threshold: number;
    readonly priority: Priority;
    readonly signal: AbortSignal;
    /** The share that is done, 0…1. */
    readonly onDone?: (done: number) => void;
  },
): Promise<readonly Mark[]> {
  const settled = await syntax.ask(text, document.languageId, (tree) => tree.settled(range));
  if (settled === undefined) return [];
  const end = performance.now() + LONGEST;
  const surpriseIn = async (of: string, line: OffsetRange) =>
    surpriseOf((await scoreRange(engine, document, of, line, { priority, signal })).tokens);
  const before = new Map<number, number>();
  const found = new Map<string, Mark>();
  const mendings = withoutSlips(text, range, tokens, { settled, most: MOST_TEXTS, least: SURPRISING });
  for (const [index, { text: fresh, line, place }] of mendings.entries()) {
    if (performance.now() > end) break;
    const old = before.get(line.start) ?? (await surpriseIn(text, line));
    before.set(line.start, old);
    const grown = fresh.length - (range.end - range.start);
    const whole = text.slice(0, range.start) + fresh + text.slice(range.end);
    const gain = old - (await surpriseIn(whole, { start: line.start, end: line.end + grown }));
    const key = `${place.start}-${place.end}`;
    const instead = whole.slice(place.start, place.end + grown);
    const known = found.get(key)?.slip?.gain ?? LEAST_GAIN;
    if (gain >= known) found.set(key, markAt(text, place, tokens, threshold, { instead, gain }));
    onDone?.((index + 1) / mendings.length);
  }
  return [...found.values()];
}

/** As the least likely token in that place is marked. */
function markAt(
  text: string,
  place: OffsetRange,
  tokens: readonly ScoredToken[],
  threshold: number,
  slip: NonNullable<Mark['slip']>,
): Mark {
  const own = tokens.filter((token) => touches(token, place)).sort((a, b) => excess(b) - excess(a));
  const [worst] = own;
  const end = place.start + text.slice(place.start, place.end).trimEnd().length;
  return {
    ...{ start: place.start, end, slip },
    probability: Math.exp(-(worst?.surprise ?? 0)),
    alternatives: worst?.alternatives ?? [],
    excess: worst === undefined ? 0 : excess(worst),
    step: Math.max(1, worst === undefined ? 0 : stepOf(oddsAgainst(worst), threshold)),
  };
}
