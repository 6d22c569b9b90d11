// What a rewrite asks the engine: the text around its places, sent once, and the answers for each of them.
import type { TextDocument } from 'vscode';
import type { DenoiseStepEvent } from '../../engine/protocol';
import type { EngineSupervisor } from '../engine/supervisor';
import { excerptAround } from '../excerpt';
import { rewriteSettings } from '../settings';
import { lineEndOf } from './editing';
import type { Answer, Place } from './machine';

export interface Answers {
  /** In the text that was sent. */
  readonly places: readonly Place[];
  readonly answers: readonly Answer[];
}

export interface Listening {
  readonly signal: AbortSignal;
  readonly onStep: (event: DenoiseStepEvent) => void;
}

/** As in the settings of a rewrite. */
export interface Sampling {
  readonly candidates: number;
  readonly strength: number;
}

/** Rejects with EngineError. Steps that come behind the answer or after the signal are not told. */
export async function askForAnswers(
  engine: EngineSupervisor,
  document: TextDocument,
  places: readonly Place[],
  seed: number,
  { signal, onStep }: Listening,
  { candidates, strength }: Sampling = rewriteSettings(document),
): Promise<Answers> {
  const { text, base } = excerptAround(document.getText(), places);
  let hasAnswer = false;
  const result = await engine.use(
    ({ client, model }) =>
      client.infill(
        {
          model: model.folder,
          text,
          spans: places.map(({ start, end }) => ({ start: start - base, end: end - base })),
          language: document.languageId,
          fileName: document.fileName,
          document: document.uri.toString(),
          priority: 'rewrite',
          seed: seed * candidates,
          candidates,
          strength,
        },
        {
          signal,
          onStep: (event) => {
            if (!signal.aborted && !hasAnswer) onStep(event);
          },
        },
      ),
    { signal, revive: true },
  );
  hasAnswer = true;
  const lineEnd = lineEndOf(document);
  return {
    places: (result.candidates[0]?.spans ?? []).map(({ start, end }) => ({
      start: start + base,
      end: end + base,
      old: text.slice(start, end),
    })),
    answers: result.candidates.map(({ spans }) => ({
      texts: spans.map((span) => span.text.replace(/\r\n|\r|\n/g, lineEnd)),
    })),
  };
}
