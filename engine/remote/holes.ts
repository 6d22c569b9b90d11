// Spans as servers can fill them: one hole at a time, with the text around it as it stands by then. Pure.
import { type Piece, placeSpans } from '../canvas/spans';
import type { Span } from '../canvas/types';

/** UTF-16 offsets into the text of the request. */
export interface Hole extends Piece {
  /** Which span in text order. */
  readonly span: number;
}

/** In text order: each span, or what is free of it between its locked pieces. */
export function holesOf(text: string, spans: readonly Span[]): readonly Hole[] {
  return placeSpans(text, spans).flatMap(({ start, end, locked }, span): Hole[] => {
    if (locked.length === 0) return [{ span, start, end }];
    const borders = [...locked].sort((a, b) => a.start - b.start);
    const starts = [start, ...borders.map((piece) => piece.end)];
    const ends = [...borders.map((piece) => piece.start), end];
    return starts.flatMap((from, i): Hole[] => {
      const to = ends[i] ?? end;
      // Between two locked pieces white space holds them apart; it is no place of its own.
      return to <= from || text.slice(from, to).trim() === '' ? [] : [{ span, start: from, end: to }];
    });
  });
}

/** What stands around a hole, with earlier holes filled. */
export interface Sides {
  readonly before: string;
  readonly selected: string;
  readonly after: string;
}

/** UTF-16 units on each side; a file's own line ends become line feeds, which models know. */
export interface Reach {
  readonly before: number;
  readonly after: number;
}

/** `answers`: of the holes before the one at `index`. */
export function sidesOf(
  text: string,
  holes: readonly Hole[],
  index: number,
  answers: readonly string[],
  reach: Reach,
): Sides {
  const { start, end } = holes[index] ?? { start: 0, end: 0 };
  let before = '';
  let at = 0;
  for (const [i, hole] of holes.slice(0, index).entries()) {
    before += text.slice(at, hole.start) + (answers[i] ?? text.slice(hole.start, hole.end));
    at = hole.end;
  }
  before += text.slice(at, start);
  return {
    before: withLineFeeds(tailOf(before, reach.before)),
    selected: withLineFeeds(text.slice(start, end)),
    after: withLineFeeds(headOf(text.slice(end), reach.after)),
  };
}

function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/** The end of a text, from the beginning of a line on where that is within reach. */
function tailOf(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(-most);
  const line = cut.indexOf('\n');
  return line < 0 ? whole(cut) : cut.slice(line + 1);
}

function headOf(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most);
  const line = cut.lastIndexOf('\n');
  return line < 0 ? whole(cut) : cut.slice(0, line + 1);
}

/** Without half a character at either end. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}
