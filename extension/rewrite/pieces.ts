// A long selection as pieces that are rewritten and looked at one after the other. Pure: texts and offsets in, offsets out.
import { followAll } from '../text/tracking';
import type { OffsetRange, TextChange } from '../text/types';
import type { Wanted } from './state/types';

/** Milliseconds from which on somebody is asked first. */
const ASKED_FROM = 60_000;
/** Milliseconds that a piece should take. */
const PIECE = 20_000;
/** Lines that say enough about one another. */
const LEAST_LINES = 5;

/** A piece may be so much longer than wanted, where it then ends at an empty line. */
const LONGER = 1.4;

export function isLongWait(millis: number | undefined): millis is number {
  return millis !== undefined && millis > ASKED_FROM;
}

/** A wait that is so many times as long as one that a person knows is no news to them. */
const ALIKE = 1.5;

/** Whether somebody is asked about a wait. `known`: the longest one that they have agreed to in the same place, or have had; 0: none. */
export function isNewWait(millis: number | undefined, known: number): millis is number {
  return isLongWait(millis) && millis > ALIKE * known;
}

/** Lines of a piece that takes about 20 s, where so many lines take so many milliseconds. */
export function linesOfPiece(lines: number, millis: number): number {
  return Math.min(lines, Math.max(LEAST_LINES, Math.floor((lines * PIECE) / millis)));
}

/** `lines` lines each, about: whole lines, and rather up to an empty one. A range of fewer lines stays whole. */
export function piecesOf(
  text: string,
  ranges: readonly OffsetRange[],
  lines: number,
): readonly OffsetRange[] {
  return ranges.flatMap((range) => cut(text, range, Math.max(1, Math.floor(lines))));
}

/** Share of the whole wait: only a first review that comes sooner is worth splitting for. */
const SOONER = 0.7;

export interface FirstPiece {
  /** Of each piece, about. */
  readonly lines: number;
  readonly millis: number;
}

/**
 * What is reviewed first where `ranges` of `lines` lines, which take `millis`, are rewritten in pieces. Undefined where it would not
 * come much sooner: each piece reads its surroundings anew.
 */
export async function firstPieceOf(
  text: string,
  ranges: readonly OffsetRange[],
  { lines, millis }: FirstPiece,
  estimate: (piece: OffsetRange) => Promise<number | undefined>,
): Promise<FirstPiece | undefined> {
  const each = linesOfPiece(lines, millis);
  const [first] = each < lines ? piecesOf(text, ranges, each) : [];
  const own = first && (await estimate(first));
  return own !== undefined && own <= SOONER * millis ? { lines: each, millis: own } : undefined;
}

function cut(text: string, { start, end }: OffsetRange, lines: number): readonly OffsetRange[] {
  const pieces: OffsetRange[] = [];
  let from = start;
  while (from < end) {
    // Ends of lines within reach, counted from this piece's first line.
    const ends: number[] = [];
    for (let at = from; at < end && ends.length < lines * LONGER; at = (ends.at(-1) ?? end) + 1) {
      const newline = text.indexOf('\n', at);
      ends.push(newline < 0 || newline >= end ? end : newline);
    }
    const isRest = (ends.at(-1) ?? end) >= end;
    const empty = ends.findLastIndex((one, index) => index >= lines / 2 && isEmptyLine(text, one));
    const to = isRest ? end : (ends[empty >= 0 ? empty : lines - 1] ?? end);
    // A line's end is not part of a piece, and neither is what is empty in front of it.
    const until = text[to - 1] === '\r' && to < end ? to - 1 : to;
    if (text.slice(from, until).trim() !== '') pieces.push({ start: from, end: until });
    from = to + 1;
  }
  return pieces;
}

/** Whether the line that ends here has nothing in it. */
function isEmptyLine(text: string, end: number): boolean {
  return text.slice(text.lastIndexOf('\n', end - 1) + 1, end).trim() === '';
}

interface Queue {
  readonly ranges: readonly OffsetRange[];
  readonly wanted: Wanted;
}

/** What waits until the piece before it is decided, by document. */
export class WaitingPieces {
  private readonly queues = new Map<string, Queue>();

  put(document: string, ranges: readonly OffsetRange[], wanted: Wanted): void {
    this.queues.set(document, { ranges, wanted });
  }

  /** Pieces that are edited themselves are not waited for any more. */
  changed(document: string, changes: readonly TextChange[]): void {
    const queue = this.queues.get(document);
    if (queue === undefined) return;
    const ranges = queue.ranges.flatMap((range) => followAll([range], changes) ?? []);
    this.queues.set(document, { ...queue, ranges });
  }

  next(document: string): { readonly range: OffsetRange; readonly wanted: Wanted } | undefined {
    const queue = this.queues.get(document);
    const [range, ...ranges] = queue?.ranges ?? [];
    if (queue === undefined || range === undefined) {
      this.queues.delete(document);
      return undefined;
    }
    this.queues.set(document, { ...queue, ranges });
    return { range, wanted: queue.wanted };
  }

  /** What waits there. */
  of(document: string): readonly OffsetRange[] {
    return this.queues.get(document)?.ranges ?? [];
  }

  drop(document: string): void {
    this.queues.delete(document);
  }
}
