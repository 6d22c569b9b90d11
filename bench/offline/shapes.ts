// Which shapes a device is asked to run, and the rule by which the others are left out.
import { linearWeights } from '../../engine/graph/memory';
import { gpuMemory } from '../../engine/runtime/hardware';
import type { UsableSide } from '../runtime/gpuSpeed';
import { HALF, type ModelShape, ONE_AND_A_HALF, SEVEN, TINY } from '../runtime/randomModel';

/** Seconds that one forward pass of a shape may take to be worth measuring. */
const LONGEST_PASS = 20;

export function shapesFor(isQuick: boolean): readonly ModelShape[] {
  return isQuick ? [TINY] : [TINY, HALF, ONE_AND_A_HALF, SEVEN];
}

export function weightsOf(shape: ModelShape): number {
  return linearWeights({
    ...{ ...shape, headSize: shape.hiddenSize / shape.heads, normEpsilon: 0, ropeTheta: 1 },
    ...{ ropeScaling: { kind: 'none' }, contextLength: 0, tiedHead: !shape.untiedHead, qkNorm: false },
  });
}

/**
 * Why a shape is left out; undefined where it is not. `before`: the shape that ran before it, and its slowest forward pass in
 * milliseconds.
 */
export function reasonAgainst(
  shape: ModelShape,
  sides: readonly UsableSide[],
  before: { readonly shape: ModelShape; readonly slowest: number } | undefined,
): string | undefined {
  if (sides.every(({ provider }) => provider === 'cpu')) return 'No GPU can be used here.';
  const free = gpuMemory()?.free;
  // Its weights in 16 bits once, and as much again for what a pass computes.
  const needed = 2 * 2 * weightsOf(shape);
  if (free !== undefined && needed > free)
    return `It needs about ${gigabytes(needed)} GB of the device's memory, and ${gigabytes(free)} are free.`;
  if (before === undefined) return undefined;
  const seconds = (before.slowest / 1000) * (weightsOf(shape) / weightsOf(before.shape));
  return seconds > LONGEST_PASS
    ? `A forward pass would take about ${seconds.toFixed(0)} s, by the time that ${before.shape.name} took; more than ${LONGEST_PASS} s is not measured.`
    : undefined;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
