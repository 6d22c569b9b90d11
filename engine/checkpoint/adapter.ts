// A low-rank adapter (arXiv:2106.09685) that acts on masks alone: with it an autoregressive model says several tokens ahead what it is
// going to write, while all that is no mask stays the base's to the bit. A folder with two files, documented in docs/adapters.md; both
// come from the internet, and are read as strictly as a checkpoint's.
import path from 'node:path';
import { EngineError } from '../errors';
import { type Family, writesInOrder } from './family';
import { Fields, show } from './fields';
import { readJsonObject } from './json';
import { isUsableDtype, readSafetensorsHeader, type StoredTensor } from './safetensors';
import { layerName, SCHEMES } from './tensorNames';
import type {
  AdaptedProjection,
  Adapter,
  Checkpoint,
  LayerRole,
  LayerTensors,
  TensorLocation,
} from './types';
import { resolveWeightFile } from './weightFiles';

const ADAPTER_NAME = 'adapter.json';
const WEIGHTS_NAME = 'adapter.safetensors';
const MASK_EMBEDDING = 'mask_embedding';
const FORMAT = 1;
const MAX_BYTES = 1_000_000;
const MOST_RANK = 256;
/** Masks that a pass has at most: each makes it longer. */
const MOST_MASKS = 16;
const LARGEST_SCALE = 1024;
const MOST_FILES = 1000;

/** Projections that can be adapted. */
const ROLES = ['query', 'key', 'value', 'attentionOut', 'gate', 'up', 'down'] as const satisfies LayerRole[];

/** adapter.json. */
export interface AdapterFile {
  /** Of the base, for people. */
  readonly baseName: string;
  /** Absolute path of the base: a folder or a `.gguf` file. */
  readonly basePlace: string;
  /** sha256 in hexadecimal digits, by the base name of each of the base's weight files. */
  readonly baseFiles: ReadonlyMap<string, string>;
  readonly rank: number;
  readonly scale: number;
  readonly masks: number;
}

/**
 * Undefined where the folder holds no adapter.
 * @throws EngineError `checkpoint-malformed`, `file-unreadable`
 */
export async function readAdapterFile(root: string): Promise<AdapterFile | undefined> {
  const json = await readJsonObject(path.join(root, ADAPTER_NAME), MAX_BYTES, 'checkpoint-malformed');
  if (json === undefined) return undefined;
  const fields = new Fields(json, ADAPTER_NAME);
  fields.onlyKeys(['format', 'base', 'rank', 'scale', 'masks']);
  const format = fields.integer('format', { max: 1_000_000 });
  if (format !== FORMAT)
    throw fields.fail('format', `is ${format}; this version of Palimpsest reads ${FORMAT}`);
  const base = fields.section('base');
  if (base === undefined) throw fields.fail('base', 'is missing');
  base.onlyKeys(['name', 'path', 'files']);
  const files = filesOf(base);
  const baseName = base.string('name');
  return {
    baseName,
    basePlace: placeOf(root, base, baseName, files),
    baseFiles: files,
    rank: fields.integer('rank', { max: MOST_RANK }),
    scale: fields.number('scale', { min: 0, max: LARGEST_SCALE }),
    masks: fields.integer('masks', { max: MOST_MASKS }),
  };
}

function filesOf(base: Fields): ReadonlyMap<string, string> {
  const section = base.section('files');
  const names = section?.keys() ?? [];
  if (section === undefined || names.length === 0 || names.length > MOST_FILES)
    throw base.fail('files', 'must name the weight files of the base, each with its sha256');
  return new Map(
    names.map((name) => {
      const digits = section.string(name).toLowerCase();
      if (!/^[0-9a-f]{64}$/.test(digits))
        throw section.fail(name, `is ${show(digits)}; it must be a sha256, 64 hexadecimal digits`);
      return [name, digits];
    }),
  );
}

/** Beside the adapter's folder: a path that leads elsewhere could have a share of another machine opened. */
function placeOf(root: string, base: Fields, name: string, files: ReadonlyMap<string, string>): string {
  const [file = ''] = files.keys();
  const usual = files.size === 1 && file.endsWith('.gguf') ? file : name;
  const said = base.has('path') ? base.string('path') : `../${usual}`;
  const plain = said.replace(/^\.\.\//, '');
  if (/^\.*$|[\\/:\0]/.test(plain))
    throw base.fail(
      'path',
      `is ${show(said)}; it must be "../NAME", with the base beside the adapter’s folder`,
    );
  return path.resolve(root, said);
}

/**
 * The adapter of an opened base.
 * @throws EngineError `family-unknown` where the base does not write in order, `checkpoint-malformed`, `checkpoint-missing`, and
 * `tensor-malformed` where the two do not fit
 */
export async function openAdapter(root: string, file: AdapterFile, base: Checkpoint): Promise<Adapter> {
  requireInOrder(base.family);
  const stored = await readSafetensorsHeader(await resolveWeightFile(root, WEIGHTS_NAME));
  const { rank, scale, masks } = file;
  const take = (name: string, shape: readonly number[]): TensorLocation | undefined => {
    const tensor = stored.get(name);
    stored.delete(name);
    return tensor && checked(tensor, shape);
  };
  const maskEmbedding = take(MASK_EMBEDDING, [base.shape.hiddenSize]);
  if (maskEmbedding === undefined) throw misfit(`${WEIGHTS_NAME} has no ${MASK_EMBEDDING}`);
  const projections = new Map<string, AdaptedProjection>();
  base.tensors.layers.forEach((layer, index) => {
    for (const role of ROLES) {
      const adapted = projectionOf(layer, role, (part, shape) =>
        take(layerName(SCHEMES.llama, index, role).replace(/weight$/, `lora_${part}.weight`), shape(rank)),
      );
      if (adapted !== undefined) projections.set(adapted.name, adapted.projection);
    }
  });
  const [unknown] = stored.keys();
  if (unknown !== undefined)
    throw misfit(`${WEIGHTS_NAME} has ${show(unknown)}, which ${base.name} has no place for`);
  if (projections.size === 0) throw misfit(`${WEIGHTS_NAME} adapts nothing`);
  return {
    folder: root,
    base: base.folder,
    baseFiles: file.baseFiles,
    scale,
    masks,
    maskEmbedding,
    projections,
  };
}

/** Absolute paths of its weights; none where there is no adapter. */
export function adapterFiles(adapter: Adapter | undefined): readonly string[] {
  return adapter === undefined ? [] : [adapter.maskEmbedding.file];
}

function projectionOf(
  layer: LayerTensors,
  role: (typeof ROLES)[number],
  take: (part: 'A' | 'B', shape: (rank: number) => readonly number[]) => TensorLocation | undefined,
): { readonly name: string; readonly projection: AdaptedProjection } | undefined {
  const weight = layer[role];
  if (weight === undefined) return undefined;
  const [rows = 0, columns = 0] = weight.shape;
  const a = take('A', (rank) => [rank, columns]);
  const b = take('B', (rank) => [rows, rank]);
  if (a === undefined && b === undefined) return undefined;
  if (a === undefined || b === undefined) throw misfit(`${(a ?? b)?.name} is there alone`);
  return { name: weight.name, projection: { a, b } };
}

function checked(tensor: StoredTensor, expected: readonly number[]): TensorLocation {
  const { dtype, shape, name } = tensor;
  if (!isUsableDtype(dtype)) throw misfit(`${name} is stored as ${show(dtype)} and not as F32, F16, or BF16`);
  if (shape.join() !== expected.join())
    throw misfit(`${name} has the shape [${shape.join(', ')}] and not [${expected.join(', ')}]`);
  return { ...tensor, dtype };
}

function misfit(what: string): EngineError {
  return new EngineError(
    'tensor-malformed',
    `The adapter does not fit its base: ${what}. Download it again, or use the base that it was trained on.`,
  );
}

function requireInOrder(family: Family): void {
  if (writesInOrder(family) && family.shifted) return;
  throw new EngineError(
    'family-unknown',
    `An adapter is for a model that writes token by token, from left to right, and its base is ${family.title}. Load that base by itself.`,
  );
}
