// What a look for suspicious tokens takes, from what is estimated of a part of it, and what of that is left. Pure.
import { partToEstimate } from '../rewrite/repair/wait';
import type { Span } from '../rewrite/state/types';
import type { OffsetRange } from '../text/types';

/** Of a piece, the share of scoring what stands there; the rest is looking for slips. */
export const SCORING = 0.6;
/** Milliseconds for which slips are looked for in a piece, at most. */
export const LONGEST_SLIPS = 2000;

/** What says of all pieces how long they take: the one of middling length, as far as every model can say it. Undefined: there are none. */
export function pieceToEstimate(text: string, pieces: readonly OffsetRange[]): Span | undefined {
  const byLength = pieces.toSorted((a, b) => lengthOf(a) - lengthOf(b));
  const middle = byLength[Math.floor(byLength.length / 2)];
  return middle && partToEstimate({ ...middle, old: text.slice(middle.start, middle.end) });
}

/** Milliseconds to look at all pieces one after another, where `part` of one is scored once in `scoringMillis`. Each reads anew what is around it. */
export function lookMillis(pieces: readonly OffsetRange[], part: OffsetRange, scoringMillis: number): number {
  const all = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  const scoring = (scoringMillis * all) / Math.max(1, lengthOf(part));
  return scoring + Math.min((scoring * (1 - SCORING)) / SCORING, LONGEST_SLIPS * pieces.length);
}

export interface Progress {
  /** 0…1 */
  readonly done: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
  /** Milliseconds that all of it was to take; undefined: nobody knew. */
  readonly expected: number | undefined;
  /** Whether a piece is done: the others take as long as it did, whatever was expected. */
  readonly hasPiece: boolean;
}

/** Milliseconds; undefined: nobody knows. */
export function millisLeft({ done, elapsed, expected, hasPiece }: Progress): number | undefined {
  if (hasPiece) return (elapsed * (1 - done)) / done;
  return expected === undefined ? undefined : expected * (1 - done);
}

function lengthOf({ start, end }: OffsetRange): number {
  return end - start;
}
