// A half-billion model's shape on machines of different pace, for tests of what follows from it.
import type { DecoderShape } from '../../../engine/checkpoint/types';
import { Pace } from '../../../engine/runtime/pace';

/** Qwen2-0.5B's. */
export const HALF: DecoderShape = {
  hiddenSize: 896,
  layers: 24,
  heads: 14,
  kvHeads: 2,
  headSize: 64,
  ffnSize: 4864,
  vocabSize: 151_936,
  norm: 'rms',
  normEpsilon: 1e-6,
  mlp: 'swiglu',
  ropeTheta: 1e6,
  ropeScaling: { kind: 'none' },
  contextLength: 2048,
  tiedHead: true,
  qkNorm: false,
};
export const PROBE = { length: 32, past: 1, rows: 8 };
/** Bytes. */
export const MEMORY = 8e9;

/** Of a machine on which the probe takes so long. */
export function paceOf(millis: number): Pace {
  const pace = new Pace(HALF);
  pace.record(PROBE, millis);
  return pace;
}
