// Texts that may come to stand in the place of a selection, scored one after the other beside what stands there.
import type { TextDocument } from 'vscode';
import type { EngineSupervisor } from '../../engine/supervisor';
import type { OffsetRange } from '../../text/types';
import { isLikelier, surpriseOf } from './plan';
import { type Scored, scoreRange } from './scoreRange';

/** `candidate`: whatever it is that is compared. */
export interface Alternative<T> {
  readonly candidate: T;
  /** The whole document with it. */
  readonly whole: string;
  /** What is scored of that, in text order. */
  readonly ranges: readonly OffsetRange[];
  /** Nats of surprise of what stood in place of these ranges; asked for when it is needed. */
  readonly old: () => Promise<number>;
  /** Nats by which it has to be likelier. Default: as for a word that is denoised. */
  readonly least?: number;
}

interface Scoring {
  /** Ends it. */
  readonly until?: AbortSignal;
  /** The share that is done, 0…1. */
  readonly onDone?: ((done: number) => void) | undefined;
  readonly onTurn?: (() => void) | undefined;
  /** Whether it is asked, too, how likely each range ends its line. */
  readonly withEnd?: boolean;
}

interface Limits {
  /** After so long, no further one is looked at. Default: all are. */
  readonly millis?: number;
  /** The share that is done, 0…1. */
  readonly onDone?: ((done: number) => void) | undefined;
}

interface Found<T> {
  readonly candidate: T;
  /** Nats by which it is likelier. */
  readonly gain: number;
}

/** Those that are likelier than what stood there, those first that gain most. */
export interface Likelier<T> {
  readonly found: readonly Found<T>[];
  /** Whether somebody did not wait for the rest. */
  readonly isCut: boolean;
  /** Whether time was up before the last one. */
  readonly isLate: boolean;
}

const EMPTY: Scored = { tokens: [], method: 'masked' };

export function tokensOf(scores: readonly Scored[]): Scored['tokens'] {
  return scores.flatMap(({ tokens }) => tokens);
}

export class Comparison {
  constructor(
    private readonly engine: EngineSupervisor,
    private readonly document: TextDocument,
    private readonly listening: { readonly signal: AbortSignal; readonly enough?: AbortSignal },
  ) {}

  async score(
    of: string,
    ranges: readonly OffsetRange[],
    { until = this.listening.signal, onDone, onTurn, withEnd = false }: Scoring,
  ): Promise<readonly Scored[]> {
    const all: Scored[] = [];
    const length = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    let before = 0;
    for (const range of ranges) {
      const own = range.end - range.start;
      const begin = before;
      const told = (done: number) => {
        if (!until.aborted) onDone?.((begin + done * own) / length);
      };
      before += own;
      const asked = {
        ...{ priority: 'rewrite' as const, signal: until, withEnd },
        ...{ onBegun: onTurn, onScored: told },
      };
      if (own > 0) all.push(await scoreRange(this.engine, this.document, of, range, asked));
      else all.push(EMPTY);
    }
    return all;
  }

  async likelier<T>(
    alternatives: readonly Alternative<T>[],
    { millis = Number.POSITIVE_INFINITY, onDone }: Limits,
  ): Promise<Likelier<T>> {
    const { signal, enough } = this.listening;
    const end = performance.now() + millis;
    const told = (done: number) => {
      if (!signal.aborted) onDone?.(done);
    };
    // Who takes the draft does not wait for the comparison either.
    const until = enough === undefined ? signal : AbortSignal.any([signal, enough]);
    const likelier: Found<T>[] = [];
    const found = () => likelier.toSorted((a, b) => b.gain - a.gain);
    if (alternatives.length > 0) told(0);
    for (const [index, { candidate, whole, ranges, old, least }] of alternatives.entries()) {
      if (performance.now() > end) return { found: found(), isCut: false, isLate: true };
      const part = (done: number) => told((index + done) / alternatives.length);
      try {
        const stood = await old();
        const surprise = surpriseOf(tokensOf(await this.score(whole, ranges, { until, onDone: part })));
        if (isLikelier(stood, surprise, least)) likelier.push({ candidate, gain: stood - surprise });
      } catch (error) {
        if (signal.aborted || !enough?.aborted) throw error;
        return { found: found(), isCut: true, isLate: false };
      }
    }
    return { found: found(), isCut: false, isLate: false };
  }
}
