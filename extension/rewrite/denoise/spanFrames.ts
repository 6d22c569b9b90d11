// What the engine reports of each span that it was sent, as one picture for each span of the rewrite: where only words are masked, the rest of
// the candidate stands around them.
import type { CellEvent } from '../../../engine/protocol';
import type { RewriteRequest, Span } from '../state/types';
import { maskedCells } from './layout';

export interface SpanPicture {
  readonly cells: readonly CellEvent[];
  /** Indices of the cells that the newest step has committed. */
  readonly fresh: ReadonlySet<number>;
}

/** By span; a span without a picture yet is all masks. */
export function picturesOf(
  request: RewriteRequest,
  spans: readonly Span[],
  told: ReadonlyMap<number, SpanPicture>,
): ReadonlyMap<number, SpanPicture> {
  const { words } = request;
  if (words === undefined) return told;
  let sent = 0;
  return new Map(
    spans.map(({ old }, span) => {
      const text = request.texts?.[span] ?? old;
      const cells: CellEvent[] = [];
      const fresh = new Set<number>();
      let at = 0;
      for (const { start, end } of words[span] ?? []) {
        if (at < start) cells.push(standing(text.slice(at, start)));
        const picture = told.get(sent++);
        for (const index of picture?.fresh ?? []) fresh.add(cells.length + index);
        cells.push(...(picture?.cells ?? maskedCells(text.slice(start, end))));
        at = end;
      }
      if (at < text.length) cells.push(standing(text.slice(at)));
      return [span, { cells, fresh }];
    }),
  );
}

function standing(text: string): CellEvent {
  return { text, state: 'locked', confidence: 1 };
}
