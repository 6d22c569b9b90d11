// Whether a model of the catalogue fits this machine's memory, before anything is downloaded: from its shape alone, by the same
// sums as `palimpsest check` has for one that is here.
import { FAMILIES } from '../checkpoint/families';
import type {
  DecoderShape,
  DecoderTensors,
  LayerTensors,
  TensorDtype,
  TensorLocation,
} from '../checkpoint/types';
import { EngineError } from '../errors';
import { memoryNeeds, processBytes, requestBytes } from '../graph/memory';
import type { Precision } from '../graph/types';
import { MODEL_SHARE, machineMemory } from '../runtime/availableMemory';
import type { CatalogueModel, CatalogueShape } from './catalogue';

export interface Fit {
  /** `small-only`: in q4, but not in what is chosen by itself (q8 or int8). */
  readonly verdict: 'fits' | 'small-only' | 'too-large';
  /** Memory that running takes, in the smallest precision that fits, or in q4 where none does. */
  readonly bytes: number;
  readonly precision: Precision;
  /** Memory of the machine. */
  readonly memory: number;
}

type Sized = Pick<CatalogueModel, 'shape' | 'stored' | 'family' | 'context'>;

/** Bytes of memory while the model answers, by precision: the process, the weights and the largest request. */
export function workingBytes(model: Sized): ReadonlyMap<Precision, number> {
  const shape = decoderShape(model);
  const family = FAMILIES.get(model.family)?.family;
  if (family === undefined) throw new EngineError('internal', `There is no family ${model.family}.`);
  const others = processBytes(shape) + requestBytes({ shape, family });
  return new Map(needsOf(model).map(({ precision, weightBytes }) => [precision, others + weightBytes]));
}

function needsOf(model: Sized) {
  return memoryNeeds({ shape: decoderShape(model), tensors: tensorsOf(model.shape, model.stored) });
}

/** Bytes on the disk of the weights as they are quantised for this machine. */
export function quantisedBytes(model: Sized, { precision }: Pick<Fit, 'precision'>): number {
  return needsOf(model).find((need) => need.precision === precision)?.quantisedBytes ?? 0;
}

export function fitOf(model: Sized, memory = machineMemory()): Fit {
  const needs = workingBytes(model);
  const bytesIn = (precision: Precision) => needs.get(precision) ?? Number.POSITIVE_INFINITY;
  const room = memory * MODEL_SHARE;
  if (bytesIn('q8') <= room) return { verdict: 'fits', bytes: bytesIn('q8'), precision: 'q8', memory };
  const verdict = bytesIn('q4') <= room ? 'small-only' : 'too-large';
  return { verdict, bytes: bytesIn('q4'), precision: 'q4', memory };
}

/** Where the authors say nothing of the context, one as short as most of these models were trained for. */
function decoderShape({ shape, context = 4096 }: Sized): DecoderShape {
  return {
    ...shape,
    norm: 'rms',
    normEpsilon: 1e-6,
    mlp: 'swiglu',
    ropeTheta: 1e6,
    ropeScaling: { kind: 'none' },
    contextLength: context,
    qkNorm: false,
  };
}

/** Tensors that are nowhere: of their names, types and shapes the layout of quantised weights follows. */
function tensorsOf(shape: CatalogueShape, stored: CatalogueModel['stored']): DecoderTensors {
  const { hiddenSize, heads, kvHeads, headSize, ffnSize, vocabSize } = shape;
  const dtype: TensorDtype = stored === 'BF16' ? 'BF16' : 'F32';
  const tensor = (name: string, ...size: readonly number[]): TensorLocation => ({
    name,
    dtype,
    shape: size,
    file: '',
    offset: 0,
    length: 0,
    ...(stored === 'packed' ? { packing: { type: 'Q4_K' } } : {}),
  });
  const layers = Array.from({ length: shape.layers }, (_, index): LayerTensors => {
    const named = (role: string, ...size: readonly number[]) => tensor(`layers.${index}.${role}`, ...size);
    return {
      attentionNorm: named('attentionNorm', hiddenSize),
      query: named('query', heads * headSize, hiddenSize),
      key: named('key', kvHeads * headSize, hiddenSize),
      value: named('value', kvHeads * headSize, hiddenSize),
      attentionOut: named('attentionOut', hiddenSize, heads * headSize),
      ffnNorm: named('ffnNorm', hiddenSize),
      gate: named('gate', ffnSize, hiddenSize),
      up: named('up', ffnSize, hiddenSize),
      down: named('down', hiddenSize, ffnSize),
    };
  });
  const embedding = tensor('embedding', vocabSize, hiddenSize);
  return {
    embedding,
    finalNorm: tensor('finalNorm', hiddenSize),
    head: shape.tiedHead ? embedding : tensor('head', vocabSize, hiddenSize),
    layers,
  };
}
