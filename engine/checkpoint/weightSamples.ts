// Which weights these are, without reading them all: every tensor's name, type and shape, and samples of its bytes. Two
// trainings of one architecture differ in every sample; the same weights give the same wherever their files lie.
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { NON_BLOCKING } from '../note';
import { unreadable } from './json';
import type { TensorLocation } from './types';

const SAMPLE_BYTES = 4096;
const SAMPLES = 4;

/** Adds the samples of `tensors` to the hash, 16 KiB a tensor. `fileOf` opens a weight file, or has it open. */
export async function hashWeightSamples(
  hash: Hash,
  tensors: readonly TensorLocation[],
  fileOf: (file: string) => Promise<FileHandle>,
): Promise<void> {
  const sample = Buffer.alloc(SAMPLE_BYTES);
  for (const { name, dtype, shape, length, file, offset, packing } of tensors) {
    hash.update(`${JSON.stringify([name, dtype, shape, length, ...(packing ? [packing] : [])])}\n`);
    const handle = await fileOf(file);
    const count = Math.min(SAMPLE_BYTES, length);
    for (let index = 0; index < SAMPLES; index++) {
      const start = Math.floor(((length - count) * index) / (SAMPLES - 1));
      const { bytesRead } = await handle.read(sample, 0, count, offset + start);
      hash.update(sample.subarray(0, bytesRead));
    }
  }
}

/** `sha256:…` of the samples. @throws EngineError `file-unreadable` */
export async function weightFingerprint(tensors: readonly TensorLocation[]): Promise<string> {
  const hash = createHash('sha256');
  await withFiles((fileOf) => hashWeightSamples(hash, tensors, fileOf));
  return `sha256:${hash.digest('hex')}`;
}

/** Whether two tensors of one type and length hold the same bytes where they are sampled. @throws EngineError `file-unreadable` */
export async function haveSameSamples(one: TensorLocation, other: TensorLocation): Promise<boolean> {
  const [first, second] = [createHash('sha256'), createHash('sha256')];
  const { name, shape } = one;
  await withFiles(async (fileOf) => {
    await hashWeightSamples(first, [one], fileOf);
    await hashWeightSamples(second, [{ ...other, name, shape }], fileOf);
  });
  return first.digest('hex') === second.digest('hex');
}

async function withFiles(
  use: (fileOf: (file: string) => Promise<FileHandle>) => Promise<void>,
): Promise<void> {
  const handles = new Map<string, FileHandle>();
  const fileOf = async (file: string): Promise<FileHandle> => {
    const handle = handles.get(file) ?? (await open(file, NON_BLOCKING).catch((error) => fail(file, error)));
    handles.set(file, handle);
    return handle;
  };
  try {
    await use(fileOf);
  } finally {
    await Promise.all([...handles.values()].map((handle) => handle.close()));
  }
}

function fail(file: string, error: unknown): never {
  throw unreadable(file, error);
}
