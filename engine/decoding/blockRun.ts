// What the block-by-block loop works on: candidates, the hole that they share, and where a block of it stands.
import type { BlockDenoiser, HoleAnswer, HoleContext } from '../denoiser';
import type { RescoringChoice } from './chooseAnswer';
import { type HoleState, maskedCell, type WorkCell } from './holeState';
import type { DecodeRequest } from './request';
import type { Drawer } from './sampling';
import { isOpen, type StepRules, type Stretch } from './step';

export interface BlockRequest extends DecodeRequest {
  /**
   * What stands around a hole, laid out as the family wants it. `answers`: token ids of the other holes as they
   * stand in this candidate, in text order; undefined for those that have not been denoised yet.
   */
  readonly contextFor: (hole: number, answers: readonly (Int32Array | undefined)[]) => HoleContext;
  /** How answers that the causal head rescores are weighed, where that is fitted to the model. */
  readonly rescoring?: RescoringChoice;
}

export interface Candidate {
  readonly lane: number;
  readonly draw: Drawer;
  readonly temperature: number;
  readonly answers: (HoleAnswer | undefined)[];
  /** Denoise steps. */
  steps: number;
  /** Steps as they are shown: a draft that is taken is one, too. */
  shown: number;
}

/** A candidate in the batch that denoises one hole. */
export interface Row {
  readonly candidate: Candidate;
  /** Its number in the batch, as it was opened. */
  readonly number: number;
  readonly state: HoleState;
}

/** One hole being denoised by all candidates that see the same around it. */
export interface HoleRun {
  readonly denoiser: BlockDenoiser;
  readonly request: BlockRequest;
  readonly rules: StepRules;
  readonly hole: number;
  readonly lead: Int32Array;
  /** Cells that the hole has at least: those it began with, where some were locked. */
  readonly planned: number;
  /** Fills a block behind the hole's last cell; absent: the block ends with that cell. */
  readonly filler: number | undefined;
  /** Cells of a block that are denoised at a time; absent: all. */
  readonly partLength: number | undefined;
}

/** The cells [from, to) that a block holds, and where its first one stands in it. */
export interface BlockPlace {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

export function placeOf(block: number, blockLength: number, lead: number): BlockPlace {
  const end = (block + 1) * blockLength - lead;
  return block === 0 ? { from: 0, to: end, offset: lead } : { from: end - blockLength, to: end, offset: 0 };
}

export function appendMasks(state: HoleState, to: number): void {
  const missing = Math.min(to, state.bound) - state.cells.length;
  const fresh = Array.from({ length: Math.max(0, missing) }, (): WorkCell => maskedCell(state.frame.maskId));
  state.cells = [...state.cells, ...fresh];
}

export function blockOf({ hole }: HoleRun, { state }: Row, { from, to }: BlockPlace): Stretch {
  return { hole, state, from, to };
}

/** What is denoised now: the block, or the first part of it that has a mask. */
export function stretchOf(run: HoleRun, row: Row, place: BlockPlace): Stretch {
  const block = blockOf(run, row, place);
  const { partLength, request } = run;
  if (partLength === undefined || !isOpen(block)) return block;
  const start = place.from - place.offset;
  const at = row.state.frontier - start;
  const isFirst = at === 0 && request.family.shifted === true;
  const end = isFirst ? 1 : (Math.floor(at / partLength) + 1) * partLength;
  return { ...block, to: Math.min(place.to, start + end) };
}

/** The share of the budget that falls to one block. */
export function stepsFor(
  { sampling }: BlockRequest,
  { frame }: HoleState,
  { from, to }: BlockPlace,
): number | undefined {
  if (sampling.steps === undefined) return undefined;
  const cells = Math.min(to, frame.bound) - from;
  return Math.max(1, Math.floor((sampling.steps * cells) / frame.bound));
}

/** Tokens of a block: all of it, or what the longest of the holes has of it. */
export function widthOf(
  { denoiser, filler }: HoleRun,
  rows: readonly Row[],
  { from, to, offset }: BlockPlace,
): number {
  if (filler !== undefined) return denoiser.blockLength;
  return offset + Math.max(...rows.map(({ state }) => Math.min(to, state.bound) - from));
}

/** [width] */
export function blockTokens(
  run: HoleRun,
  state: HoleState,
  { from, to, offset }: BlockPlace,
  width: number,
): Int32Array {
  const tokens = new Int32Array(width).fill(run.filler ?? state.frame.maskId);
  if (offset > 0) tokens.set(run.lead);
  tokens.set(state.tokens().slice(from, to), offset);
  return tokens;
}
