// How long a request will take, before and while it runs. Before: from the pace of the model on this machine. While it runs:
// from what is done.
import { type Family, writesInOrder } from '../checkpoint/family';
import type { DenoiseStep } from '../decoding/types';
import type { Estimate } from '../protocol';
import type { Pace } from '../runtime/pace';
import type { Reach } from './reach';

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
  /** Passes over so many tokens by which the likeliest ones are found that stay. */
  readonly scoring?: { readonly passes: number; readonly tokens: number };
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
    : pace.millisOf({ length: Math.min(reach.run, window), past: window / 2, rows: 0 });
  if (step === undefined || read === undefined) return { masks };
  // Between turns everything is computed again, or where that takes long the window moves on, which is one more step.
  const between = isWhole ? Math.ceil(masks / active) - 1 : 0;
  const reads = isWhole
    ? 1 + Math.floor(steps / reach.refreshEvery) + (reach.isSlow ? 0 : between)
    : Math.ceil(window / reach.run) / candidates;
  const scored = Math.min(facts.scoring?.tokens ?? 0, facts.window);
  const scoring =
    scored === 0
      ? 0
      : (facts.scoring?.passes ?? 0) * (pace.millisOf({ length: scored, past: 1, rows: active }) ?? 0);
  const reading = read * Math.ceil(window / reach.run);
  return {
    masks,
    ...(isWhole ? {} : { readingMillis: reading }),
    firstMillis: scoring + (isWhole ? read : reading + step),
    millis: scoring + candidates * (reads * read + (steps + (reach.isSlow ? between : 0)) * step),
  };
}

function blockOf({ attention }: EstimateFacts['family'], masks: number): number {
  return attention.kind === 'full' ? masks : Math.min(masks, attention.blockLength);
}

/** Milliseconds of the first step that count; of a later one, so many times the longest before it: a laptop that slept did nothing. */
const LONGEST_FIRST = 60_000;
const LONGEST_NEXT = 10_000;
const LONGER = 10;

/**
 * What was estimated before a request and what is done of it are weighed against each other: the further it has come, the more
 * counts what is done, and from this share on that alone. A time left that is taken from one to the other at once would jump.
 */
const TRUSTED_FROM = 0.5;
/** So many steps say as much: of a long request long before half of it is done. */
const TRUSTED_STEPS = 40;

/** Cells that an answer is taken to go on for at least, block by block and token by token. */
const LEAST_GROWTH = { blocks: 8, tokens: 2 };
/** Of what is written token by token, the share that is taken to follow. */
const GROWTH_SHARE = 0.1;
/** The share at which it has as many tokens as stood there; from there on it may end at any of them. */
const EXPECTED_SHARE = 0.8;

/** Hardly an answer has more than so many times the cells of what stood there. */
const LIKELY_LENGTH = 3;

/** By how many cells an answer may go on behind those that it has, where its length is not known: a block, or a little. */
export function growthOf({ attention, length }: Pick<Family, 'attention' | 'length'>, cells = 0): number {
  if (attention.kind === 'full' || length.kind === 'fixed') return 0;
  const { blockLength } = attention;
  // Who writes token by token ends anywhere: a block more would leave a short answer at half of its way.
  return blockLength === 1
    ? Math.max(LEAST_GROWTH.tokens, Math.ceil(GROWTH_SHARE * cells))
    : Math.max(LEAST_GROWTH.blocks, blockLength);
}

/** What is known of one hole of one candidate, in cells. */
interface Part {
  readonly settled: number;
  readonly all: number;
  /** Written, once more where they were masked again, and put in by expansion: each is work, and says how long a cell takes. */
  readonly moves: number;
}

/** Follows a request by its steps. */
export class Progress {
  /** By candidate and hole. */
  private readonly parts = new Map<string, Part>();
  /** The largest share that was told: a hole that grows, or is masked again, takes nothing back. */
  private told = 0;
  /** Where the steps began: what came before them is done once, and says nothing about what is left. */
  private first: { readonly moves: number; readonly worked: number; readonly step: number } | undefined;
  private isFirstStep = true;
  private steps = 0;
  /** Milliseconds that it has worked. */
  private worked = 0;
  private longest = 0;
  private last: number;
  /** Whether a cell that is put in took a step; a block of masks behind the others takes none. */
  private readonly expands: boolean;

  constructor(
    private readonly estimate: Estimate,
    private readonly candidates: number,
    private readonly family: Pick<Family, 'attention' | 'length'>,
    /** Cells that the answers of all candidates have at most; what is written token by token may go on until then. */
    private readonly most = 0,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.last = now();
    this.expands = family.length.kind === 'expand-delete';
  }

  /**
   * Milliseconds that are left while what is around the holes is read; `done`: the share that is, 0…1. Undefined where nothing was
   * estimated, or the answer has begun: what another hole reads is told by its steps.
   */
  reading(done: number): number | undefined {
    const { millis, firstMillis } = this.estimate;
    if (millis === undefined || firstMillis === undefined || this.first !== undefined) return undefined;
    const worked = this.elapsed();
    const reading = done > 0 ? (worked / done) * (1 - done) : firstMillis;
    return reading + millis - firstMillis;
  }

  /** 0…1, never less than before, and how many milliseconds are left, as far as that can be said. */
  after({ lane, hole, step, cells }: Pick<DenoiseStep, 'lane' | 'hole' | 'step' | 'cells'>): {
    readonly fraction: number;
    readonly remainingMillis?: number;
  } {
    const open = cells.filter(({ state }) => state !== 'locked');
    const settled = open.filter(({ state }) => state === 'committed').length;
    const key = `${lane}/${hole}`;
    const before = this.parts.get(key) ?? { settled: 0, all: open.length, moves: 0 };
    const expanded = this.expands ? Math.max(0, open.length - before.all) : 0;
    const moves = Math.max(0, settled - before.settled) + expanded;
    this.parts.set(key, { settled, all: open.length, moves: before.moves + moves });
    const parts = [...this.parts.values()];
    const done = parts.reduce((sum, part) => sum + part.settled, 0);
    const moved = parts.reduce((sum, part) => sum + part.moves, 0);
    const known = parts.reduce((sum, part) => sum + part.all, 0);
    // Holes that are denoised in turn have not shown yet how many cells they have.
    const all = Math.max(known + growthOf(this.family, known), this.estimate.masks * this.candidates);
    const fraction = this.shareOf(done, all);
    const worked = this.elapsed();
    // Holes that are denoised together tell of the same step one after the other; those in turn count their steps anew.
    this.isFirstStep &&= this.first === undefined || step === this.first.step;
    if (this.first === undefined || this.isFirstStep) this.first = { moves: moved, worked, step };
    this.told = Math.max(this.told, fraction);
    this.steps++;
    const { first } = this;
    const beyond = this.beyond(done);
    if (beyond === undefined) return { fraction: this.told };
    // By the cell, not by the share: a hole that grows makes the share of what is done smaller, but a cell takes no longer.
    const seen =
      moved > first.moves && worked > first.worked
        ? ((worked - first.worked) / (moved - first.moves)) * Math.max(all - done, beyond)
        : undefined;
    const left = this.remaining(fraction, worked - first.worked, first.worked, seen);
    return left === undefined ? { fraction: this.told } : { fraction: this.told, remainingMillis: left };
  }

  /** Cells that as many as stood there are, all candidates together; undefined where an answer cannot go on behind them. */
  private get expected(): number | undefined {
    const expected = this.estimate.masks * this.candidates;
    return writesInOrder(this.family) && this.most > expected ? expected : undefined;
  }

  /**
   * Cells that are taken to follow where more are written than stood there: half of those that are likely, so that the time left never
   * grows. Undefined: it is longer than any that was likely, and nobody knows.
   */
  private beyond(done: number): number | undefined {
    const { expected } = this;
    if (expected === undefined || done <= expected) return 0;
    const end = Math.min(this.most, LIKELY_LENGTH * expected);
    return done < end ? (end - done) / 2 : undefined;
  }

  /** Of so many cells, as far as that is known. */
  private shareOf(done: number, all: number): number {
    if (all === 0) return 0;
    const { expected } = this;
    if (expected === undefined) return Math.min(1, done / all);
    if (done <= expected) return EXPECTED_SHARE * (done / expected);
    const further = (done - expected) / (this.most + 1 - expected);
    return EXPECTED_SHARE + (1 - EXPECTED_SHARE) * Math.min(1, further);
  }

  /** `worked`: milliseconds since the first step, before which `reading` took as many as it did: it may have been known, or be slow. */
  private remaining(
    fraction: number,
    worked: number,
    reading: number,
    seen: number | undefined,
  ): number | undefined {
    const { millis, firstMillis = reading } = this.estimate;
    const expected = millis === undefined ? undefined : Math.max(0, millis - firstMillis - worked);
    if (seen === undefined || expected === undefined) return fraction >= 1 ? 0 : (seen ?? expected);
    const trust = Math.min(1, Math.max(fraction / TRUSTED_FROM, this.steps / TRUSTED_STEPS));
    return trust * seen + (1 - trust) * expected;
  }

  private elapsed(): number {
    const now = this.now();
    const most = this.longest === 0 ? LONGEST_FIRST : Math.max(LONGEST_NEXT, LONGER * this.longest);
    const step = Math.min(now - this.last, most);
    this.last = now;
    this.longest = Math.max(this.longest, step);
    this.worked += step;
    return this.worked;
  }
}
