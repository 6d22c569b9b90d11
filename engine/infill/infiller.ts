// A request's way through the engine: text and spans → canvas → denoise loop → candidates. One direction, no way back.
import { postprocess } from '../candidates/postprocess';
import { buildCanvas } from '../canvas/build';
import { cellsToMask } from '../canvas/strength';
import type { Canvas, Hole } from '../canvas/types';
import type { Checkpoint } from '../checkpoint/types';
import { RequestCopying } from '../copying/request';
import { denoiseBlocks } from '../decoding/blocks';
import type { RescoringChoice } from '../decoding/chooseAnswer';
import { flatten } from '../decoding/flatten';
import { denoiseInPlace } from '../decoding/inPlace';
import { type DecodeRequest, holesOf } from '../decoding/request';
import type { DenoiseStep } from '../decoding/types';
import { EngineError } from '../errors';
import type {
  DenoiseStepEvent,
  InfillParams,
  InfillResult,
  ModelDescription,
  ScoreParams,
  ScoreResult,
} from '../protocol';
import type { Forward } from '../runtime/forward';
import { Denoisers } from './denoisers';
import {
  type AnswerRoom,
  answerRoom,
  holeContext,
  languageToken,
  sidesOf,
  spareTokens,
  textBudget,
} from './layout';
import {
  DEFAULT_MAX_TOKENS,
  lengthsOf,
  maskCountsOf,
  maxTokensOf,
  samplingOf,
  seedsOf,
  sharedBounds,
} from './plan';
import { promptTokens, unfenced } from './prompt';
import { scoreText } from './scoreText';
import { scoreBlocks, scoreInPlace } from './scoring';

interface Context {
  readonly signal?: AbortSignal;
  readonly onStep?: (event: DenoiseStepEvent) => void;
  /** Asked between denoise steps; true takes the draft as it is. */
  readonly enough?: () => boolean;
  /** What the confidence of each candidate is worked out from, for fitting it (bench/infilling/copyCalibration.ts). */
  readonly onEvidence?: (features: readonly number[], texts: readonly string[]) => void;
  /** The same for what each hole's answer was chosen from. */
  readonly onChoices?: RescoringChoice['onChoices'];
}

export class Infiller {
  private readonly denoisers: Denoisers;

  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly description: ModelDescription,
    forward: Forward,
  ) {
    this.denoisers = new Denoisers(checkpoint, forward);
  }

  async infill(params: InfillParams, context: Context): Promise<InfillResult> {
    const started = performance.now();
    this.checkInstruction(params);
    const full = this.canvasOf(params);
    const before = this.denoisers.forwards;
    const copying = new RequestCopying(this.checkpoint, params);
    const { lanes, canvas } = await this.denoise(full, params, copying, context);
    const tokens = lanes.reduce(
      (sum, lane) => sum + lane.holes.reduce((all, hole) => all + count(hole.locked, 0), 0),
      0,
    );
    const forwards = this.denoisers.forwards - before;
    return {
      model: this.description.name,
      family: this.description.family,
      provider: this.description.provider,
      precision: this.description.precision,
      forwards,
      tokens,
      tokensPerForward: forwards > 0 ? tokens / forwards : 0,
      millis: performance.now() - started,
      candidates: postprocess(
        lanes.map((lane) => lane.holes).filter((holes) => copying.isAnswer(holes)),
        {
          canvas,
          text: params.text,
          spans: params.spans,
          tokenizer: this.checkpoint.tokenizer,
          ...(this.prompts ? { codeOf: unfenced } : {}),
          confidence: (holes, texts) => {
            const features = copying.evidence(holes, texts);
            context.onEvidence?.(features, texts);
            return copying.confidence(holes, features);
          },
        },
      ).filter(({ confidence = 1 }) => confidence >= (params.gate ?? 0)),
    };
  }

  score(params: ScoreParams, context: { readonly signal?: AbortSignal }): Promise<ScoreResult> {
    const before = this.denoisers.forwards;
    const exact = this.denoisers.areInPlace ? this.denoisers.inPlace('exact') : undefined;
    return scoreText(params, this.checkpoint, this.description.name, {
      score: (tokens, from, to) =>
        exact
          ? scoreInPlace(exact, tokens, from, to, this.checkpoint.specials.mask, context.signal)
          : scoreBlocks(
              this.denoisers.blockwise(),
              this.checkpoint,
              tokens,
              from,
              to,
              params.language,
              context.signal,
            ),
      forwards: () => this.denoisers.forwards - before,
    });
  }

  dispose(): void {
    this.denoisers.dispose();
  }

  private canvasOf(params: InfillParams): Canvas {
    const { checkpoint } = this;
    const opening = languageToken(checkpoint, params.language);
    const room = this.roomOf(params);
    return buildCanvas({
      text: params.text,
      spans: params.spans,
      tokenizer: checkpoint.tokenizer,
      specials: checkpoint.specials,
      ...(opening === undefined ? {} : { languageToken: opening }),
      budget: Math.max(1, textBudget(checkpoint, room) - this.promptLength(params)),
      holeTokens: room.tokens,
      // The starter model was trained on text that was tokenised apart at each cut; an answer to a prompt begins anew.
      heal: checkpoint.family.infill.kind !== 'cached-canvas' && !this.prompts,
      steady: !this.denoisers.areInPlace,
    });
  }

  private roomOf({ spans, maxTokens = DEFAULT_MAX_TOKENS }: InfillParams): AnswerRoom {
    return answerRoom(this.checkpoint, spans.length, maxTokens);
  }

  private async denoise(full: Canvas, params: InfillParams, copying: RequestCopying, context: Context) {
    const { checkpoint } = this;
    const { signal, onStep, enough, onChoices } = context;
    const canvas = await this.withStrength(full, params, signal);
    const holes = holesOf(canvas);
    const room = this.roomOf(params).tokens;
    const { contextLength } = checkpoint.shape;
    const wanted = maxTokensOf(holes, params);
    const maxTokens = this.denoisers.areInPlace
      ? wanted
      : sharedBounds(
          canvas,
          wanted,
          room,
          contextLength - spareTokens(checkpoint.family) - this.promptLength(params),
        );
    const request: DecodeRequest = {
      canvas,
      family: checkpoint.family,
      tokenizer: checkpoint.tokenizer,
      vocabSize: checkpoint.shape.vocabSize,
      sampling: samplingOf(checkpoint, params),
      seeds: seedsOf(params),
      maxTokens,
      minTokens: holes.map((hole, i) => Math.min(maxTokens[i] ?? 0, copying.leastTokens(hole.cells))),
      maskCounts: maskCountsOf(checkpoint, holes, maxTokens, room),
      contextLimit: contextLength,
      ...(onStep ? { onStep: (step: DenoiseStep) => onStep(this.eventOf(step, params, holes)) } : {}),
      ...(signal ? { signal } : {}),
      ...(enough ? { enough } : {}),
    };
    if (this.denoisers.areInPlace) {
      const denoiser = this.denoisers.inPlace(params.cache ?? 'dual');
      try {
        const lanes = await denoiseInPlace(copying.inPlace(denoiser), {
          ...request,
          // A model of fixed length is asked which length it would be surest of.
          ...(checkpoint.family.length.kind === 'fixed'
            ? { lengths: { candidates: lengthsOf(holes, maxTokens) } }
            : {}),
        });
        return { lanes, canvas };
      } finally {
        denoiser.dispose();
      }
    }
    const denoiser = this.denoisers.blockwise();
    const { rescoring } = copying;
    const lanes = await denoiseBlocks(copying.blockwise(denoiser), {
      ...request,
      contextFor: (hole, answers) => this.contextOf(canvas, hole, answers, params),
      ...(rescoring ? { rescoring: { ...rescoring, ...(onChoices ? { onChoices } : {}) } } : {}),
    });
    return { lanes, canvas };
  }

  /** The canvas with the likeliest tokens of each span locked, where less than all of it is to be rewritten. */
  private async withStrength(canvas: Canvas, params: InfillParams, signal?: AbortSignal): Promise<Canvas> {
    const strength = params.strength ?? 1;
    if (!(strength >= 0 && strength <= 1)) {
      throw new EngineError('option-invalid', `Strength is ${strength}; give a number between 0 and 1.`, {
        strength,
      });
    }
    if (strength === 1) return canvas;
    const fills = holesOf(canvas).map((hole) => hole.cells.map((cell) => cell.original));
    const { tokens, holeStarts } = flatten(canvas, fills, this.ends());
    const segments: Canvas['segments'][number][] = [];
    let index = 0;
    for (const segment of canvas.segments) {
      if (segment.kind === 'text' || segment.hole.cells.length === 0) {
        if (segment.kind === 'hole') index++;
        segments.push(segment);
        continue;
      }
      const start = holeStarts[index++] ?? 0;
      const surprise = await this.surpriseOf(
        tokens,
        start,
        start + segment.hole.cells.length,
        params.language,
        signal,
      );
      const masked = new Set(cellsToMask(segment.hole.cells, surprise, strength));
      const cells = segment.hole.cells.map((cell, i) => ({ ...cell, locked: !masked.has(i) }));
      segments.push({ kind: 'hole', hole: { ...segment.hole, cells } });
    }
    return { ...canvas, segments };
  }

  private async surpriseOf(
    tokens: Int32Array,
    from: number,
    to: number,
    language: string | undefined,
    signal?: AbortSignal,
  ): Promise<number[]> {
    const scores = this.denoisers.areInPlace
      ? await scoreInPlace(
          this.denoisers.inPlace('exact'),
          tokens,
          from,
          to,
          this.checkpoint.specials.mask,
          signal,
        )
      : await scoreBlocks(this.denoisers.blockwise(), this.checkpoint, tokens, from, to, language, signal);
    return scores.map((score) => score.surprise);
  }

  private contextOf(
    canvas: Canvas,
    hole: number,
    answers: readonly (Int32Array | undefined)[],
    { language, instruction }: InfillParams,
  ) {
    const { before, after } = sidesOf(canvas, hole, answers);
    const selected = holesOf(canvas)[hole]?.cells.map((cell) => cell.original) ?? [];
    const asked = { selected, ...(instruction === undefined ? {} : { instruction }) };
    return holeContext(this.checkpoint, before, after, language, asked);
  }

  /** Whether spans are put before the model as questions. */
  private get prompts(): boolean {
    return this.checkpoint.family.infill.kind === 'prompt';
  }

  /** Tokens of the prompt beside the text around the spans; 0 where there is none. */
  private promptLength({ text, spans, language, instruction }: InfillParams): number {
    const { chat, tokenizer } = this.checkpoint;
    if (!this.prompts || chat === undefined) return 0;
    const longest = Math.max(
      ...spans.map(({ start, end }) => tokenizer.encode(text.slice(start, end)).ids.length),
    );
    const selected = new Array<number>(longest).fill(0);
    return promptTokens({ tokenizer, chat }, { selected, language, instruction });
  }

  private checkInstruction({ instruction }: InfillParams): void {
    if (instruction === undefined || this.description.takesInstruction) return;
    throw new EngineError(
      'option-invalid',
      `${this.description.familyTitle} takes no instruction: it fills in what fits the code around it. Leave the instruction out, or choose a model that follows instructions.`,
      { family: this.description.family },
    );
  }

  private ends(): { bos: boolean; eos: boolean } {
    const { infill } = this.checkpoint.family;
    return infill.kind === 'in-place' ? infill : { bos: false, eos: false };
  }

  private eventOf(step: DenoiseStep, params: InfillParams, holes: readonly Hole[]): DenoiseStepEvent {
    const { tokenizer, specials } = this.checkpoint;
    return {
      requestId: params.requestId,
      step: step.step,
      span: holes[step.hole]?.span ?? step.hole,
      candidate: step.lane,
      cells: step.cells.map(({ token, state, confidence, guess }) => ({
        text: tokenizer.decode([token === specials.mask ? (guess ?? token) : token]),
        state,
        confidence,
      })),
      committed: step.committed,
      remasked: step.remasked,
    };
  }
}

function count(values: Uint8Array, wanted: number): number {
  return values.reduce((sum, value) => sum + (value === wanted ? 1 : 0), 0);
}
