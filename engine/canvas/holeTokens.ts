// Which tokens of a window belong to a hole: those that its span has a byte of, and on request the one of the word before it.
import type { Piece, PlacedSpan } from './spans';
import type { WindowTokens } from './tokens';
import type { Cell, Hole } from './types';

/** Tokens [first, last) of one hole. */
export interface TokenRange {
  readonly first: number;
  readonly last: number;
}

/** Tokens that have a byte inside the span; of an empty span the one whose inside it stands in. */
export function tokensOf({ byteStarts, byteAt }: WindowTokens, span: PlacedSpan): TokenRange {
  const start = byteAt(span.start);
  const end = byteAt(span.end);
  const last = firstAtOrAfter(byteStarts, end);
  const first = firstAtOrAfter(byteStarts, start);
  return { first: byteStarts[first] === start ? first : first - 1, last };
}

const WORD_UNIT = /[\p{L}\p{N}_$]/u;

/** `ranges` of the spans; an empty span that ends a word has the token before it, too, unless another span has that. */
export function withWordsBefore(
  ranges: readonly TokenRange[],
  spans: readonly PlacedSpan[],
  text: string,
  pieces: readonly Piece[],
): readonly TokenRange[] {
  return ranges.map((range, i) => {
    const { start = 0, end = 0 } = spans[i] ?? {};
    const isBehindWord = WORD_UNIT.test(text[start - 1] ?? '') && !WORD_UNIT.test(text[end] ?? '');
    const isEmpty = start === end && range.first === range.last;
    if (!isEmpty || !isBehindWord) return range;
    const isInPiece = pieces.some((piece) => piece.start < start && start <= piece.end);
    const isFree = range.first > (ranges[i - 1]?.last ?? 0);
    return isInPiece && isFree ? { first: range.first - 1, last: range.last } : range;
  });
}

/** Index of the first start ≥ `byte`; the list's last entry (the number of bytes) always is. */
function firstAtOrAfter(byteStarts: Int32Array, byte: number): number {
  let low = 0;
  let high = byteStarts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((byteStarts[middle] ?? 0) >= byte) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function makeHole(tokens: WindowTokens, span: PlacedSpan, { first, last }: TokenRange): Hole {
  const { ids, byteStarts, byteAt } = tokens;
  const locked = span.locked.map((piece) => ({ start: byteAt(piece.start), end: byteAt(piece.end) }));
  const cells = Array.from(ids.subarray(first, last), (original, i): Cell => {
    const start = byteStarts[first + i] ?? 0;
    const end = byteStarts[first + i + 1] ?? 0;
    return { original, locked: locked.some((piece) => piece.start < end && piece.end > start) };
  });
  return {
    span: span.index,
    cells,
    head: tokens.bytes(byteStarts[first] ?? 0, byteAt(span.start)),
    tail: tokens.bytes(byteAt(span.end), byteStarts[last] ?? 0),
  };
}
