// How long a request will take, before and while it runs. Before: from the pace of the model on this machine. While it runs:
// from what is done.
import type { Family } from '../checkpoint/family';
import type { DenoiseStep } from '../decoding/types';
import type { Estimate } from '../protocol';
import type { Pace } from '../runtime/pace';
import type { Reach } from './reach';

/** Tokens of context that are encoded in one pass where they are cached. */
const CHUNK = 256;

export interface EstimateFacts {
  readonly family: Pick<Family, 'attention'>;
  readonly reach: Reach;
  /** Tokens of text and spans that the model reads. */
  readonly window: number;
  /** Masks of all spans. */
  readonly masks: number;
  readonly candidates: number;
  /** As requests before this one had them; 1 where there was none. */
  readonly tokensPerStep: number;
}

/** `millis` is absent where the pace is not known yet. */
export function estimateOf(pace: Pace, facts: EstimateFacts): Estimate {
  const { family, reach, masks, candidates, tokensPerStep } = facts;
  const steps = Math.ceil(masks / Math.max(1, tokensPerStep));
  const window = Math.min(facts.window, reach.tokens);
  const isWhole = family.attention.kind === 'full';
  const active = isWhole ? Math.min(masks, reach.masks) : blockOf(family, masks);
  const step = pace.millisOf({ length: active, past: window, rows: active });
  const read = isWhole
    ? pace.millisOf({ length: window, past: 1, rows: active })
    : pace.millisOf({ length: Math.min(CHUNK, window), past: window / 2, rows: 0 });
  if (step === undefined || read === undefined) return { masks };
  // Between turns everything is computed again, or where that takes long the window moves on, which is one more step.
  const between = isWhole ? Math.ceil(masks / active) - 1 : 0;
  const reads = isWhole
    ? 1 + Math.floor(steps / reach.refreshEvery) + (reach.isSlow ? 0 : between)
    : Math.ceil(window / CHUNK) / candidates;
  const first = isWhole ? read : read * Math.ceil(window / CHUNK) + step;
  return {
    masks,
    firstMillis: first,
    millis: candidates * (reads * read + (steps + (reach.isSlow ? between : 0)) * step),
  };
}

function blockOf({ attention }: EstimateFacts['family'], masks: number): number {
  return attention.kind === 'full' ? masks : Math.min(masks, attention.blockLength);
}

/** Milliseconds of a step that count, and how many times the longest one before it: a laptop that slept did nothing. */
const LONGEST_STEP = 60_000;
const LONGER = 10;

/** Until a request has come so far, what was estimated before it says more about it than what is done of it. */
const TRUSTED_FROM = 0.1;

/** Follows a request by its steps. */
export class Progress {
  /** Settled cells and all cells, by candidate and hole. */
  private readonly parts = new Map<string, { readonly settled: number; readonly all: number }>();
  /** Milliseconds that it has worked. */
  private worked = 0;
  private longest = 0;
  private last: number;

  constructor(
    private readonly estimate: Estimate,
    private readonly candidates: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.last = now();
  }

  /** 0…1, and how many milliseconds are left, as far as that can be said. */
  after({ lane, hole, cells }: Pick<DenoiseStep, 'lane' | 'hole' | 'cells'>): {
    readonly fraction: number;
    readonly remainingMillis?: number;
  } {
    const open = cells.filter(({ state }) => state !== 'locked');
    const settled = open.filter(({ state }) => state === 'committed').length;
    this.parts.set(`${lane}/${hole}`, { settled, all: open.length });
    const parts = [...this.parts.values()];
    const done = parts.reduce((sum, part) => sum + part.settled, 0);
    const known = parts.reduce((sum, part) => sum + part.all, 0);
    // Holes that are denoised in turn have not shown yet how many cells they have.
    const all = Math.max(known, this.estimate.masks * this.candidates);
    const fraction = all > 0 ? Math.min(1, done / all) : 0;
    const elapsed = this.elapsed();
    const { millis } = this.estimate;
    if (fraction < TRUSTED_FROM) {
      return millis === undefined
        ? { fraction }
        : { fraction, remainingMillis: Math.max(0, millis - elapsed) };
    }
    return { fraction, remainingMillis: (elapsed / fraction) * (1 - fraction) };
  }

  private elapsed(): number {
    const now = this.now();
    const step = Math.min(now - this.last, Math.max(LONGEST_STEP, LONGER * this.longest));
    this.last = now;
    this.longest = Math.max(this.longest, step);
    this.worked += step;
    return this.worked;
  }
}
