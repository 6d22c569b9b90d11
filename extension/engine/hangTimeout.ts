// How long an engine may give no sign of life before it counts as hung. It cannot answer during a denoise step, and a
// step takes as long as the model is large. Pure.

/** While a model is loaded nobody knows yet how large it is, and a session is made in one go. */
export const LOADING_PATIENCE = 120_000;

const LEAST = 20_000;
/** A 7-billion-parameter model takes some 35 s for a step on two slow cores. */
const PER_BILLION = 15_000;

/** Milliseconds for a model of so many parameters. */
export function patienceWith(parameters: number): number {
  return Math.min(600_000, LEAST + (parameters / 1e9) * PER_BILLION);
}
