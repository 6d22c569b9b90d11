// What the two denoise loops are asked for, and what they answer.
import type { Canvas, Cell, Hole } from '../canvas/types';
import type { Family, SpecialIds } from '../checkpoint/family';
import type { TextTokenizer } from '../checkpoint/types';
import type { HoleAnswer } from '../denoiser';
import { EngineError } from '../errors';
import { BiasRows, type LengthTokens } from './biasRows';
import { RULES } from './rules/registry';
import type { DecodeSampling } from './sampling';
import type { StepRules } from './step';
import { NO_BYTES, TokenTable } from './tokenTable';
import type { DenoiseStep } from './types';

export interface DecodeRequest {
  readonly canvas: Canvas;
  /** Facts of the family; a whole Family will do. */
  readonly family: Pick<Family, 'infill' | 'length'> & Partial<Pick<Family, 'attention' | 'shifted'>>;
  readonly tokenizer: TextTokenizer;
  /** Logits a position has (rows of the head): the length of a bias. */
  readonly vocabSize: number;
  readonly sampling: DecodeSampling;
  /** One lane (candidate) each. */
  readonly seeds: readonly number[];
  /** Most tokens that the answer of each hole may have, in text order. */
  readonly maxTokens: readonly number[];
  /** Fewest tokens before an end token, in text order; absent: an answer may be empty. */
  readonly minTokens?: readonly number[];
  /** Masks that each hole begins with, in text order; a hole with locked cells begins as it stands instead. */
  readonly maskCounts: readonly number[];
  /** Most tokens that the model can take in. */
  readonly contextLimit: number;
  /** Added to the end token's logit (families with an end token). */
  readonly endBias?: number;
  /** Called after every step, for each lane and each hole that was open; the loop waits for it. */
  readonly onStep?: (step: DenoiseStep) => void | Promise<void>;
  /** Whether an answer that begins with these tokens is whole: then the hole ends there, end token or none. */
  readonly isWhole?: (tokens: readonly number[]) => boolean;
  /**
   * How many of a hole's tokens are its whole answer, where the model has gone on past its end; undefined: not yet. `isBound`: there
   * will be no more of them.
   */
  readonly wholeAt?:
    | ((hole: number, tokens: readonly number[], isBound: boolean) => number | undefined)
    | undefined;
  readonly signal?: AbortSignal;
  /** Asked between steps: true takes the draft as it is, every mask filled with its best guess. */
  readonly enough?: () => boolean;
}

/** One candidate. */
export interface LaneResult {
  /** In text order. */
  readonly holes: HoleAnswer[];
  /** Denoise steps that this candidate took part in. */
  readonly steps: number;
}

/** Holes in text order. */
export function holesOf(canvas: Canvas): Hole[] {
  return canvas.segments.flatMap((segment) => (segment.kind === 'hole' ? [segment.hole] : []));
}

/** The text that stood in a hole's cells, with what the borders cut off. */
export function standingText(cells: readonly Cell[], tokenizer: TextTokenizer): string {
  return tokenizer.decode(cells.map(({ original }) => Math.max(0, original)));
}

/** What stays the same over all steps of a request; `special` tokens are those that decide about length. */
export function stepRules(request: DecodeRequest): StepRules {
  const lengthTokens = lengthTokensOf(request.family.length, request.canvas.specials);
  return {
    rule: RULES[request.sampling.rule],
    sampling: request.sampling,
    lengthTokens,
    rows: new BiasRows(
      TokenTable.of(request.tokenizer),
      request.vocabSize,
      request.canvas.specials,
      lengthTokens,
      request.endBias ?? 0,
    ),
  };
}

/** The tokens with which a model of this kind decides how long an answer is. */
export function lengthTokensOf(length: Family['length'], specials: SpecialIds): LengthTokens {
  const adjusts = length.kind === 'expand-delete';
  const end = length.kind === 'end-token' ? (specials.end ?? specials.eos) : undefined;
  const { asCell = false, alsoEnds = [] } = length.kind === 'end-token' ? length : {};
  const others = [...(asCell ? [specials.eos] : []), ...alsoEnds.map((name) => specials[name])];
  const ends = [end, ...others].filter((id) => id !== undefined);
  return {
    expand: adjusts ? specials.expand : undefined,
    delete: adjusts ? (specials.delete ?? specials.eos) : undefined,
    end,
    ends: [...new Set(ends)],
  };
}

/** Fewest cells in which a hole can keep the characters that its borders cut through. */
export function leastCells(hole: Hole, table: TokenTable): number {
  const { head, tail } = hole;
  if (head.length === 0 && tail.length === 0) return 0;
  const isOneEnough = head.length === 0 || tail.length === 0 || table.has(head, tail);
  return isOneEnough || !table.has(head, NO_BYTES) ? 1 : 2;
}

/** At temperature 0 all lanes are alike: one is computed, and stands for all. */
export function distinctSeeds({ seeds, sampling }: DecodeRequest): readonly number[] {
  return sampling.temperature <= 0 ? seeds.slice(0, 1) : seeds;
}

/** The result of every seed that was asked for. */
export function forAllSeeds(results: readonly LaneResult[], seeds: readonly number[]): LaneResult[] {
  return seeds.flatMap((_, lane) => results[lane] ?? results.slice(0, 1));
}

export function checkRequest(request: DecodeRequest): void {
  const holes = holesOf(request.canvas).length;
  const { maxTokens, maskCounts, seeds } = request;
  if (seeds.length === 0) invalid('Ask for at least one candidate.');
  if (maxTokens.length !== holes || maskCounts.length !== holes)
    invalid(`The canvas has ${holes} holes: give a length for each.`);
  if (maxTokens.some((count) => !(count >= 0)) || maskCounts.some((count) => !(count >= 0)))
    invalid('Lengths are whole numbers, 0 or more.');
  const { steps, temperature, topP } = request.sampling;
  if (steps !== undefined && !(steps >= 1)) invalid('Give at least one denoise step.');
  if (!(temperature >= 0)) invalid('The temperature is a number, 0 or more.');
  if (!(topP > 0 && topP <= 1)) invalid('top_p is above 0 and at most 1.');
}

function invalid(sentence: string): never {
  throw new EngineError('option-invalid', sentence);
}
