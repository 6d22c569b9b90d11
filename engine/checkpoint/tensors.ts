// Names of tensors → their roles in the decoder, with every shape checked against config.json: a transposed or
// foreign tensor is found here, by name, and not as nonsense in a graph.
import { EngineError } from '../errors';
import type { ConfigShape } from './config';
import type { KnownFamily } from './families';
import { brief } from './fields';
import { isUsableDtype, type StoredTensor } from './safetensors';
import {
  type BiasRole,
  type Finder,
  layerName,
  type NameScheme,
  type Role,
  SCHEMES,
  type SchemeNames,
  schemeOf,
} from './tensorNames';
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
  const qkNorm = known.qkNorm === true || finder.has(layerName(names, 0, 'queryNorm'));
  const tiedHead = shape.tiedHead ?? !finder.has(names.head);
  const shapes = roleShapes(shape);
  const missing: string[] = [];
  const take = (name: string, expected: readonly number[]): TensorLocation | undefined => {
    const tensor = finder.find(name);
    if (!tensor) missing.push(finder.nameOf(name));
    return tensor && checked(tensor, expected);
  };
  const embedding = take(names.embedding, [shape.vocabSize, shape.hiddenSize]);
  const finalNorm = take(names.finalNorm, [shape.hiddenSize]);
  const head = tiedHead ? embedding : take(names.head, [shape.vocabSize, shape.hiddenSize]);
  const biases = biasRoles(finder, names, known);
  const layers: Partial<Record<Role, TensorLocation>>[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const found: Partial<Record<Role, TensorLocation>> = {};
    for (const role of [...REQUIRED_ROLES, ...(qkNorm ? NORM_ROLES : []), ...biases]) {
      const tensor = take(layerName(names, layer, role), shapes[role]);
      if (tensor) found[role] = tensor;
    }
    layers.push(found);
  }
  if (missing.length > 0 || !embedding || !finalNorm || !head) throw missingTensors(missing);
  const unused = unusedNames(stored, { embedding, finalNorm, head, layers }, finder.nameOf(names.head));
  refuseUnusedInLayers(unused, finder.nameOf(names.layer), shape.layers);
  return {
    scheme,
    unused,
    qkNorm,
    tiedHead,
    storedHead: tiedHead ? finder.find(names.head) : undefined,
    tensors: { embedding, finalNorm, head, layers: layers.map(completeLayer) },
  };
}

const REQUIRED_ROLES = [
  'attentionNorm',
  'query',
  'key',
  'value',
  'attentionOut',
  'ffnNorm',
  'gate',
  'up',
  'down',
] as const;
const NORM_ROLES = ['queryNorm', 'keyNorm'] as const;
const BIAS_ROLES = ['queryBias', 'keyBias', 'valueBias', 'attentionOutBias'] as const;

/** Every tensor of the decoder once. */
export function usedTensors(tensors: DecoderTensors): readonly TensorLocation[] {
  const all = [tensors.embedding, tensors.finalNorm, tensors.head, ...tensors.layers.flatMap(Object.values)];
  return [...new Map(all.map((tensor: TensorLocation) => [tensor.name, tensor])).values()];
}

function completeLayer(found: Partial<Record<Role, TensorLocation>>): LayerTensors {
  const { attentionNorm, query, key, value, attentionOut, ffnNorm, gate, up, down, ...optional } = found;
  if (!attentionNorm || !query || !key || !value || !attentionOut || !ffnNorm || !gate || !up || !down)
    throw missingTensors([]);
  return { attentionNorm, query, key, value, attentionOut, ffnNorm, gate, up, down, ...optional };
}

/** Biases that layer 0 has, or that the family always has; every layer must then have them. */
function biasRoles(finder: Finder, names: SchemeNames, known: KnownFamily): readonly BiasRole[] {
  return BIAS_ROLES.filter(
    (role) =>
      finder.has(layerName(names, 0, role)) || (known.qkvBias === true && role !== 'attentionOutBias'),
  );
}

/** Weights are [out, in], as PyTorch's Linear stores them. */
function roleShapes(shape: ConfigShape): Readonly<Record<Role, readonly number[]>> {
  const { hiddenSize, ffnSize, headSize } = shape;
  const queries = shape.heads * headSize;
  const keys = shape.kvHeads * headSize;
  return {
    attentionNorm: [hiddenSize],
    query: [queries, hiddenSize],
    key: [keys, hiddenSize],
    value: [keys, hiddenSize],
    attentionOut: [hiddenSize, queries],
    queryNorm: [headSize],
    keyNorm: [headSize],
    ffnNorm: [hiddenSize],
    gate: [ffnSize, hiddenSize],
    up: [ffnSize, hiddenSize],
    down: [hiddenSize, ffnSize],
    queryBias: [queries],
    keyBias: [keys],
    valueBias: [keys],
    attentionOutBias: [hiddenSize],
  };
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
  used: {
    readonly embedding: TensorLocation;
    readonly finalNorm: TensorLocation;
    readonly head: TensorLocation;
    readonly layers: readonly Partial<Record<Role, TensorLocation>>[];
  },
  headName: string,
): readonly string[] {
  // A tied head that was saved all the same is the embedding table again; inv_freq is computed from rope_theta.
  const names = new Set([used.embedding.name, used.finalNorm.name, used.head.name, headName]);
  for (const layer of used.layers) for (const tensor of Object.values(layer)) names.add(tensor.name);
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
