// Asks the engine how likely the tokens of a stretch are, piece by piece.
import type { TextDocument } from 'vscode';
import type { Priority } from '../../engine/protocol';
import { scoreRange } from '../rewrite/repair/scoreRange';
import type { OffsetRange } from '../text/types';
import { chunksOf } from './chunks';
import { type Mark, marksOf, unseen, withSlips } from './marks';
import { type SlipServices, slipMarksIn } from './slipMarks';
import { SCORING } from './wait';

export interface Piece {
  /** In the text that was sent. */
  readonly range: OffsetRange;
  readonly marks: readonly Mark[];
  /** 0…1, of all that was asked for. */
  readonly done: number;
}

export interface ScoringOptions {
  readonly threshold: number;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  /** Within a piece: as `done` of the pieces. */
  readonly onDone?: (done: number) => void;
}

/** Pieces of the document's text as it is now, in the order of `ranges`. Rejects with EngineError. */
export async function* scorePieces(
  services: SlipServices,
  document: TextDocument,
  ranges: readonly OffsetRange[],
  { threshold, priority, signal, onDone }: ScoringOptions,
): AsyncGenerator<Piece> {
  const { engine, syntax } = services;
  const text = document.getText();
  const prose =
    (await syntax.ask(text, document.languageId, (tree) => ranges.flatMap((range) => tree.prose(range)))) ??
    [];
  const chunks = ranges.flatMap((range) => chunksOf(text, range));
  for (const [index, range] of chunks.entries()) {
    const told = (from: number, share: number) =>
      onDone && ((done: number) => onDone((index + from + share * done) / chunks.length));
    const { tokens, method } = await scoreRange(engine, document, text, range, {
      ...{ priority, signal, onScored: told(0, SCORING) },
    });
    const onSlip = told(SCORING, 1 - SCORING);
    const slips = await slipMarksIn(services, document, text, range, tokens, {
      ...{ threshold, method, priority, signal },
      ...(onSlip ? { onDone: onSlip } : {}),
    });
    const unlikely = marksOf(tokens, 0, threshold, { free: [...prose, ...unseen(text, method)], method });
    yield { range, marks: withSlips(unlikely, slips), done: (index + 1) / chunks.length };
  }
}
