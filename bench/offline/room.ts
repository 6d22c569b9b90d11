// Room on the disk for random models of real size: the bare machine's may be small, and a model of 7B with all that is made of it takes
// 44 GB. What no later part needs is deleted as soon as it was measured.
import fs from 'node:fs';
import path from 'node:path';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { benchFolder } from '../harness';

/** Bytes on the disk for each weight: the checkpoint in bf16, and a copy in fp16, q8 and q4 each. */
const BYTES_OF_WEIGHT = 2 + 2 + 1.1 + 0.6;
/** Bytes that the machine keeps. */
const SPARE = 2 ** 30;

/** Why a model of so many weights is left out; undefined where the disk has room. */
export function reasonOfDisk(weights: number, free: number = freeBytes()): string | undefined {
  const needed = weights * BYTES_OF_WEIGHT + SPARE;
  return needed > free
    ? `It needs about ${gigabytes(needed)} GB of disk, and ${gigabytes(free)} are free.`
    : undefined;
}

/** Deletes a random model and the quantised weights that were made of it and of others; a later part makes its own again. */
export function discard(
  { folder }: Pick<Checkpoint, 'folder'>,
  models: string = benchFolder('models'),
): void {
  const relative = path.relative(fs.realpathSync(models), fs.realpathSync(folder));
  if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative))
    throw new Error(`${folder} is no random model of a bench.`);
  fs.rmSync(folder, { recursive: true, force: true });
  const side = path.join(models, '..', 'side');
  const names = fs.existsSync(side) ? fs.readdirSync(side) : [];
  for (const name of names.filter((one) => /\.weights(\.json)?$/.test(one)))
    fs.rmSync(path.join(side, name), { force: true });
}

function freeBytes(): number {
  const { bavail, bsize } = fs.statfsSync(benchFolder());
  return bavail * bsize;
}

export function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
