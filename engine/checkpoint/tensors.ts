// Names of tensors → their roles in the decoder, with every shape checked against config.json: a transposed or
// foreign tensor is found here, by name, and not as nonsense in a graph.
import { EngineError } from '../errors';
import type { ConfigShape } from './config';
import type { KnownFamily } from './families';
import { brief } from './fields';
import { isUsableDtype, type StoredTensor } from './safetensors';
import { biasName, layerName, type NameScheme, type Role, SCHEMES, schemeOf } from './tensorNames';
import { layerRoles, shapeOf } from './tensorRoles';
import type { DecoderTensors, LayerTensors, TensorLocation } from './types';

export interface MappedTensors {
  readonly tensors: DecoderTensors;
  readonly scheme: NameScheme;
  readonly qkNorm: boolean;
  readonly tiedHead: boolean;
  /** In the files although config.json ties the head to the embedding; left out. */
  readonly storedHead: StoredTensor | undefined;
  /** Names in the files that have no role, buffers that the graph computes by itself not counted. */
  readonly unused: readonly string[];
}

/**
 * Finds every tensor of the decoder. Names may differ from the scheme by one prefix, the same for all (`model.`
 * missing, or something in front).
 * @throws EngineError `tensor-missing` (lists up to five), `tensor-malformed` (shape or dtype)
 */
export function mapTensors(
  stored: ReadonlyMap<string, StoredTensor>,
  shape: ConfigShape,
  known: KnownFamily,
): MappedTensors {
  const { scheme, finder } = schemeOf(stored, known.family.tensorNames);
  const names = SCHEMES[scheme];
  const roles = layerRoles(shape, known, (role) => finder.has(layerName(names, 0, role)));
  const tiedHead = shape.tiedHead ?? !finder.has(names.head);
  const missing: string[] = [];
  const take = (name: string, expected: readonly number[]): TensorLocation | undefined => {
    const tensor = finder.find(name);
    if (!tensor) missing.push(finder.nameOf(name));
    return tensor && checked(tensor, expected);
  };
  const embedding = take(names.embedding, [shape.vocabSize, shape.hiddenSize]);
  const finalNorm = take(names.finalNorm, [shape.hiddenSize]);
  const finalNormBias =
    shape.norm === 'layer' ? take(biasName(names.finalNorm), [shape.hiddenSize]) : undefined;
  const head = tiedHead ? embedding : take(names.head, [shape.vocabSize, shape.hiddenSize]);
  const layers: Partial<Record<Role, TensorLocation>>[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const found: Partial<Record<Role, TensorLocation>> = {};
    for (const role of roles) {
      const tensor = take(layerName(names, layer, role), shapeOf(role, shape));
      if (tensor) found[role] = tensor;
    }
    layers.push(found);
  }
  if (missing.length > 0 || !embedding || !finalNorm || !head) throw missingTensors(missing);
  const outside = { embedding, finalNorm, head, ...(finalNormBias ? { finalNormBias } : {}) };
  const tensors = { ...outside, layers: layers.map(completeLayer) };
  const unused = unusedNames(stored, tensors, finder.nameOf(names.head));
  refuseUnusedInLayers(unused, finder.nameOf(names.layer), shape.layers);
  return {
    scheme,
    unused,
    qkNorm: roles.includes('queryNorm'),
    tiedHead,
    storedHead: tiedHead ? finder.find(names.head) : undefined,
    tensors,
  };
}

/** Every tensor of the decoder once. */
export function usedTensors({ layers, ...outside }: DecoderTensors): readonly TensorLocation[] {
  const all: TensorLocation[] = [...Object.values(outside), ...layers.flatMap(Object.values)];
  return [...new Map(all.map((tensor) => [tensor.name, tensor])).values()];
}

function completeLayer(found: Partial<Record<Role, TensorLocation>>): LayerTensors {
  const { attentionNorm, query, key, value, attentionOut, ffnNorm, up, down } = found;
  if (!attentionNorm || !query || !key || !value || !attentionOut || !ffnNorm || !up || !down)
    throw missingTensors([]);
  return { ...found, attentionNorm, query, key, value, attentionOut, ffnNorm, up, down };
}

function checked(tensor: StoredTensor, expected: readonly number[]): TensorLocation {
  const { dtype } = tensor;
  if (!isUsableDtype(dtype)) {
    throw new EngineError(
      'tensor-malformed',
      `The tensor ${brief(tensor.name)} is stored as ${brief(dtype)}; only F32, F16, and BF16 can be used. Use the original checkpoint instead of a quantized one.`,
      { tensor: brief(tensor.name), dtype: brief(dtype) },
    );
  }
  if (tensor.shape.length !== expected.length || tensor.shape.some((size, i) => size !== expected[i])) {
    throw new EngineError(
      'tensor-malformed',
      `The tensor ${brief(tensor.name)} has the shape [${brief(tensor.shape.join(', '))}], but config.json requires [${expected.join(', ')}]. One of the two belongs to another checkpoint.`,
      { tensor: brief(tensor.name), shape: tensor.shape.slice(0, 8), expected },
    );
  }
  return { ...tensor, dtype };
}

function missingTensors(names: readonly string[]): EngineError {
  const shown = names.slice(0, 5).map(brief).join(', ');
  const rest = names.length > 5 ? `, and ${names.length - 5} more` : '';
  return new EngineError(
    'tensor-missing',
    `${names.length === 1 ? 'A tensor is' : `${names.length} tensors are`} missing: ${shown}${rest}. Finish the download, or check that config.json belongs to these weights.`,
    { missing: names.slice(0, 5).map(brief), count: names.length },
  );
}

function unusedNames(
  stored: ReadonlyMap<string, StoredTensor>,
  tensors: DecoderTensors,
  headName: string,
): readonly string[] {
  // A tied head that was saved all the same is the embedding table again; inv_freq is computed from rope_theta.
  const names = new Set([headName, ...usedTensors(tensors).map(({ name }) => name)]);
  return [...stored.keys()].filter((name) => !names.has(name) && !name.endsWith('rotary_emb.inv_freq'));
}

/**
 * A layer's tensor without a role means another architecture, or a config.json that says fewer layers than there
 * are: left out, the model would print plausible nonsense.
 */
function refuseUnusedInLayers(unused: readonly string[], prefix: string, layers: number): void {
  const name = unused.find((candidate) => candidate.startsWith(prefix));
  if (name === undefined) return;
  const layer = Number.parseInt(name.slice(prefix.length), 10);
  const why =
    layer >= layers
      ? `config.json says ${layers} layers. It belongs to another checkpoint.`
      : 'this architecture has no place for it. The model cannot be run.';
  throw new EngineError('tensor-malformed', `The files contain ${brief(name)}, but ${why}`, {
    tensor: brief(name),
    layers,
  });
}
