// What a request comes down to, worked out once at its start and passed down: whether the model can do it, how much room
// its text and its answers have, how it copies and what was fitted to that, how it samples.
import { defaultCopying, type Fit, fitFor } from '../calibration/fit';
import type { Calibration } from '../calibration/types';
import { fenceFor } from '../candidates/answer/fences';
import type { Canvas, Cell, Hole } from '../canvas/types';
import type { Checkpoint } from '../checkpoint/types';
import { RequestCopying } from '../copying/request';
import type { CopyIndex } from '../copying/sources';
import { holesOf, standingText } from '../decoding/request';
import type { DecodeSampling } from '../decoding/sampling';
import { EngineError } from '../errors';
import type { InfillParams } from '../protocol';
import { answering } from './answering';
import {
  DEFAULT_MAX_TOKENS,
  lengthsOf,
  maskCountsOf,
  maxTokensOf,
  samplingOf,
  seedsOf,
  sharedBounds,
} from './bounds';
import { type AnswerRoom, answerRoom, spareTokens, textBudget } from './layout';
import { promptTokens } from './prompt';
import { type Reach, UNBOUNDED } from './reach';

/** What a canvas is built of. */
export interface CanvasPlan {
  readonly params: Pick<InfillParams, 'text' | 'spans' | 'language'>;
  /** As this request has it (answering.ts). */
  readonly checkpoint: Checkpoint;
  /** Tokens that each answer is sure to find room for. */
  readonly room: number;
  /** Most tokens of text and spans. */
  readonly textBudget: number;
  readonly reach: Reach;
}

export interface RequestPlan extends CanvasPlan {
  readonly params: InfillParams;
  /** Of the prompt and its answer. */
  readonly fence: string;
  /** Tokens of the prompt beside the text around the spans; 0 for families that read the text itself. */
  readonly promptLength: number;
  /** 0…1 */
  readonly strength: number;
  readonly copying: RequestCopying;
  /** What was fitted to the model as this request asks it. */
  readonly calibration: Calibration | undefined;
  readonly fit: Fit;
  readonly sampling: DecodeSampling;
  /** One a candidate. */
  readonly seeds: readonly number[];
}

/**
 * `index`: what can be copied from beside the request's own texts; `reach`: what a pass takes in, by default everything.
 * @throws EngineError `option-invalid` where the model takes no instruction, or the strength is out of its range
 */
export function planRequest(
  given: Checkpoint,
  fitted: Calibration | undefined,
  params: InfillParams,
  { index, reach = UNBOUNDED }: { readonly index?: CopyIndex; readonly reach?: Reach } = {},
): RequestPlan {
  const { strength = 1 } = params;
  checkInstruction(given, params);
  checkStrength(strength);
  const checkpoint = answering(given, params);
  // What was fitted to filling holes says nothing of answers to instructions.
  const calibration = checkpoint.family.infill.kind === given.family.infill.kind ? fitted : undefined;
  const fence = fenceFor(params.text, params.instruction ?? '');
  const promptLength = promptLengthOf(checkpoint, params, fence);
  const choice = params.copying ?? defaultCopying(calibration, checkpoint.family);
  const fit = fitFor(calibration, choice, checkpoint.family);
  return {
    ...planCanvas(checkpoint, params, reach, promptLength),
    ...{ params, fence, promptLength, strength },
    copying: new RequestCopying(checkpoint, params, choice, fit.mixture, index),
    ...{ calibration, fit },
    sampling: samplingOf(checkpoint, params, reach.isSlow),
    seeds: seedsOf(params),
  };
}

/** `promptLength`: tokens of a prompt beside the text. */
export function planCanvas(
  checkpoint: Checkpoint,
  params: CanvasPlan['params'] & Pick<InfillParams, 'maxTokens'>,
  reach: Reach,
  promptLength = 0,
): CanvasPlan {
  const { spans, maxTokens = DEFAULT_MAX_TOKENS } = params;
  const room = answerRoom(checkpoint, spans.length, maxTokens);
  const budget = budgetOf(checkpoint, params, room, reach, promptLength);
  return {
    ...{ params, checkpoint, reach },
    room: room.tokens,
    textBudget: Math.max(1, budget - promptLength),
  };
}

/** What the canvas adds to the plan: its holes, and how long their answers may be. All in text order. */
export interface HolePlan {
  readonly holes: readonly Hole[];
  readonly maxTokens: readonly number[];
  readonly minTokens: readonly number[];
  readonly maskCounts: readonly number[];
  /** Lengths that a model of fixed length is asked about, to take the one it is surest of; undefined for others. */
  readonly lengths: readonly (readonly number[])[] | undefined;
}

export function planHoles(plan: RequestPlan, canvas: Canvas): HolePlan {
  const { checkpoint, params, room, promptLength, fit, reach } = plan;
  const { family, shape, tokenizer } = checkpoint;
  const holes = holesOf(canvas);
  const wanted = maxTokensOf(holes, params, family.infill.kind === 'prompt');
  // Whole canvases are denoised at once; holes that are denoised in turn share what the text leaves.
  const isWhole = family.infill.kind === 'in-place';
  const free = shape.contextLength - spareTokens(family) - promptLength;
  const maxTokens = isWhole ? wanted : sharedBounds(canvas, wanted, room, free);
  const least = (cells: readonly Cell[]) => leastTokens(cells, fit.leastShare, tokenizer);
  return {
    holes,
    maxTokens,
    minTokens: holes.map(({ cells }, i) => Math.min(maxTokens[i] ?? 0, least(cells))),
    maskCounts: maskCountsOf(checkpoint, holes, maxTokens, room, reach.isSlow),
    lengths: isWhole && family.length.kind === 'fixed' ? lengthsOf(holes, maxTokens) : undefined,
  };
}

/**
 * Fewest tokens that a hole gets, by what stood in it. Who selects code wants code: only an insertion may come to nothing. Of
 * several lines, at least `share` of them: a model can be too fond of an early end.
 */
export function leastTokens(
  cells: readonly Cell[],
  share: number,
  tokenizer: Checkpoint['tokenizer'],
): number {
  if (cells.length === 0) return 0;
  const isLong = share > 0 && standingText(cells, tokenizer).trim().includes('\n');
  return isLong ? Math.ceil(cells.length * share) : 1;
}

/** Tokens of the longest prompt of a span, without what stands around it. */
function promptLengthOf(
  { family, chat, tokenizer }: Checkpoint,
  { text, spans, language, instruction }: InfillParams,
  fence: string,
): number {
  if (family.infill.kind !== 'prompt' || chat === undefined) return 0;
  const lengths = spans.map(({ start, end }) =>
    promptTokens({ tokenizer, chat }, { selected: text.slice(start, end), language, instruction, fence }),
  );
  return Math.max(0, ...lengths);
}

/**
 * Tokens of text, answers and prompt. What is worth reading, and what the machine reads in time, bounds what stands around the
 * spans; those of a prompt only have to fit the model.
 */
function budgetOf(
  checkpoint: Checkpoint,
  { text, spans }: Pick<InfillParams, 'text' | 'spans'>,
  room: AnswerRoom,
  reach: Reach,
  promptLength: number,
): number {
  const { family, shape, tokenizer } = checkpoint;
  const usual = textBudget(checkpoint, room);
  const isAsked = family.infill.kind === 'prompt';
  // What is denoised in place has a window of its own.
  if (!isAsked && (family.attention.kind === 'full' || !Number.isFinite(reach.reading))) return usual;
  const least = spans.reduce(
    (sum, { start, end }) => sum + Math.max(room.tokens, tokenizer.encode(text.slice(start, end)).ids.length),
    promptLength,
  );
  if (!isAsked) return Math.min(usual, reach.reading + least);
  return Math.min(shape.contextLength - spareTokens(family), Math.max(least, Math.min(usual, reach.reading)));
}

function checkInstruction({ family, chat }: Checkpoint, { instruction }: InfillParams): void {
  if (instruction === undefined || chat !== undefined) return;
  throw new EngineError(
    'option-invalid',
    `${family.title} does not take instructions; it fills in what fits the surrounding code. Remove the instruction, or choose a model with a chat template.`,
    { family: family.id },
  );
}

function checkStrength(strength: number): void {
  if (strength >= 0 && strength <= 1) return;
  throw new EngineError('option-invalid', `Strength is ${strength}; give a number between 0 and 1.`, {
    strength,
  });
}
