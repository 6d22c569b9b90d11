// How often a rewrite is tried before it is said that nothing good was found. Pure.
import type { RewriteRequest } from './types';

/** One seed, then another, then one with less strength: who gets nothing good from three gets nothing from more. */
export const MOST_TRIES = 3;

/** Milliseconds that all tries may take: beyond it a person decides whether they want to wait for another one. */
const PATIENCE = 20_000;

/** Milliseconds that tries took in all. */
export interface TriesTime {
  readonly spent: number;
  /** Of them, for reading what is around the spans: the engine keeps it, and the next try does not read it again. */
  readonly read: number;
}

/** Whether another try is worth its time, behind so many. */
export function mayTryAgain(tries: number, { spent, read }: TriesTime): boolean {
  return tries < MOST_TRIES && spent + (spent - read) / tries <= PATIENCE;
}

/** Milliseconds that a try behind others may take, of those that all of them may; undefined: a first one takes what it takes. */
export function timeLeft({ tries = 0, spent = 0 }: RewriteRequest): number | undefined {
  return tries === 0 ? undefined : Math.max(0, PATIENCE - spent);
}

/** From this try on, counted from 0, more of what stood there is kept. */
export const LATE_TRY = 2;

/** Whether this try keeps more of what stood there than those before it. */
export function keepsMore(request: RewriteRequest | undefined): boolean {
  const { instruction, problem, words, pinned, tries = 0 } = request ?? {};
  return tries >= LATE_TRY && [instruction, problem, words, pinned].every((part) => part === undefined);
}
