// Checkpoint → graph: the whole way from an opened checkpoint to what a session is made of.
import { mkdir, realpath } from 'node:fs/promises';
import type { Checkpoint } from '../checkpoint/types';
import { throwIfCancelled } from '../errors';
import { dataFolderOf, sideFolder } from './dataFolder';
import { addDecoder } from './decoder';
import { quantisedLayers, storedLayers } from './linear';
import { DataType, GraphWriter } from './onnxWriter';
import { ensureQuantisedWeights, type QuantisedWeights } from './quantise';
import { checkedLength } from './quantisedWeightsCheck';
import { quantisedWeightsError } from './quantisedWeightsFile';
import type { BuildGraph } from './types';
import { StoredWeights } from './weights';

/**
 * See `BuildGraph` for the contract.
 * @throws EngineError `disk-full`, `quantisation-failed`, `tensor-malformed`, `cancelled`
 */
export const buildGraph: BuildGraph = async (checkpoint, options, { cacheFolder, ...progress }) => {
  throwIfCancelled(progress.signal);
  const { shape, tensors } = checkpoint;
  const { precision } = options;
  const files = weightFiles(checkpoint);
  let side: QuantisedWeights | undefined;
  if (precision !== 'fp32' && precision !== 'fp16') {
    const folder = sideFolder(files, await realFolder(cacheFolder));
    side = await ensureQuantisedWeights(checkpoint, precision, folder, progress);
  }

  const data = dataFolderOf(side ? [...files, side.file] : files);
  const graph = new GraphWriter();
  const weights = new StoredWeights(graph, data.locate);
  const linear = side
    ? quantisedLayers(graph, weights, side, data.locate)
    : storedLayers(graph, weights, precision === 'fp16' ? DataType.FLOAT16 : DataType.FLOAT);
  addDecoder(graph, shape, tensors, weights, linear, options);
  return {
    model: graph.finish(),
    dataFolder: data.folder,
    options,
    ...(side ? { quantisedFile: side.file } : {}),
    quantisedBytes: side ? checkedLength(side.layout.bytes) : 0,
  };
};

function weightFiles({ tensors }: Checkpoint): readonly string[] {
  const layers = tensors.layers.flatMap((layer) => Object.values(layer));
  const all = [tensors.embedding, tensors.finalNorm, tensors.head, ...layers];
  return [...new Set(all.map((tensor) => tensor.file))];
}

/** The folder with links resolved, made where it is missing: external data may not lead through a link. */
async function realFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch (error) {
    throw quantisedWeightsError(error, folder, 0);
  }
}
