// Asks the engine how likely the tokens of a stretch are, piece by piece.
import type { TextDocument } from 'vscode';
import type { Priority } from '../../engine/protocol';
import type { EngineSupervisor } from '../engine/supervisor';
import { excerptAround } from '../text/excerpt';
import type { OffsetRange } from '../text/types';
import { chunksOf } from './chunks';
import { type Mark, marksOf } from './marks';

export interface Piece {
  /** In the text that was sent. */
  readonly range: OffsetRange;
  readonly marks: readonly Mark[];
  readonly method: 'masked' | 'causal';
  /** 0…1, of all that was asked for. */
  readonly done: number;
}

export interface ScoringOptions {
  readonly threshold: number;
  readonly priority: Priority;
  readonly signal: AbortSignal;
}

/** UTF-16 units on each side of a piece: more than a model reads when it scores. */
const REACH = 16_000;

/** Pieces of the document's text as it is now, in the order of `ranges`. Rejects with EngineError. */
export async function* scorePieces(
  engine: EngineSupervisor,
  document: TextDocument,
  ranges: readonly OffsetRange[],
  { threshold, priority, signal }: ScoringOptions,
): AsyncGenerator<Piece> {
  const text = document.getText();
  const chunks = ranges.flatMap((range) => chunksOf(text, range));
  for (const [index, range] of chunks.entries()) {
    const excerpt = excerptAround(text, [range], REACH);
    const { tokens, method } = await engine.use(
      ({ client, model }) =>
        client.score(
          {
            model: model.folder,
            text: excerpt.text,
            language: document.languageId,
            fileName: document.fileName,
            range: { start: range.start - excerpt.base, end: range.end - excerpt.base },
            priority,
          },
          { signal },
        ),
      { signal, revive: priority === 'rewrite' },
    );
    const marks = marksOf(tokens, excerpt.base, threshold);
    yield { range, marks, method, done: (index + 1) / chunks.length };
  }
}
