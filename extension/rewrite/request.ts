// What a rewrite asks the engine: the text around its places, sent once, and the answers for each of them.
import type { TextDocument } from 'vscode';
import type { DenoiseStepEvent } from '../../engine/protocol';
import { lineEndOf } from '../documents/editing';
import type { EngineSupervisor } from '../engine/supervisor';
import { rewriteSettings } from '../settings';
import { excerptAround } from '../text/excerpt';
import { LINE_ENDS } from '../text/lineEnds';
import { answerFrom, planAsk } from './requestPlan';
import type { Answer, Ask, Place } from './state/types';

export interface Answers {
  /** In the text that was sent. */
  readonly places: readonly Place[];
  readonly answers: readonly Answer[];
}

export interface Listening {
  readonly signal: AbortSignal;
  /** Aborted when somebody wants the draft as it is. */
  readonly enough?: AbortSignal;
  readonly onStep: (event: DenoiseStepEvent) => void;
}

/** As in the settings of a rewrite. */
export interface Sampling {
  readonly candidates: number;
  readonly strength: number;
}

/** A word that is done again had its likeliest reading already. */
const WORD_TEMPERATURE = 0.8;

/** Rejects with EngineError. Steps that come behind the answer or after the signal are not told. */
export async function askForAnswers(
  engine: EngineSupervisor,
  document: TextDocument,
  places: readonly Place[],
  ask: Ask,
  { signal, enough, onStep }: Listening,
  sampling: Sampling = rewriteSettings(document),
): Promise<Answers> {
  const plan = planAsk(document.getText(), places, ask);
  const { text, base } = excerptAround(plan.text, plan.spans);
  // With others the first is the likeliest one, which is known already when more is asked for.
  const candidates = sampling.candidates + (ask.seed > 0 ? 1 : 0);
  const isSteered = ask.words !== undefined || ask.kept !== undefined;
  let hasAnswer = false;
  const moved = ({ start, end }: { readonly start: number; readonly end: number }) => ({
    start: start - base,
    end: end - base,
  });
  const result = await engine.use(
    ({ client, model }) =>
      client.infill(
        {
          model: model.folder,
          text,
          spans: plan.spans.map((span) => ({
            ...moved(span),
            ...(span.locked === undefined ? {} : { locked: span.locked.map(moved) }),
          })),
          language: document.languageId,
          fileName: document.fileName,
          document: document.uri.toString(),
          priority: 'rewrite',
          seed: ask.seed * (sampling.candidates + 1),
          candidates,
          strength: isSteered ? 1 : sampling.strength,
          ...(ask.instruction === undefined ? {} : { instruction: ask.instruction }),
          ...(ask.words === undefined ? {} : { temperature: WORD_TEMPERATURE }),
        },
        {
          signal,
          ...(enough === undefined ? {} : { enough }),
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
    places,
    answers: result.candidates.map(({ spans }) =>
      answerFrom(
        plan,
        spans.map((span) => span.text.replace(LINE_ENDS, lineEnd)),
      ),
    ),
  };
}
