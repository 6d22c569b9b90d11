// How long an engine may give no sign of life before it counts as hung. It cannot answer during a pass, and a pass takes as long
// as the model is large and the machine is slow. Pure.
import type { ModelDescription } from '../protocol';

/** While a model is loaded nobody knows yet how large it is, and a session is made in one go. */
export const LOADING_PATIENCE = 120_000;

const LEAST = 20_000;
/** A 7-billion-parameter model takes some 35 s for a step on two slow cores. */
const PER_BILLION = 15_000;

/** Candidates are denoised in one pass; more than two wait for one another now and then, which this is wide enough for. */
const CANDIDATES = 2;
/** The machine may have more to do than when the model was timed. */
const WIDE = 3;
const MOST = 600_000;

/** Milliseconds: by what its passes take on this machine, or by its size where that is not known. */
export function patienceWith({
  parameters,
  passMillis,
}: Pick<ModelDescription, 'parameters' | 'passMillis'>): number {
  const pass = passMillis === undefined ? (parameters / 1e9) * PER_BILLION : WIDE * CANDIDATES * passMillis;
  return Math.min(MOST, LEAST + pass);
}
