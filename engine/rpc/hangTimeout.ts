// How long an engine may give no sign of life before it counts as hung. It cannot answer during a pass, and a pass takes as long
// as the model is large, the machine is slow, and candidates are many. Pure.
import type { ModelDescription } from '../protocol';

/** Milliseconds while a model is loaded, before anybody knows how large it is. */
export const LOADING_PATIENCE = 120_000;
/** Bytes that are read in a millisecond from a slow disk. A session is made in one go. */
const SLOW_DISK = 25_000;

const LEAST = 20_000;
/** Milliseconds of a pass where none was timed: one of a 7-billion-parameter model takes some 35 s on two slow cores. */
const PER_BILLION = 5000;

/** It may still be at a request that was given up: an editor asks for so many, unless a setting says otherwise. */
const LEAST_CANDIDATES = 2;
/** As many as that setting allows: what runs in an engine that several windows share is known to the others alone. */
export const MOST_CANDIDATES = 8;
/** The machine may have more to do than when the model was timed. */
const WIDE = 3;
const MOST = 600_000;

/**
 * Milliseconds, where the largest request that runs or waits asks for so many candidates: by what passes take on this machine, or by the
 * model's size where that is not known. Its longest pass has all masks that a pass can have, and candidates are denoised together.
 */
export function patienceWith(
  { parameters, passMillis }: Pick<ModelDescription, 'parameters' | 'passMillis'>,
  candidates: number,
): number {
  const pass = WIDE * (passMillis ?? (parameters / 1e9) * PER_BILLION);
  return Math.min(MOST, LEAST + Math.max(LEAST_CANDIDATES, candidates) * pass);
}

/** Milliseconds while weights of so many bytes are loaded. */
export function loadingPatience(weightBytes: number): number {
  return Math.min(MOST, LOADING_PATIENCE + weightBytes / SLOW_DISK);
}
