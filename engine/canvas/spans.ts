// Spans come from editors, scripts and people: all that can be wrong with them is said here, before any model works.
import { EngineError } from '../errors';
import { bomLength, indexLines, positionAt, splitsUnit } from './position';
import type { Span } from './types';

/** A piece of text, UTF-16 offsets, `end` exclusive. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** A span that fits its text. `index` is its place in the request. */
export interface PlacedSpan extends Piece {
  readonly index: number;
  readonly locked: readonly Piece[];
}

/**
 * Spans in text order. Two that touch stay two: each has its own answer. Refused (`span-invalid`): no span, offsets
 * outside the text, end before start, a border inside a surrogate pair or a \r\n, overlap, two empty spans at one
 * place (nothing would say whose text comes first), locked pieces outside their span.
 * A byte order mark belongs to no span: one that covers it begins behind it.
 */
export function placeSpans(text: string, spans: readonly Span[]): readonly PlacedSpan[] {
  if (spans.length === 0) {
    throw new EngineError(
      'span-invalid',
      'No span was given. Select text, or give an empty span to insert at.',
    );
  }
  const floor = bomLength(text);
  const placed = spans.map((span, index): PlacedSpan => {
    checkPiece(text, span, 'The span', index);
    const locked = (span.locked ?? []).map((piece) => {
      checkPiece(text, piece, 'A locked piece of the span', index);
      if (piece.start < span.start || piece.end > span.end) {
        refuse(
          text,
          piece,
          index,
          'A locked piece',
          `lies outside its span (${place(text, span)}). Lock text inside it only.`,
        );
      }
      return raise(piece, floor);
    });
    return { index, ...raise(span, floor), locked: locked.filter((piece) => piece.end > piece.start) };
  });
  placed.sort((a, b) => a.start - b.start || a.end - b.end || a.index - b.index);
  for (const [i, span] of placed.entries()) {
    const previous = placed[i - 1];
    if (previous === undefined) continue;
    if (previous.start === span.start && previous.end === span.end && span.start === span.end) {
      refuse(text, span, span.index, 'The empty span', 'was given twice. Give it once.');
    }
    if (span.start < previous.end) {
      refuse(
        text,
        span,
        span.index,
        'The span',
        `overlaps the one at ${place(text, previous)}. Give spans that do not overlap.`,
      );
    }
  }
  return placed;
}

function raise({ start, end }: Piece, floor: number): Piece {
  return { start: Math.max(start, floor), end: Math.max(end, floor) };
}

function checkPiece(text: string, piece: Piece, what: string, index: number): void {
  const { start, end } = piece;
  if (
    !Number.isInteger(start) ||
    !Number.isInteger(end) ||
    start < 0 ||
    end > text.length ||
    start > text.length
  ) {
    throw new EngineError(
      'span-invalid',
      `${what} from offset ${start} to ${end} lies outside the text, which is ${text.length} long in UTF-16 units.`,
      { span: index, start, end, length: text.length },
    );
  }
  if (start > end) {
    throw new EngineError(
      'span-invalid',
      `${what} starts at offset ${start}, after its end at ${end}. Give the earlier offset first.`,
      { span: index, start, end },
    );
  }
  for (const offset of [start, end]) {
    const split = splitsUnit(text, offset);
    if (split === undefined) continue;
    const name = split === 'line end' ? 'a line end (\\r\\n)' : 'a character (a surrogate pair)';
    refuse(
      text,
      piece,
      index,
      what,
      `has a boundary inside ${name}. Move the boundary at offset ${offset} by one.`,
    );
  }
}

function place(text: string, { start, end }: Piece): string {
  const lines = indexLines(text);
  const from = positionAt(lines, start);
  const to = positionAt(lines, end);
  return `${from.line}:${from.column}-${to.line}:${to.column}`;
}

function refuse(text: string, piece: Piece, span: number, what: string, complaint: string): never {
  const { start, end } = piece;
  throw new EngineError('span-invalid', `${what} at ${place(text, piece)} ${complaint}`, {
    span,
    start,
    end,
  });
}
