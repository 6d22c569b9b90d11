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
}

function bytesInPlace(shape: DecoderShape, pass: PassInPlace): number {
  const { stacked = 0, behind = 0, length, past } = pass;
  const leftOver = LEFT_OVER * passBytes(shape, { length: behind, past: 1, rows: 0 });
  return passBytes(shape, pass) + leftOver + cacheBytesOf(shape, stacked * Math.max(past, length));
}

function passesInPlace(facts: MemoryFacts): PassInPlace[] {
  const { reach, candidates, lengths = [], scoring } = facts;
  const longest = lengths.reduce((sum, wanted) => sum + Math.max(0, ...wanted), 0);
  const masks = longest > 0 ? Math.min(longest, Math.ceil(CHOSEN_LENGTH * facts.masks)) : grownMasks(facts);
  const length = Math.min(facts.window + masks - facts.masks, reach.tokens);
  const active = Math.min(masks, reach.masks, length);
  const rows = candidates * active;
  // Between such passes the masks alone are run, unless they are most of what there is.
  const keep = !facts.isExact && active <= LARGEST_WINDOW * length;
  const isAlone = length >= ALONE_FROM;
  const outdated = keep && masks > Math.min(reach.refreshEvery, reach.masks) ? OUTDATED : 0;
  const passes: PassInPlace[] = [{ length, past: 1, rows, keep, stacked: outdated }];
  if (candidates > 1 && partsLanes(facts)) {
    // A pass over one of them has its own K/V; what they shared before is forgotten.
    if (isAlone) passes.push({ length, past: 1, rows: active, keep, stacked: keep ? candidates - 1 : 0 });
    else passes.push({ lanes: candidates, length, past: 1, rows, keep });
    // The caches of the single lanes are kept for the next ones.
    const stacked = isAlone ? candidates - 1 : 0;
    const cached = { past: length, stacked, behind: length };
    if (keep && active >= ALONE_FROM) passes.push({ length: active, rows: active, ...cached });
    else if (keep) passes.push({ lanes: candidates, length: active, rows, pastLanes: candidates, ...cached });
  }
  for (const wanted of lengths) {
    for (const part of batches(wanted, DEFAULT_ROWS)) {
      const asked = part.reduce((sum, count) => sum + count, 0);
      passes.push(
        isAlone
          ? { length, past: 1, rows: Math.max(...part) }
          : { lanes: part.length, length, past: 1, rows: asked },
      );
    }
  }
  if (scoring !== undefined) {
    const asked = Math.ceil(masks / scoring.passes);
    passes.push({ length: Math.min(scoring.tokens, facts.window), past: 1, rows: asked });
  }
  return passes;
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
