// How much memory a request will take beside the loaded model, from the passes that it is going to make: before it is tried.
import type { Family } from '../checkpoint/family';
import type { Checkpoint, DecoderShape } from '../checkpoint/types';
import { DEFAULT_ROWS } from '../decoding/inPlace';
import { batches } from '../decoding/lengths';
import {
  blockBytes,
  cacheBytesOf,
  canvasBytes,
  type PassSize,
  passBytes,
  processBytes,
  REQUEST_BYTES,
  requestBytes,
} from '../graph/memory';
import type { MemoryEstimate } from '../protocol';
import { ALONE_FROM, LARGEST_WINDOW } from '../runtime/inPlaceDenoiser';
import type { Pace } from '../runtime/pace';
import { isSlow, paceReach, type Reach } from './reach';

/** Of a length that the model chooses, the part of what stood there that it is taken to be: half to twice as much is looked at. */
const CHOSEN_LENGTH = 1.2;

/** Of a length that the model adjusts as it goes, how far it is taken to grow, as long as the answer may be so long. */
const GROWN = 1.5;

/** K/V of everything that are still there when they are made again: nobody collects them in between. */
const OUTDATED = 1;

/** Of a pass over everything, what the arena still holds when a pass of other sizes comes, none of whose tensors fits it. */
const LEFT_OVER = 0.25;

/** Where passes grow by more than this, the tensors of the longer ones fit nowhere in what the shortest one has left. */
const GROWING = 1.1;

export interface MemoryFacts {
  readonly family: Pick<Family, 'attention' | 'length'>;
  readonly reach: Pick<Reach, 'tokens' | 'masks' | 'refreshEvery' | 'isSlow'>;
  /** Tokens that the model reads, masks of all spans among them. */
  readonly window: number;
  readonly masks: number;
  /** Tokens that the answers have at most. */
  readonly answer: number;
  readonly candidates: number;
  /** Whether every step is a pass over everything. */
  readonly isExact: boolean;
  /** Lengths that are asked about before anything is denoised, span by span. */
  readonly lengths?: readonly (readonly number[])[] | undefined;
  /** Whether whole answers are compared in the end, of a model that goes block by block. */
  readonly isCompared?: boolean;
  /** Passes over so many tokens, one after the other, by which the likeliest tokens are found that stay. */
  readonly scoring?: { readonly passes: number; readonly tokens: number };
}

/** Bytes at the peak of a request. */
export function memoryOfRequest(shape: DecoderShape, facts: MemoryFacts): number {
  const { window, masks, answer, candidates, isCompared = false } = facts;
  const { attention } = facts.family;
  if (attention.kind === 'full')
    return canvasBytes(shape) + Math.max(...passesInPlace(facts).map((pass) => bytesInPlace(shape, pass)));
  const most = attention.kind === 'cached-canvas' ? Math.min(answer, attention.holeGap) : answer;
  const context = Math.max(1, window - masks);
  const size = { context, answer: most, likely: masks, lanes: candidates, isCompared };
  return REQUEST_BYTES + blockBytes(shape, attention, size);
}

/** An editor asks for so many, unless the machine is slow. */
const CANDIDATES = 2;

/** What is said of a model once it is loaded; `isCompared`: whether its calibration has whole answers compared. */
export function memoryOf(
  checkpoint: Pick<Checkpoint, 'shape' | 'family'>,
  pace: Pace,
  weights: number,
  isCompared = false,
): MemoryEstimate {
  const asked = { candidates: isSlow(pace) ? 1 : CANDIDATES, isCompared };
  const request = requestBytes(checkpoint, asked);
  const isFull = checkpoint.family.attention.kind === 'full';
  const adapted = isFull ? requestBytes(checkpoint, { ...asked, tokens: paceReach(pace) }) : request;
  return {
    ...{ weights, process: processBytes(checkpoint.shape), request },
    ...(adapted < request ? { adapted } : {}),
  };
}

interface PassInPlace extends PassSize {
  /** K/V of all lanes, where they are run one by one. */
  readonly stacked?: number;
  /** Tokens of the pass over everything before it. */
  readonly behind?: number;
  /** Of that pass, the part that is still held. Default: `LEFT_OVER`. */
  readonly held?: number;
}

function bytesInPlace(shape: DecoderShape, pass: PassInPlace): number {
  const { stacked = 0, behind = 0, held = LEFT_OVER, length, past } = pass;
  const leftOver = held * passBytes(shape, { length: behind, past: 1, rows: 0 });
  return passBytes(shape, pass) + leftOver + cacheBytesOf(shape, stacked * Math.max(past, length));
}

function passesInPlace(facts: MemoryFacts): PassInPlace[] {
  const { lengths = [], scoring } = facts;
  const longest = lengths.reduce((sum, wanted) => sum + Math.max(0, ...wanted), 0);
  const masks = longest > 0 ? Math.min(longest, Math.ceil(CHOSEN_LENGTH * facts.masks)) : grownMasks(facts);
  const passes = lengths.flatMap((wanted) => lengthPasses(facts, wanted, longest));
  passes.push(...denoisingPasses(facts, masks));
  if (scoring !== undefined) {
    const asked = Math.ceil(masks / scoring.passes);
    passes.push({ length: Math.min(scoring.tokens, facts.window), past: 1, rows: asked });
  }
  return passes;
}

/** `masks`: as many as the canvas comes to have. */
function denoisingPasses(facts: MemoryFacts, masks: number): PassInPlace[] {
  const { reach, candidates } = facts;
  const length = Math.min(facts.window + masks - facts.masks, reach.tokens);
  const active = Math.min(masks, reach.masks, length);
  // Between such passes the masks alone are run, unless they are most of what there is.
  const keep = !facts.isExact && active <= LARGEST_WINDOW * length;
  const outdated = keep && masks > Math.min(reach.refreshEvery, reach.masks) ? OUTDATED : 0;
  const all = { length, past: 1, rows: candidates * active };
  const together = { ...all, keep, stacked: outdated };
  if (candidates === 1 || !partsLanes(facts)) return [together];
  const isAlone = length >= ALONE_FROM;
  const parted = isAlone ? { ...all, rows: active } : { ...all, lanes: candidates };
  if (facts.family.length.kind === 'expand-delete') {
    // They soon differ in length: nothing is kept then, but what they shared before is not collected yet.
    const first = Math.min(facts.window, reach.tokens);
    const rows = candidates * Math.min(facts.masks, active);
    return [
      { length: first, past: 1, rows, keep },
      { ...parted, stacked: outdated },
    ];
  }
  // A pass over one of them has its own K/V; the caches of the others are kept for the next ones.
  const others = isAlone ? candidates - 1 : 0;
  const passes: PassInPlace[] = [together, { ...parted, keep, stacked: keep ? others : 0 }];
  if (!keep) return passes;
  const step = { length: active, past: length, stacked: others, behind: length };
  if (active >= ALONE_FROM) passes.push({ ...step, rows: active });
  else passes.push({ ...step, lanes: candidates, rows: candidates * active, pastLanes: candidates });
  return passes;
}

/** Passes in which the lengths of one span are looked at; `longest`: of all spans together. */
function lengthPasses(facts: MemoryFacts, wanted: readonly number[], longest: number): PassInPlace[] {
  const most = Math.max(0, ...wanted);
  // The other spans have their masks meanwhile.
  const around = facts.window - Math.round((facts.masks * most) / Math.max(1, longest));
  const lengthOf = (masks: number) => Math.min(around + masks, facts.reach.tokens);
  const shortest = lengthOf(Math.min(...wanted));
  return batches(wanted, DEFAULT_ROWS).map((part) => {
    const rows = Math.max(...part);
    const length = lengthOf(rows);
    if (length < ALONE_FROM) {
      const asked = part.reduce((sum, count) => sum + count, 0);
      return { lanes: part.length, length, past: 1, rows: asked };
    }
    // That of one length by itself is kept.
    const keep = !facts.isExact && part.length === 1 && rows <= LARGEST_WINDOW * length;
    const left = length > GROWING * shortest ? { behind: shortest, held: 1 } : {};
    return { length, past: 1, rows, keep, ...left };
  });
}

/** Masks at most, where none of their number is asked about before. */
function grownMasks({ family, masks, answer }: MemoryFacts): number {
  if (family.length.kind !== 'expand-delete') return masks;
  return Math.max(masks, Math.min(answer, Math.ceil(GROWN * masks)));
}

/** Whether everything is computed again once the candidates are no longer the same. */
function partsLanes({ family, reach, masks, isExact }: MemoryFacts): boolean {
  return (
    isExact || family.length.kind === 'expand-delete' || masks > Math.min(reach.refreshEvery, reach.masks)
  );
}
