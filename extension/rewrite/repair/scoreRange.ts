// How likely the model finds the tokens of a stretch of a text that need not be the document's own.
import type { TextDocument } from 'vscode';
import type { Priority, ScoredEnd, ScoredToken, ScoreResult } from '../../../engine/protocol';
import type { EngineSupervisor } from '../../engine/supervisor';
import { adaptsToSpeed } from '../../settings';
import { excerptAround } from '../../text/excerpt';
import type { OffsetRange } from '../../text/types';

export interface Scored {
  /** Offsets of `text`. */
  readonly tokens: readonly ScoredToken[];
  readonly method: ScoreResult['method'];
  readonly end?: ScoredEnd;
}

/** Rejects with EngineError. */
export async function scoreRange(
  engine: EngineSupervisor,
  document: TextDocument,
  text: string,
  range: OffsetRange,
  {
    priority,
    signal,
    withEnd = false,
    onBegun,
    onScored,
  }: {
    readonly priority: Priority;
    readonly signal: AbortSignal;
    /** `ScoreParams.withEnd` */
    readonly withEnd?: boolean;
    readonly onBegun?: (() => void) | undefined;
    readonly onScored?: ((done: number) => void) | undefined;
  },
): Promise<Scored> {
  const { text: sent, base } = excerptAround(text, [range]);
  const { tokens, method, end } = await engine.use(
    ({ client, model }) =>
      client.score(
        {
          model: model.folder,
          text: sent,
          language: document.languageId,
          fileName: document.fileName,
          range: { start: range.start - base, end: range.end - base },
          priority,
          interactive: adaptsToSpeed(),
          withEnd,
        },
        {
          signal,
          ...(onBegun === undefined ? {} : { onBegun }),
          ...(onScored === undefined ? {} : { onScored }),
        },
      ),
    { signal, revive: priority === 'rewrite' },
  );
  const moved = tokens.map((token) => ({ ...token, start: token.start + base, end: token.end + base }));
  return { tokens: moved, method, ...(end && { end }) };
}
