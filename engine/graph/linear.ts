// Linear layers, the one place where the precisions differ. Activations outside are fp32 and flattened to
// [rows, features]; weights are [out, in] as checkpoints have them.
import type { TensorLocation } from '../checkpoint/types';
import { EngineError } from '../errors';
import { DataType, type GraphWriter } from './onnxWriter';
import type { QuantisedWeights } from './quantise';
import { isByChannel, type QuantisedEntry, type QuantisedPart } from './quantisedWeightsLayout';
import { BLOCK } from './rounding';
import type { StoredWeights } from './weights';

export interface LinearLayers {
  /** Adds what does not depend on activations: a loop's body, which is told of the weight later, would do it in each turn. */
  prepare(weight: TensorLocation): void;
  /** fp32 activations into what `project` takes and gives. */
  enter(activations: string): string;
  project(activations: string, weight: TensorLocation, bias?: TensorLocation): string;
  /** Back to fp32. */
  leave(activations: string): string;
}

/** Weights straight from the checkpoint. In fp16 the products are fp16; norms, attention and residuals are not. */
export function storedLayers(
  graph: GraphWriter,
  weights: StoredWeights,
  type: typeof DataType.FLOAT | typeof DataType.FLOAT16,
): LinearLayers {
  const castTo = (to: DataType) => (x: string) =>
    type === DataType.FLOAT ? x : graph.op('Cast', [x], { to });
  return {
    prepare: (weight) => void weights.as(type, weight),
    enter: castTo(DataType.FLOAT16),
    project: (activations, weight, bias) => {
      const operands = [activations, weights.as(type, weight)];
      if (bias) operands.push(weights.as(type, bias));
      return graph.op('Gemm', operands, { transB: 1 });
    },
    leave: castTo(DataType.FLOAT),
  };
}

/** MatMulNBits (`q8`, `q4`): weights in blocks of 32 with a scale each; activations are rounded alike, by block. */
const EIGHT_BIT_ACTIVATIONS = 4;

/** Weights from the quantised file. */
export function quantisedLayers(
  graph: GraphWriter,
  weights: StoredWeights,
  side: QuantisedWeights,
  locate: (file: string) => string,
): LinearLayers {
  const entries = new Map(side.layout.entries.map((entry) => [entry.tensor.name, entry]));
  const location = locate(side.file);
  const rounded = roundedRows(graph);
  const initializer = (entry: QuantisedEntry, part: QuantisedPart, kind: string) =>
    graph.external(`${entry.tensor.name}:${entry.rounding}.${kind}`, part.type, part.shape, {
      location,
      offset: part.offset,
      length: part.length,
    });
  return {
    prepare: () => rounded.prepare(),
    enter: (x) => x,
    project: (activations, weight, bias) => {
      const entry = entries.get(weight.name);
      if (!entry) throw new EngineError('internal', `${weight.name} has no quantized copy.`);
      const packed = initializer(entry, entry.weights, 'weights');
      const scales = initializer(entry, entry.scales, 'scales');
      const product = isByChannel(entry.rounding)
        ? rounded.times(activations, packed, scales)
        : graph.contrib('MatMulNBits', [activations, packed, scales], {
            K: entry.columns,
            N: entry.rows,
            bits: entry.rounding === 'q8' ? 8 : 4,
            block_size: BLOCK,
            accuracy_level: EIGHT_BIT_ACTIVATIONS,
          });
      return bias ? graph.op('Add', [product, weights.as(DataType.FLOAT, bias)]) : product;
    },
    leave: (x) => x,
  };
}

/** Unsigned 8-bit numbers around it stand for signed ones: the kernels multiply unsigned by signed. */
const MIDDLE = 128;
/** Keeps a row of zeros from being divided by zero. */
const SMALLEST_SCALE = 1e-30;

/**
 * Activations as 8-bit numbers with a scale for each row (per token, as W8A8 recipes have it: ZeroQuant, Yao et al.
 * 2022). DynamicQuantizeMatMul has one scale for all rows: it is 1–8 % faster, but a row's result then depends on its
 * neighbours and one large row spoils the others (docs/decisions/precision.md).
 */
function roundedRows(graph: GraphWriter) {
  const known = new Map<string, { readonly values: string; readonly scales: string }>();
  const round = (activations: string) => {
    const found = known.get(activations);
    if (found) return found;
    const largest = graph.op('ReduceMax', [graph.op('Abs', [activations]), graph.int64([1])], {
      keepdims: 1,
    });
    const exact = graph.op('Mul', [largest, graph.float32(1 / 127)]);
    const scales = graph.op('Max', [exact, graph.float32(SMALLEST_SCALE)]);
    const scale = graph.op('Reshape', [scales, graph.int64([-1])]);
    const middles = graph.op('Expand', [middle(), graph.op('Shape', [scale])]);
    const values = graph.op('QuantizeLinear', [activations, scale, middles], { axis: 0 });
    const made = { values, scales };
    known.set(activations, made);
    return made;
  };
  let middleName: string | undefined;
  const middle = () => {
    middleName ??= graph.outside(() => graph.op('Cast', [graph.float32(MIDDLE)], { to: DataType.UINT8 }));
    return middleName;
  };
  return {
    prepare: () => void middle(),
    /** `weights` [in, out] with a scale an output channel. */
    times(activations: string, weights: string, channelScales: string): string {
      const { values, scales } = round(activations);
      const operands = [values, weights, graph.float32(1), channelScales, middle()];
      return graph.op('Mul', [graph.contrib('MatMulIntegerToFloat', operands), scales]);
    },
  };
}
