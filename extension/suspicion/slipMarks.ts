// Marks on slips: places of a scored stretch where the line is likelier with something else. Far more of them are faults than of the tokens that
// surprise most (bench/results/repair.md).
import type { TextDocument } from 'vscode';
import type { Priority, ScoredToken } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { CELL_SCHEME } from '../documents/cellScheme';
import type { EngineSupervisor } from '../engine/supervisor';
import { SURPRISING, surpriseOf } from '../rewrite/repair/plan';
import { scoreRange } from '../rewrite/repair/scoreRange';
import { byLine, type Mending, withoutSlips, worstPart } from '../rewrite/repair/slips';
import type { OffsetRange } from '../text/types';
import { type Mark, stepOf } from './marks';
import { LONGEST_SLIPS } from './wait';

/** Nats by which the line has to become likelier. */
const LEAST_GAIN = 3;
/** Texts that are scored for one stretch, at most. */
const MOST_TEXTS = 24;

export interface SlipServices {
  readonly engine: EngineSupervisor;
  readonly syntax: Pick<SyntaxTrees, 'ask'>;
}

interface Looking {
  readonly threshold: number;
  readonly method: Mark['method'];
  readonly priority: Priority;
  readonly signal: AbortSignal;
  /** The share that is done, 0…1. */
  readonly onDone?: (done: number) => void;
}

/** `range`: of whole lines, whose `tokens` are scored. What is found in time. Rejects with EngineError. */
export async function slipMarksIn(
  { engine, syntax }: SlipServices,
  document: TextDocument,
  text: string,
  range: OffsetRange,
  tokens: readonly ScoredToken[],
  { threshold, method, priority, signal: outer, onDone }: Looking,
): Promise<readonly Mark[]> {
  const settled = await syntax.ask(text, document.languageId, (tree) => tree.settled(range));
  if (settled === undefined) return [];
  const late = AbortSignal.timeout(LONGEST_SLIPS);
  const signal = AbortSignal.any([outer, late]);
  const surpriseIn = async (of: string, line: OffsetRange) =>
    surpriseOf((await scoreRange(engine, document, of, line, { priority, signal })).tokens);
  const before = new Map<number, number>();
  const found = new Map<string, Mark>();
  const isPart = document.uri.scheme === CELL_SCHEME;
  const facts = { settled, isPart, most: MOST_TEXTS, least: SURPRISING };
  const mendings = byLine(withoutSlips(text, range, tokens, facts));
  try {
    for (const [index, mending] of mendings.entries()) {
      const { text: fresh, line, least = LEAST_GAIN } = mending;
      onDone?.(index / mendings.length);
      const old = before.get(line.start) ?? (await surpriseIn(text, line));
      before.set(line.start, old);
      const grown = fresh.length - (range.end - range.start);
      const whole = text.slice(0, range.start) + fresh + text.slice(range.end);
      const gain = old - (await surpriseIn(whole, { start: line.start, end: line.end + grown }));
      const { place, instead, isExchanged } = shownOf(mending, text, whole, tokens);
      const key = `${place.start}-${place.end}`;
      if (gain < (found.get(key)?.slip?.gain ?? Math.max(least, LEAST_GAIN))) continue;
      const own = text.slice(place.start, place.end).trimEnd();
      found.set(key, {
        ...{ start: place.start, end: place.start + own.length, method, alternatives: [] },
        // So many times less likely is the line as it stands.
        ...{
          probability: Math.exp(-gain),
          excess: gain,
          slip: { instead, gain, ...(isExchanged && { isExchanged }) },
        },
        step: Math.max(1, stepOf(Math.exp(gain), threshold)),
      });
    }
  } catch (error) {
    if (outer.aborted || !late.aborted) throw error;
  }
  return [...found.values()];
}

/** What is marked, and what would stand there: of two names in each other's place, the one that surprises most. */
function shownOf(
  { place, parts }: Mending,
  text: string,
  whole: string,
  tokens: readonly ScoredToken[],
): { readonly place: OffsetRange; readonly instead: string; readonly isExchanged?: true } {
  if (parts === undefined)
    return { place, instead: whole.slice(place.start, place.end + whole.length - text.length) };
  const { worst, other } = worstPart(parts, tokens);
  return { place: worst, instead: text.slice(other.start, other.end), isExchanged: true };
}
