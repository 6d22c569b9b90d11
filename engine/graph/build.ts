// Checkpoint → graph: the whole way from an opened checkpoint to what a session is made of.
import { realpath } from 'node:fs/promises';
import { adapterFiles } from '../checkpoint/adapter';
import { usedTensors } from '../checkpoint/tensors';
import type { DecoderTensors } from '../checkpoint/types';
import { throwIfCancelled } from '../errors';
import { ensureFolder } from '../folder';
import { AdaptedLayers, requireSane } from './adapted';
import { dataFolderOf } from './dataFolder';
import { addDecoder } from './decoder';
import { quantisedLayers, storedLayers } from './linear';
import { DataType, GraphWriter } from './onnxWriter';
import { ensureQuantisedWeights, type QuantisedWeights } from './quantise';
import { checkedLength } from './quantisedWeightsCheck';
import { quantisedWeightsError } from './quantisedWeightsFile';
import { keptAs } from './quantisedWeightsLayout';
import { notedSideFolder } from './sideFolders';
import { ranges } from './stages';
import type { BuildGraph, QuantiseProgress } from './types';
import { isPacked, packedDiskFull, unpackTensors } from './unpack';
import { StoredWeights } from './weights';

/**
 * See `BuildGraph` for the contract.
 * @throws EngineError `disk-full`, `quantisation-failed`, `tensor-malformed`, `cancelled`
 */
export const buildGraph: BuildGraph = async (checkpoint, options, { cacheFolder, ...progress }) => {
  throwIfCancelled(progress.signal);
  const { shape, adapter } = checkpoint;
  const { precision, weightBits } = options;
  if (adapter !== undefined) await requireSane(adapter, progress.signal);
  const kept = keptAs(precision, weightBits);
  const original = [...weightFiles(checkpoint.tensors), ...adapterFiles(adapter)];
  const cache =
    kept !== undefined || isPacked(checkpoint)
      ? await notedSideFolder(original, await realFolder(cacheFolder))
      : '';
  const parts = new Parts(progress.onProgress, kept === undefined ? 1 : UNPACKING);
  const unpacking = { ...progress, onProgress: parts.first };
  const { tensors, bytes: unpackedBytes } = await unpackTensors(checkpoint, precision, cache, unpacking);
  let side: QuantisedWeights | undefined;
  if (kept !== undefined) {
    const quantising = { ...progress, onProgress: parts.second };
    side = await ensureQuantisedWeights(checkpoint, kept, cache, quantising).catch((error: unknown) => {
      throw isPacked(checkpoint) ? packedDiskFull(error) : error;
    });
  }

  const files = [...weightFiles(tensors), ...adapterFiles(adapter)];
  const data = dataFolderOf(side ? [...files, side.file] : files);
  const graph = new GraphWriter();
  const weights = new StoredWeights(graph, data.locate);
  const base = side
    ? quantisedLayers(graph, weights, side, data.locate)
    : storedLayers(graph, weights, precision === 'fp16' ? DataType.FLOAT16 : DataType.FLOAT);
  const linear = adapter ? new AdaptedLayers(graph, weights, base, adapter) : base;
  const stages = ranges(shape.layers, options.stages ?? 1);
  addDecoder(graph, shape, tensors, weights, linear, options, stages);
  return {
    model: graph.finish(),
    stages,
    dataFolder: data.folder,
    options,
    originalFiles: original,
    madeFiles: [...files.filter((file) => !original.includes(file)), ...(side ? [side.file] : [])],
    ...(adapter === undefined ? {} : { isAdapted: true }),
    quantisedBytes: unpackedBytes + (side ? checkedLength(side.layout.bytes) : 0),
  };
};

/** Of the work where weights are unpacked and quantised: the table of the embeddings, above all, is unpacked. */
const UNPACKING = 0.25;

/** Two pieces of work as one; the second one is all of it where there was nothing to do for the first. */
class Parts {
  private hasFirst = false;

  constructor(
    private readonly report: ((progress: QuantiseProgress) => void) | undefined,
    private readonly border: number,
  ) {}

  readonly first = (progress: QuantiseProgress): void => {
    this.hasFirst = true;
    this.report?.({ done: this.border * shareOf(progress), total: 1 });
  };

  readonly second = (progress: QuantiseProgress): void => {
    const from = this.hasFirst ? this.border : 0;
    this.report?.({ done: from + (1 - from) * shareOf(progress), total: 1 });
  };
}

function shareOf({ done, total }: QuantiseProgress): number {
  return total > 0 ? done / total : 1;
}

function weightFiles(tensors: DecoderTensors): readonly string[] {
  return [...new Set(usedTensors(tensors).map(({ file }) => file))];
}

/** The folder with links resolved, made where it is missing: external data may not lead through a link. */
async function realFolder(folder: string): Promise<string> {
  try {
    await ensureFolder(folder);
    return await realpath(folder);
  } catch (error) {
    throw quantisedWeightsError(error, folder, 0);
  }
}
