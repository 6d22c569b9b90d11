// The decoder written a second time, position by position in double precision and without any of the graph's tricks
// (no folding, no cache, no joined rows): what the graph's numbers are held against.
import type { DecoderShape, DecoderTensors, TensorLocation } from '../../../engine/checkpoint/types';

type Values = Float64Array<ArrayBuffer>;

export interface ReferenceInput {
  readonly ids: readonly number[];
  readonly positions: readonly number[];
  /** Whether the query at one index sees the key at another. */
  readonly sees: (query: number, key: number) => boolean;
  readonly adapter?: ReferenceAdapter;
}

/** Values of an adapter, and which indices are its masks. */
interface ReferenceAdapter {
  readonly isMask: (index: number) => boolean;
  readonly scale: number;
  readonly maskEmbedding: Float32Array;
  /** By the name of the tensor that it adapts: [rank, in] and [out, rank]. */
  readonly pairs: ReadonlyMap<string, { readonly a: Float32Array; readonly b: Float32Array }>;
}

export interface ReferenceOutput {
  /** [S][V] */
  readonly logits: readonly Values[];
  /** [layer][S][kvHeads · headSize], keys rotated. */
  readonly keys: readonly Values[][];
  readonly values: readonly Values[][];
}

export function referenceDecoder(
  shape: DecoderShape,
  tensors: DecoderTensors,
  weights: ReadonlyMap<string, Float32Array>,
  { ids, positions, sees, adapter }: ReferenceInput,
): ReferenceOutput {
  const read = (tensor: TensorLocation): Float32Array => {
    const found = weights.get(tensor.name);
    if (!found) throw new Error(`no values of ${tensor.name}`);
    return found;
  };
  const product = (x: Values, matrix: Float32Array, offsets?: Float32Array): Values =>
    Float64Array.from({ length: matrix.length / x.length }, (_, row) =>
      x.reduce(
        (sum, value, column) => sum + value * at(matrix, row * x.length + column),
        offsets?.[row] ?? 0,
      ),
    );
  const linear = (index: number, x: Values, weight: TensorLocation, bias?: TensorLocation): Values => {
    const plain = product(x, read(weight), bias && read(bias));
    const pair = adapter?.isMask(index) ? adapter.pairs.get(weight.name) : undefined;
    if (adapter === undefined || pair === undefined) return plain;
    const raised = product(product(x, pair.a), pair.b);
    return plain.map((value, row) => value + adapter.scale * at(raised, row));
  };
  const rmsNorm = (x: Values, gain: TensorLocation): Values => {
    const gains = read(gain);
    const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length;
    return x.map((value, index) => (value / Math.sqrt(mean + shape.normEpsilon)) * at(gains, index));
  };
  const norm = (x: Values, gain: TensorLocation, bias?: TensorLocation): Values => {
    if (shape.norm === 'rms') return rmsNorm(x, gain);
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const offsets = bias ? read(bias) : undefined;
    const normed = rmsNorm(
      x.map((value) => value - mean),
      gain,
    );
    return normed.map((value, index) => value + (offsets?.[index] ?? 0));
  };
  const head = (x: Values, index: number) => x.subarray(index * shape.headSize, (index + 1) * shape.headSize);
  const eachHead = (x: Values, change: (part: Values) => Values): Values => {
    const changed = new Float64Array(x.length);
    for (let start = 0; start < x.length; start += shape.headSize) {
      changed.set(change(x.subarray(start, start + shape.headSize)), start);
    }
    return changed;
  };
  const rotated = (x: Values, position: number): Values =>
    eachHead(x, (part) => {
      const half = shape.headSize / 2;
      return part.map((value, index) => {
        const angle = position / shape.ropeTheta ** ((2 * (index % half)) / shape.headSize);
        const partner = index < half ? -at(part, index + half) : at(part, index - half);
        return value * Math.cos(angle) + partner * Math.sin(angle);
      });
    });

  const { hiddenSize } = shape;
  const table = read(tensors.embedding);
  let states = ids.map((id, index) =>
    Float64Array.from(
      adapter?.isMask(index) ? adapter.maskEmbedding : table.subarray(id * hiddenSize, (id + 1) * hiddenSize),
    ),
  );
  const keys: Values[][] = [];
  const values: Values[][] = [];
  for (const layer of tensors.layers) {
    const { queryNorm, keyNorm } = layer;
    const normed = states.map((state) => norm(state, layer.attentionNorm, layer.attentionNormBias));
    const queries = normed.map((x, index) => {
      const query = linear(index, x, layer.query, layer.queryBias);
      return rotated(
        queryNorm ? eachHead(query, (part) => rmsNorm(part, queryNorm)) : query,
        at(positions, index),
      );
    });
    const layerKeys = normed.map((x, index) => {
      const key = linear(index, x, layer.key, layer.keyBias);
      return rotated(keyNorm ? eachHead(key, (part) => rmsNorm(part, keyNorm)) : key, at(positions, index));
    });
    const layerValues = normed.map((x, index) => linear(index, x, layer.value, layer.valueBias));
    states = states.map((state, index) => {
      const attended = new Float64Array(shape.heads * shape.headSize);
      for (let h = 0; h < shape.heads; h++) {
        const shared = Math.floor((h * shape.kvHeads) / shape.heads);
        const query = head(at(queries, index), h);
        const seen = layerKeys.map((_, other) => other).filter((other) => sees(index, other));
        const scores = seen.map(
          (other) => dot(query, head(at(layerKeys, other), shared)) / Math.sqrt(shape.headSize),
        );
        const largest = Math.max(...scores);
        const exponents = scores.map((score) => Math.exp(score - largest));
        const total = exponents.reduce((sum, value) => sum + value, 0);
        seen.forEach((other, place) => {
          const weight = at(exponents, place) / total;
          head(at(layerValues, other), shared).forEach((value, d) => {
            attended[h * shape.headSize + d] = at(attended, h * shape.headSize + d) + weight * value;
          });
        });
      }
      const middle = sum(state, linear(index, attended, layer.attentionOut, layer.attentionOutBias));
      const x = norm(middle, layer.ffnNorm, layer.ffnNormBias);
      const up = linear(index, x, layer.up, layer.upBias);
      const inner = layer.gate
        ? linear(index, x, layer.gate).map((gate, i) => (gate / (1 + Math.exp(-gate))) * at(up, i))
        : up.map(gelu);
      return sum(middle, linear(index, inner, layer.down, layer.downBias));
    });
    keys.push(layerKeys);
    values.push(layerValues);
  }
  const { finalNorm, finalNormBias, head: headWeight } = tensors;
  const logits = states.map((state, index) =>
    linear(index, norm(state, finalNorm, finalNormBias), headWeight),
  );
  return { logits, keys, values };
}

/** By its tanh formula (arXiv 1606.08415, section 2). */
function gelu(x: number): number {
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

function dot(a: Values, b: Values): number {
  return a.reduce((total, value, index) => total + value * at(b, index), 0);
}

function sum(a: Values, b: Values): Values {
  return a.map((value, index) => value + at(b, index));
}

/** Element of a list; out of range is a mistake in the test. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index} of ${list.length}`);
  return value;
}
