// Whether this CPU's 8-bit products are exact. On x64 without VNNI instructions ONNX Runtime's kernels add pairs of
// products in 16 bits, where large ones saturate: int8 then gives wrong numbers without a word.
import { DataType, GraphWriter } from '../graph/onnxWriter';
import { InferenceSession, Tensor } from './onnxRuntime';

const ROWS = 4;
const DEPTH = 64;
const COLUMNS = 32;
/** The operands whose pairs of products are largest: 2 · 255 · 127 is twice what 16 bits hold. */
const ACTIVATION = 255;
const WEIGHT = 127;
const MIDDLE = 128;

let answer: Promise<boolean> | undefined;

/** Multiplies once in this process (a few milliseconds) and remembers. False also where it cannot be found out. */
export function integerProductsAreExact(): Promise<boolean> {
  answer ??= multiply().catch(() => false);
  return answer;
}

async function multiply(): Promise<boolean> {
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
      weights: new Tensor('int8', new Int8Array(DEPTH * COLUMNS).fill(WEIGHT), [DEPTH, COLUMNS]),
    });
    const wanted = (ACTIVATION - MIDDLE) * WEIGHT * DEPTH;
    const found = products?.data;
    return found instanceof Float32Array && found.every((value) => value === wanted);
  } finally {
    await session.release();
  }
}
