// Which shapes a device is asked to run, and the rule by which the others are left out.
import type { Checkpoint } from '../../engine/checkpoint/types';
import { linearWeights } from '../../engine/graph/memory';
import { gpuMemory } from '../../engine/runtime/hardware';
import { figure } from '../harness';
import { forwardMillis, type UsableSide } from '../runtime/gpuSpeed';
import { HALF, type ModelShape, ONE_AND_A_HALF, randomModel, SEVEN, TINY } from '../runtime/randomModel';
import { gigabytes, reasonOfDisk } from './room';

/** Seconds that one forward pass of a shape may take to be worth measuring. */
const LONGEST_PASS = 20;
/** Tokens of the pass that the rule speaks of. */
export const PASS_TOKENS = 512;

/** What is known of a device's pace: the slowest forward pass of a shape, in milliseconds. */
export interface ShapePace {
  readonly shape: ModelShape;
  readonly slowest: number;
}

export function shapesFor(isQuick: boolean): readonly ModelShape[] {
  return isQuick ? [TINY] : [TINY, { ...HALF, name: '0.5B' }, ONE_AND_A_HALF, SEVEN];
}

export function weightsOf(shape: ModelShape): number {
  return linearWeights({
    ...{ ...shape, headSize: shape.hiddenSize / shape.heads, normEpsilon: 0, ropeTheta: 1 },
    ...{ norm: 'rms', mlp: 'swiglu' },
    ...{ ropeScaling: { kind: 'none' }, contextLength: 0, tiedHead: !shape.untiedHead, qkNorm: false },
  });
}

/** Of the smallest shape: for parts that would begin with a large one. */
export async function smallestPace(sides: readonly UsableSide[]): Promise<ShapePace> {
  return paceOf(TINY, await randomModel(TINY), sides);
}

/** Of one shape, on the slowest device. */
export async function paceOf(
  shape: ModelShape,
  checkpoint: Checkpoint,
  sides: readonly UsableSide[],
): Promise<ShapePace> {
  let slowest = 0;
  for (const side of sides) slowest = Math.max(slowest, await forwardMillis(checkpoint, side, PASS_TOKENS));
  return { shape, slowest };
}

/** Why a shape is left out; undefined where it is not. `before`: the shape that ran before it. */
export function reasonAgainst(
  shape: ModelShape,
  sides: readonly UsableSide[],
  before: ShapePace | undefined,
): string | undefined {
  if (sides.every(({ provider }) => provider === 'cpu')) return 'No GPU can be used here.';
  const free = gpuMemory()?.free;
  // Its weights in 16 bits once, and as much again for what a pass computes.
  const needed = 2 * 2 * weightsOf(shape);
  if (free !== undefined && needed > free)
    return `It needs about ${gigabytes(needed)} GB of the device's memory, and ${gigabytes(free)} are free.`;
  const noRoom = reasonOfDisk(weightsOf(shape));
  if (noRoom !== undefined) return noRoom;
  if (before === undefined) return undefined;
  const seconds = (before.slowest / 1000) * (weightsOf(shape) / weightsOf(before.shape));
  return seconds > LONGEST_PASS
    ? `A forward pass of ${PASS_TOKENS} tokens would take about ${figure(seconds)} s here, judging by ${before.shape.name} (${figure(before.slowest / 1000)} s). Passes of more than ${LONGEST_PASS} s are not measured.`
    : undefined;
}
