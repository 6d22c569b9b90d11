// A side file of the cache belongs to a content, not to a place: whichever path a model is opened by, it finds the file that
// was made first. Beside each lies a note of the checkpoints that it is of, by which `cache list` names it too.
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { TensorLocation } from '../checkpoint/types';
import { hashWeightSamples } from '../checkpoint/weightSamples';
import { EngineError, throwIfCancelled } from '../errors';
import { holdsLayout, removeLeftovers, writeQuantisedWeights } from './quantisedWeightsFile';
import type { WeightsLayout } from './quantisedWeightsLayout';
import { isSame, noteUse, readSources, type Source, type SourceFile } from './sideFileNote';
import { tidySideFiles } from './sideFileUpkeep';

export interface SideFileOptions<L extends WeightsLayout> {
  /** Of the checkpoint. */
  readonly name: string;
  readonly folder: string;
  /** What its name begins with. */
  readonly kind: string;
  /** What is hashed beside the weights: format and precision. */
  readonly purpose: string;
  readonly tensors: readonly TensorLocation[];
  /** `identity` goes into the header. */
  readonly layoutOf: (identity: Readonly<Record<string, unknown>>) => L;
  readonly fill: (handle: FileHandle, layout: L, files: OpenFiles) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Bytes of two files that are compared at a time. */
const STRETCH = 1 << 22;

/** Finds the side file of these weights in the folder, or makes it. @throws EngineError as `writeQuantisedWeights` */
export async function ensureSideFile<L extends WeightsLayout>({
  name,
  folder,
  kind,
  purpose,
  tensors,
  layoutOf,
  fill,
  signal,
}: SideFileOptions<L>): Promise<{ readonly file: string; readonly layout: L }> {
  const files = new OpenFiles();
  try {
    const fingerprint = await contentFingerprint(tensors, purpose, files);
    const source = await sourceOf(name, tensors);
    const file = path.join(folder, `${kind}-${fingerprint.slice(0, 32)}.weights`);
    // A weight changed between two samples shows in the file's time only: so that belongs to what the file is made of.
    const layoutFor = ({ files: made }: Source) =>
      layoutOf({ fingerprint, changed: made.map(({ changed }) => changed) });
    await removeLeftovers(folder);
    const known = await readSources(file);
    const [first] = known;
    if (first !== undefined && (await isOneOf(source, known, signal))) {
      const layout = layoutFor(first);
      if (await holdsLayout(file, layout)) {
        await noteUse(file, source, known);
        return { file, layout };
      }
    }
    const layout = layoutFor(source);
    if (!(await holdsLayout(file, layout))) {
      await tidySideFiles(folder);
      await writeQuantisedWeights(file, layout, (handle) => fill(handle, layout, files), signal);
    }
    await noteUse(file, source, []);
    return { file, layout };
  } finally {
    await files.close();
  }
}

async function sourceOf(name: string, tensors: readonly TensorLocation[]): Promise<Source> {
  const paths = [...new Set(tensors.map(({ file }) => file))].sort();
  const files = await Promise.all(
    paths.map(async (file): Promise<SourceFile> => {
      const { size, mtimeMs } = await stat(file);
      return { path: file, size, changed: mtimeMs };
    }),
  );
  return { name, files };
}

/** Whether the checkpoint has the very content of one that is known: as long and as old, or byte for byte. */
async function isOneOf(source: Source, known: readonly Source[], signal?: AbortSignal): Promise<boolean> {
  if (known.some((one) => isSame(one, source))) return true;
  for (const one of known) {
    const now = await Promise.all(one.files.map(({ path: file }) => stat(file).catch(() => undefined)));
    const isThere = one.files.every(
      ({ size, changed }, i) => now[i]?.size === size && now[i]?.mtimeMs === changed,
    );
    if (isThere && (await haveSameBytes(one, source, signal))) return true;
  }
  return false;
}

/** Reads both whole, which takes less than making the file again. */
async function haveSameBytes(one: Source, other: Source, signal?: AbortSignal): Promise<boolean> {
  if (one.files.length !== other.files.length) return false;
  if (one.files.some(({ size }, i) => size !== other.files[i]?.size)) return false;
  const files = new OpenFiles();
  const [a, b] = [Buffer.alloc(STRETCH), Buffer.alloc(STRETCH)];
  try {
    for (const [i, { path: file, size }] of one.files.entries()) {
      const [left, right] = [await files.get(file), await files.get(other.files[i]?.path ?? '')];
      for (let at = 0; at < size; at += STRETCH) {
        throwIfCancelled(signal);
        const [read] = await Promise.all([left.read(a, 0, STRETCH, at), right.read(b, 0, STRETCH, at)]);
        if (!a.subarray(0, read.bytesRead).equals(b.subarray(0, read.bytesRead))) return false;
      }
    }
    return true;
  } finally {
    await files.close();
  }
}

/** Hash of names, shapes, dtypes and samples of every tensor's bytes: the same wherever the checkpoint lies. */
async function contentFingerprint(
  tensors: readonly TensorLocation[],
  purpose: string,
  files: OpenFiles,
): Promise<string> {
  const hash = createHash('sha256').update(`${purpose}\n`);
  await hashWeightSamples(hash, tensors, (file) => files.get(file));
  return hash.digest('hex');
}

/** The checkpoint's files, opened when they are first read and closed together. */
export class OpenFiles {
  private readonly handles = new Map<string, FileHandle>();

  async get(file: string): Promise<FileHandle> {
    const known = this.handles.get(file);
    if (known) return known;
    try {
      const handle = await open(file, 'r');
      this.handles.set(file, handle);
      return handle;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError(
        'quantisation-failed',
        `The checkpoint’s weights cannot be read: ${reason}. Check that the folder is complete and readable.`,
        { file },
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.handles.values()].map((handle) => handle.close()));
  }
}
