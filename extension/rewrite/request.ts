// What a rewrite asks the engine: the text around its spans, sent once, and the candidates for each of them.
import type { TextDocument } from 'vscode';
import type { CandidateSpan, DenoiseStepEvent, Estimate, ModelDescription } from '../../engine/protocol';
import type { ReadyEngine } from '../../engine/rpc/readyEngine';
import { lineEndOf } from '../documents/editing';
import type { EngineSupervisor } from '../engine/supervisor';
import type { Surroundings } from '../memory/surroundings';
import { adaptsToSpeed, oneAtATime, rewriteSettings } from '../settings';
import { excerptAround } from '../text/excerpt';
import { LINE_ENDS } from '../text/lineEnds';
import type { OffsetRange } from '../text/types';
import type { Judgeable } from './judge';
import { candidateFrom, candidatesFor, planRequest, strengthOrInstruction } from './requestPlan';
import type { RewriteRequest, Span } from './state/types';

export interface CandidateSet {
  /** In the text that was sent. */
  readonly spans: readonly Span[];
  readonly candidates: readonly Judgeable[];
}

/** Who answers, and what may be copied from. */
export interface Asking {
  readonly engine: EngineSupervisor;
  readonly surroundings: Surroundings;
}

export interface Listening {
  readonly signal: AbortSignal;
  /** Aborted when somebody wants the draft as it is. */
  readonly enough?: AbortSignal;
  /** It is the request's turn: the engine reads what it was sent. */
  readonly onBegun?: () => void;
  /** What stands there is scored first: the share that is done, 0…1. */
  readonly onScored?: (done: number) => void;
  /** What is wrong in a line is looked for before all of it is masked: the share that is done, 0…1. */
  readonly onLooked?: (done: number) => void;
  /** What is around the spans is read: the share that is done, 0…1, and the milliseconds until the answer, where they are known. */
  readonly onRead?: (done: number, remainingMillis?: number) => void;
  /** The answers are scored beside what stood there: the share that is done, 0…1. */
  readonly onCompared?: (done: number) => void;
  readonly onStep: (event: DenoiseStepEvent) => void;
}

/** As in the settings of a rewrite. */
export interface Sampling {
  readonly candidates: number;
  readonly strength: number;
  /** Default: as many as the spans may have. */
  readonly maxTokens?: number;
}

/** Milliseconds of an answer from which on nobody waits for another one before they see it: that one is made when it is asked for. */
const SOON = 2000;

/** A word that is done again had its likeliest reading already. */
const WORD_TEMPERATURE = 0.8;

/** Rejects with EngineError. `sampling`: absent, the settings', and as many answers at once as come soon. `text`: that the spans are in, if it is not the document's own by now. Steps that arrive after the result or the signal are not reported. */
export async function requestCandidates(
  { engine, surroundings }: Asking,
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  { signal, enough, onBegun, onScored, onRead, onStep }: Listening,
  sampling?: Sampling,
  text = document.getText(),
): Promise<CandidateSet> {
  const { plan, paramsFor } = prepared(document, spans, request, sampling, text);
  let hasAnswer = false;
  const untilAnswered =
    <A extends readonly unknown[]>(tell?: (...told: A) => void) =>
    (...told: A) => {
      if (!signal.aborted && !hasAnswer) tell?.(...told);
    };
  let isModelUnfitted = false;
  const result = await engine.use(
    async (ready) => {
      isModelUnfitted = ready.model.gate === undefined;
      return ready.client.infill(
        { ...(await paramsFor(ready, signal)), ...surroundings.of(document.uri, plan.text) },
        {
          signal,
          ...(enough === undefined ? {} : { enough }),
          ...(onBegun === undefined ? {} : { onBegun }),
          onScored: untilAnswered(onScored),
          onRead: untilAnswered(onRead),
          onStep: untilAnswered(onStep),
        },
      );
    },
    { signal, revive: true },
  );
  hasAnswer = true;
  const lineEnd = lineEndOf(document);
  return {
    spans,
    candidates: result.candidates.map(({ spans, flaws = [], confidence, isUnfitted = isModelUnfitted }) => ({
      ...sourceOf(spans),
      ...candidateFrom(
        plan,
        spans.map((span) => span.text.replace(LINE_ENDS, lineEnd)),
      ),
      flaws,
      ...(isUnfitted ? { isUnfitted } : {}),
      ...(confidence === undefined ? {} : { confidence }),
    })),
  };
}

/** `isFitted`: whether how sure the model is says anything. */
export interface CandidatesEstimate extends Estimate {
  readonly candidates: number;
  readonly isFitted: boolean;
}

/** How long `requestCandidates` would take, and for how many `candidates`. Rejects with EngineError. */
export function estimateCandidates(
  { engine }: Pick<Asking, 'engine'>,
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  signal: AbortSignal,
  sampling?: Sampling,
): Promise<CandidatesEstimate> {
  const { paramsFor } = prepared(document, spans, request, sampling);
  return engine.use(
    async (ready) => {
      const params = await paramsFor(ready, signal);
      const estimate = await ready.client.estimate(params, signal);
      return { ...estimate, candidates: params.candidates, isFitted: ready.model.gate !== undefined };
    },
    { signal, revive: true },
  );
}

/** What is sent, as far as it does not depend on the model, and the way back. */
function prepared(
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  given: Sampling | undefined,
  whole = document.getText(),
) {
  const sampling: Sampling = given ?? rewriteSettings(document);
  const plan = planRequest(whole, spans, request);
  const { text, base } = excerptAround(plan.text, plan.sent);
  const moved = ({ start, end }: OffsetRange) => ({ start: start - base, end: end - base });
  const paramsOf = (model: ModelDescription, isAlone: boolean) => ({
    model: model.folder,
    text,
    spans: plan.sent.map((one) => ({
      ...moved(one),
      ...(one.locked === undefined ? {} : { locked: one.locked.map(moved) }),
    })),
    language: document.languageId,
    fileName: document.fileName,
    document: document.uri.toString(),
    priority: 'rewrite' as const,
    ...candidatesFor(sampling.candidates, request.seed, isAlone),
    interactive: adaptsToSpeed(),
    ...(sampling.maxTokens === undefined ? {} : { maxTokens: sampling.maxTokens }),
    ...strengthOrInstruction(request, sampling.strength, model),
    ...(request.words === undefined || request.isRepair ? {} : { temperature: WORD_TEMPERATURE }),
  });
  const paramsFor = async ({ client, model }: ReadyEngine, signal: AbortSignal) => {
    const params = paramsOf(model, oneAtATime(model));
    const { candidates, interactive } = params;
    // Whoever says how many answers there are to be does not show the first one before the others.
    if (given !== undefined || candidates < 2 || !interactive) return params;
    const { millis = 0 } = await client.estimate(params, signal);
    return millis > SOON * candidates ? paramsOf(model, true) : params;
  };
  return { plan, paramsFor };
}

/** Of the first span that is copied from anywhere. */
function sourceOf(spans: readonly CandidateSpan[]): Pick<Judgeable, 'source'> {
  const source = spans.find((span) => span.source !== undefined)?.source;
  return source === undefined ? {} : { source };
}
