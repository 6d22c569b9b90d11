// How many bits of a weight this CPU multiplies exactly. On x64 without VNNI instructions ONNX Runtime's kernels add pairs of
// 8-bit products in 16 bits, where large ones saturate: int8 then gives wrong numbers without a word. Weights of seven bits
// are small enough, at the same speed.
import { DataType, GraphWriter } from '../graph/onnxWriter';
import { LARGEST_OF_EIGHT_BITS, LARGEST_OF_SEVEN_BITS } from '../graph/rounding';
import type { GraphOptions, Precision, WeightBits } from '../graph/types';
import { InferenceSession, Tensor } from './onnxRuntime';

const ROWS = 4;
const DEPTH = 64;
const COLUMNS = 32;
/** With the largest weight, the operand whose pairs of products are largest: 2 · 255 · 127 is twice what 16 bits hold. */
const ACTIVATION = 255;
const MIDDLE = 128;

let answer: Promise<WeightBits | undefined> | undefined;

/** Multiplies once in this process (a few milliseconds) and remembers. Undefined also where it cannot be found out. */
export function exactWeightBits(): Promise<WeightBits | undefined> {
  answer ??= find().catch(() => undefined);
  return answer;
}

/** The same, where int8 is fast as well, so that it may be taken by itself. */
export async function fastWeightBits(): Promise<WeightBits | undefined> {
  return process.arch === 'x64' ? exactWeightBits() : undefined;
}

/** What to build a graph with, so that it computes right on this machine: of int8 seven bits where nobody knows. */
export async function precisionHere(
  precision: Precision,
): Promise<Pick<GraphOptions, 'precision' | 'weightBits'>> {
  return precision === 'int8' ? { precision, weightBits: (await exactWeightBits()) ?? 7 } : { precision };
}

async function find(): Promise<WeightBits | undefined> {
  if (await isExact(LARGEST_OF_EIGHT_BITS)) return 8;
  return (await isExact(LARGEST_OF_SEVEN_BITS)) ? 7 : undefined;
}

async function isExact(weight: number): Promise<boolean> {
  const graph = new GraphWriter();
  const activations = graph.input('activations', DataType.UINT8, [ROWS, DEPTH]);
  const weights = graph.input('weights', DataType.INT8, [DEPTH, COLUMNS]);
  const one = graph.float32(1);
  const middle = graph.op('Cast', [graph.float32(MIDDLE)], { to: DataType.UINT8 });
  const product = graph.contrib('MatMulIntegerToFloat', [activations, weights, one, one, middle]);
  graph.op('Identity', [product], {}, 'products');
  graph.output('products', DataType.FLOAT, [ROWS, COLUMNS]);
  const session = await InferenceSession.create(graph.finish(), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const { products } = await session.run({
      activations: new Tensor('uint8', new Uint8Array(ROWS * DEPTH).fill(ACTIVATION), [ROWS, DEPTH]),
      weights: new Tensor('int8', new Int8Array(DEPTH * COLUMNS).fill(weight), [DEPTH, COLUMNS]),
    });
    const wanted = (ACTIVATION - MIDDLE) * weight * DEPTH;
    const found = products?.data;
    return found instanceof Float32Array && found.every((value) => value === wanted);
  } finally {
    await session.release();
  }
}
