// A request's way through the engine: plan → canvas → denoise loop → candidates. One direction, no way back.

import { confidenceFeatures } from '../calibration/confidence';
import type { Calibration } from '../calibration/types';
import { isAnswered } from '../candidates/answer/fences';
import { postprocess } from '../candidates/postprocess';
import type { Canvas, Hole } from '../canvas/types';
import type { Checkpoint } from '../checkpoint/types';
import type { CopyIndex } from '../copying/sources';
import { denoiseBlocks } from '../decoding/blocks';
import type { RescoringChoice } from '../decoding/chooseAnswer';
import { denoiseInPlace } from '../decoding/inPlace';
import type { DecodeRequest, LaneResult } from '../decoding/request';
import type { DenoiseStep } from '../decoding/types';
import type {
  Candidate,
  CopySource,
  DenoiseStepEvent,
  Estimate,
  InfillParams,
  InfillResult,
  ModelDescription,
  ModelSpeed,
  ScoreParams,
  ScoreResult,
} from '../protocol';
import type { Forward } from '../runtime/forward';
import { Pace } from '../runtime/pace';
import { answerInPlace } from './answerInPlace';
import { Denoisers } from './denoisers';
import { type EstimateFacts, estimateOf, Progress } from './estimate';
import { contextsOf, wholeText } from './holeContexts';
import { loopingAnswers } from './looping';
import { passesBy, wholeAnswers } from './passing';
import { type HolePlan, planHoles, planRequest, type RequestPlan } from './plan';
import type { Reach } from './reach';
import { askedOf, unmaskedCanvas } from './requestCanvas';
import { type MemoryFacts, memoryOfRequest } from './requestMemory';
import { RequestReach } from './requestReach';
import { checkRequestFits, type RequestRoom } from './requestRoom';
import { scoreText } from './scoreText';
import { scoreWindow } from './scoreWindow';
import { scoringMillis, scoringReach, TokenScorer } from './scoring';
import { withoutKept } from './shownCells';
import { StepYield } from './stepYield';
import { withStrength } from './strength';
import type { OnPass } from './tokenScore';

interface Context {
  readonly signal?: AbortSignal;
  readonly onStep?: (event: DenoiseStepEvent) => void;
  /** What stands there is scored, before the first step: the share that is done, 0…1. */
  readonly onScored?: OnPass;
  /** What is around a hole is read, in several passes: the share that is done, 0…1, and milliseconds until the answer, if known. */
  readonly onRead?: (done: number, remainingMillis?: number) => void;
  /** Asked between denoise steps; true takes the draft as it is. */
  readonly enough?: () => boolean;
  /** What can be copied from beside the request's own texts. */
  readonly index?: CopyIndex | undefined;
  /** What the confidence of each candidate is worked out from, for fitting it (bench/infilling/copyCalibration.ts). */
  readonly onEvidence?: (features: readonly number[], texts: readonly string[]) => void;
  /** The same for what each hole's answer was chosen from. */
  readonly onChoices?: RescoringChoice['onChoices'];
  /** Nats: where a causal continuation ends (RescoreRequest), for measuring it (bench/infilling/limits.ts). */
  readonly leastContinuation?: number;
  /** As in DecodeSampling, for measuring it. */
  readonly leastCopied?: number;
  /** As in CanvasInput, for measuring it (bench/infilling/halfWords.ts). */
  readonly healWords?: boolean;
}

/** What time and memory of a request are estimated from. */
type RequestFacts = Omit<EstimateFacts & MemoryFacts, 'tokensPerStep' | 'isExact' | 'lengths' | 'answer'>;

export class Infiller {
  private readonly denoisers: Denoisers;
  private readonly reach: RequestReach;
  /** Of the last estimate: who has asked how long a request takes makes it next. */
  private estimated: { readonly asked: string; readonly canvas: Canvas } | undefined;

  /** `calibration`: what was fitted to the checkpoint, where something was; `room`: where passes take main memory. */
  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly description: ModelDescription,
    forward: Forward,
    private readonly calibration?: Calibration,
    private readonly pace = new Pace(checkpoint.shape),
    private readonly room?: () => RequestRoom | undefined,
    private readonly stepYield = new StepYield(),
  ) {
    this.denoisers = new Denoisers(checkpoint, forward, pace);
    this.reach = new RequestReach(checkpoint, pace);
  }

  get speed(): ModelSpeed {
    return this.reach.speed;
  }

  async infill(params: InfillParams, context: Context): Promise<InfillResult> {
    const started = performance.now();
    const before = this.denoisers.forwards;
    // What is read for ghost text is read for the next key as well: such a pass is made to its end.
    const isKept = params.priority === 'ghost' && !this.denoisers.areInPlace;
    this.denoisers.signal = isKept ? undefined : context.signal;
    const plan = planRequest(this.checkpoint, this.calibration, params, {
      reach: this.reach.of(params),
      ...(context.index ? { index: context.index } : {}),
    });
    const canvas = await this.canvasOf(plan, context);
    const lanes = await this.denoise(plan, canvas, context);
    const candidates = this.candidatesOf(plan, canvas, lanes, context);
    const { name: model, family, provider, precision } = this.description;
    const forwards = this.denoisers.forwards - before;
    const tokens = lanes.flatMap(({ holes }) => holes).reduce((sum, { locked }) => sum + zeros(locked), 0);
    const steps = lanes.reduce((sum, lane) => sum + lane.steps, 0);
    // What was read ahead takes no pass of its own.
    const passes = this.denoisers.areInPlace ? steps : Math.min(steps, forwards);
    this.stepYield.learn({ tokens, steps: passes, isDraft: context.enough?.() === true });
    return {
      ...{ model, family, provider, precision, forwards, tokens },
      tokensPerForward: forwards > 0 ? tokens / forwards : 0,
      millis: performance.now() - started,
      candidates,
    };
  }

  /**
   * How long the request would take. Nothing is computed for it.
   * @throws EngineError as `infill` does of what cannot be asked, `context-too-long` among others
   */
  estimate(params: InfillParams): Estimate {
    const plan = planRequest(this.checkpoint, this.calibration, params, { reach: this.reach.of(params) });
    const canvas = unmaskedCanvas(plan);
    this.estimated = { asked: askedOf(plan), canvas };
    const holePlan = planHoles(plan, canvas);
    const facts = this.factsOf(plan, canvas, holePlan);
    const standing = holePlan.holes.reduce((sum, { cells }) => sum + cells.length, 0);
    const scoring = scoringMillis(this.pace, { ...facts, tokens: standing });
    const bytes = memoryOfRequest(this.checkpoint.shape, this.memoryFactsOf(plan, facts, holePlan));
    return {
      ...this.estimateOf(facts),
      ...(scoring === undefined ? {} : { scoringMillis: scoring }),
      bytes: Math.round(bytes),
    };
  }

  async score(
    params: ScoreParams,
    { signal, onScored }: Pick<Context, 'signal' | 'onScored'>,
  ): Promise<ScoreResult> {
    const before = this.denoisers.forwards;
    this.denoisers.signal = signal;
    const reach = this.reach.ofScore(params);
    const scorer = this.scorer(params.language, signal, reach);
    try {
      const scoring = {
        score: scorer.score.bind(scorer),
        forwards: () => this.denoisers.forwards - before,
      };
      return await scoreText(params, this.checkpoint, this.description.name, scoring, {
        window: scoreWindow(this.checkpoint, params, () => this.reach.of(params)),
        ...(onScored ? { onPass: onScored } : {}),
      });
    } finally {
      scorer.dispose();
    }
  }

  dispose(): void {
    this.denoisers.dispose();
  }

  private async canvasOf(plan: RequestPlan, { signal, onScored, healWords }: Context): Promise<Canvas> {
    const { params, strength, reach } = plan;
    const scorer = this.scorer(params.language, signal, reach);
    const { estimated } = this;
    this.estimated = undefined;
    try {
      const isKnown = estimated !== undefined && estimated.asked === askedOf(plan);
      const canvas = isKnown ? estimated.canvas : unmaskedCanvas(plan, healWords);
      return await withStrength(canvas, strength, this.checkpoint, scorer, onScored);
    } finally {
      scorer.dispose();
    }
  }

  private estimateOf(facts: RequestFacts): Estimate {
    return estimateOf(this.pace, { ...facts, tokensPerStep: this.stepYield.tokensPerStep });
  }

  private memoryFactsOf(
    { params, fit }: RequestPlan,
    facts: RequestFacts,
    { lengths, maxTokens }: HolePlan,
  ): MemoryFacts {
    const isExact = params.cache === 'exact';
    const isCompared = fit.choice !== undefined;
    const answer = maxTokens.reduce((sum, count) => sum + count, 0);
    return { ...facts, isExact, isCompared, lengths, answer };
  }

  private factsOf(
    { reach, seeds, params, checkpoint, promptLength }: RequestPlan,
    canvas: Canvas,
    { maskCounts }: HolePlan,
  ): RequestFacts {
    const { segments } = canvas;
    // Some models see nothing of what follows the span.
    const isBlind = checkpoint.family.infill.kind === 'left-only';
    const read = isBlind
      ? segments.slice(
          0,
          segments.findLastIndex(({ kind }) => kind === 'hole'),
        )
      : segments;
    const text = read.reduce((sum, segment) => sum + (segment.kind === 'text' ? segment.ids.length : 0), 0);
    const masks = maskCounts.reduce((sum, count) => sum + count, 0);
    return {
      family: checkpoint.family,
      reach,
      window: promptLength + text + masks,
      masks: Math.max(1, Math.round(masks * (params.strength ?? 1))),
      candidates: seeds.length,
      ...((params.strength ?? 1) < 1 && this.denoisers.areInPlace ? { scoring: scoringReach(reach) } : {}),
    };
  }

  private async denoise(plan: RequestPlan, canvas: Canvas, context: Context): Promise<LaneResult[]> {
    const holePlan = planHoles(plan, canvas);
    const facts = this.factsOf(plan, canvas, holePlan);
    const selected = plan.params.spans.map(({ start, end }) => plan.params.text.slice(start, end));
    checkRequestFits(
      this.checkpoint.shape,
      this.memoryFactsOf(plan, facts, holePlan),
      selected,
      this.room?.(),
    );
    const estimate = this.estimateOf(facts);
    const candidates = plan.seeds.length;
    const most = candidates * holePlan.maxTokens.reduce((sum, count) => sum + count, 0);
    const progress = new Progress(estimate, candidates, plan.checkpoint.family, most);
    const request = this.decodeRequest(plan, holePlan, canvas, { ...context, progress });
    const { params, copying, fit, reach, checkpoint } = plan;
    const { onRead } = context;
    const told = onRead && ((done: number) => onRead(done, progress.reading(done)));
    const contextFor = contextsOf(plan, holePlan, canvas, told);
    const isAsked = checkpoint.family.infill.kind === 'prompt';
    if (this.denoisers.areInPlace) {
      // A prompt is no text of which a part would do.
      const passes = isAsked ? { ...reach, tokens: Number.POSITIVE_INFINITY } : reach;
      const denoiser = this.denoisers.inPlace(params.cache ?? 'dual', passes, checkpoint);
      const { lengths } = holePlan;
      try {
        if (isAsked) return await answerInPlace(copying.inPlace(denoiser), { ...request, contextFor });
        return await denoiseInPlace(copying.inPlace(denoiser), {
          ...request,
          ...(lengths ? { lengths: { candidates: lengths } } : {}),
          ...(Number.isFinite(reach.masks) ? { masksAtOnce: reach.masks } : {}),
        });
      } finally {
        denoiser.dispose();
      }
    }
    const { onChoices, leastContinuation } = context;
    const rescoring = fit.choice && {
      coefficients: fit.choice,
      ...(onChoices ? { onChoices } : {}),
      ...(leastContinuation === undefined ? {} : { leastContinuation }),
    };
    try {
      return await denoiseBlocks(copying.blockwise(this.denoisers.blockwise()), {
        ...request,
        contextFor,
        ...(rescoring ? { rescoring } : {}),
      });
    } finally {
      this.denoisers.close();
    }
  }

  private decodeRequest(
    { params, sampling, seeds, checkpoint, fence, reach: { oneLine } }: RequestPlan,
    { holes, maxTokens, minTokens, maskCounts }: HolePlan,
    canvas: Canvas,
    { signal, onStep, enough, progress, leastCopied }: Context & { readonly progress: Progress },
  ): DecodeRequest {
    const { family, tokenizer, shape } = checkpoint;
    const { language } = params;
    return {
      ...(family.infill.kind === 'prompt'
        ? { isWhole: (tokens: readonly number[]) => isAnswered(tokenizer.decode(tokens), fence, language) }
        : {}),
      wholeAt: passesBy(family)
        ? wholeAnswers(params, holes, { tokenizer, oneLine })
        : loopingAnswers(params, checkpoint),
      ...{ canvas, family, tokenizer, seeds, maxTokens, minTokens, maskCounts },
      sampling: leastCopied === undefined ? sampling : { ...sampling, leastCopied },
      vocabSize: shape.vocabSize,
      contextLimit: shape.contextLength,
      ...(onStep
        ? {
            onStep: (step: DenoiseStep) =>
              onStep({ ...this.eventOf(step, params, holes), ...progress.after(step) }),
          }
        : {}),
      ...(signal ? { signal } : {}),
      ...(enough ? { enough } : {}),
    };
  }

  private candidatesOf(
    { params, copying, calibration, fit, checkpoint, fence }: RequestPlan,
    canvas: Canvas,
    lanes: readonly LaneResult[],
    { onEvidence }: Context,
  ): readonly Candidate[] {
    const { tokenizer, family } = checkpoint;
    const { language } = params;
    return postprocess(
      lanes.map((lane) => lane.holes).filter((holes) => copying.isAnswer(holes)),
      {
        ...{ canvas, text: params.text, spans: params.spans, tokenizer, language },
        ...(calibration ? { gate: calibration.gate } : {}),
        ...(family.infill.kind === 'prompt' ? { codeOf: { fence, language } } : {}),
        confidence: (holes, texts) => {
          const features = confidenceFeatures(holes, copying.agreement(texts));
          onEvidence?.(features, texts);
          return fit.confidence(holes, features);
        },
      },
    )
      .filter(({ confidence = 1 }) => confidence >= (params.gate ?? 0))
      .map((candidate) => ({
        ...withSources(candidate, copying.sourcesOf(candidate.spans)),
        ...(calibration ? {} : { isUnfitted: true }),
      }));
  }

  private scorer(language: string | undefined, signal: AbortSignal | undefined, reach: Reach): TokenScorer {
    return new TokenScorer(this.checkpoint, this.denoisers, language, signal, reach);
  }

  private eventOf(step: DenoiseStep, params: InfillParams, holes: readonly Hole[]): DenoiseStepEvent {
    const { tokenizer, specials } = this.checkpoint;
    const hole = holes[step.hole];
    const cells = step.cells.map(({ token, state, confidence, guess }) => ({
      text: tokenizer.decode([token === specials.mask ? (guess ?? token) : token]),
      state,
      confidence,
    }));
    return {
      requestId: params.requestId,
      step: step.step,
      span: hole?.span ?? step.hole,
      candidate: step.lane,
      cells: withoutKept(cells, wholeText(hole?.head)),
      committed: step.committed,
      remasked: step.remasked,
    };
  }
}

function withSources(candidate: Candidate, sources: readonly (CopySource | undefined)[]): Candidate {
  const spans = candidate.spans.map((span, i) => {
    const source = sources[i];
    return source === undefined ? span : { ...span, source };
  });
  return { ...candidate, spans };
}

/** Tokens that were not locked. */
function zeros(locked: Uint8Array): number {
  return locked.reduce((sum, value) => sum + Number(value === 0), 0);
}
