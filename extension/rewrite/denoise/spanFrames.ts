// What the engine tells of each span it was sent, as one picture for each place: where only words are masked, the rest of
// the candidate stands around them.
import type { CellEvent } from '../../../engine/protocol';
import type { Ask, Place } from '../state/types';
import { maskedCells } from './layout';

export interface SpanPicture {
  readonly cells: readonly CellEvent[];
  /** Indices of the cells that the newest step has committed. */
  readonly fresh: ReadonlySet<number>;
}

/** By place; a place without a picture yet is all masks. */
export function picturesOf(
  ask: Ask,
  places: readonly Place[],
  told: ReadonlyMap<number, SpanPicture>,
): ReadonlyMap<number, SpanPicture> {
  const { words } = ask;
  if (words === undefined) return told;
  let span = 0;
  return new Map(
    places.map(({ old }, place) => {
      const text = ask.texts?.[place] ?? old;
      const cells: CellEvent[] = [];
      const fresh = new Set<number>();
      let at = 0;
      for (const { start, end } of words[place] ?? []) {
        if (at < start) cells.push(standing(text.slice(at, start)));
        const picture = told.get(span++);
        for (const index of picture?.fresh ?? []) fresh.add(cells.length + index);
        cells.push(...(picture?.cells ?? maskedCells(text.slice(start, end))));
        at = end;
      }
      if (at < text.length) cells.push(standing(text.slice(at)));
      return [place, { cells, fresh }];
    }),
  );
}

function standing(text: string): CellEvent {
  return { text, state: 'locked', confidence: 1 };
}
