// How fast a device moves its memory, measured through the runtime itself: what a denoise step, which reads every weight once, could
// cost at the least.
import { DataType, GraphWriter } from '../../engine/graph/onnxWriter';
import type { ProviderName } from '../../engine/protocol';
import { InferenceSession, Tensor } from '../../engine/runtime/onnxRuntime';

/** Additions of the long chain; the short one has a single addition. */
const LONG = 33;

/** A chain of additions, each of which reads and writes `length` numbers in the device's memory. */
function chain(additions: number): Uint8Array {
  const graph = new GraphWriter();
  graph.input('x', DataType.FLOAT, [1]);
  graph.input('length', DataType.INT64, [1]);
  let value = graph.op('Expand', ['x', 'length']);
  for (let index = 0; index < additions; index++) value = graph.op('Add', [value, 'x']);
  graph.op('ReduceMax', [value], { keepdims: 0 }, 'largest');
  graph.output('largest', DataType.FLOAT, []);
  return graph.finish();
}

/** Numbers of each tensor that is copied: beyond the caches of a GPU; and for a device that computes in software. */
const FLOATS = 2 ** 26;
const FEW_FLOATS = 2 ** 22;

/** Bytes a second by provider, GPUs alone. One that cannot do it has none. `isShort`: little is copied everywhere. */
export async function copyRatesOf(
  sides: readonly { readonly provider: ProviderName; readonly isSlow: boolean }[],
  isShort = false,
): Promise<ReadonlyMap<ProviderName, number>> {
  const rates = new Map<ProviderName, number>();
  for (const { provider, isSlow } of sides) {
    if (provider === 'cpu') continue;
    const rate = await deviceCopyRate(provider, isShort || isSlow ? FEW_FLOATS : FLOATS).catch(
      () => undefined,
    );
    if (rate !== undefined) rates.set(provider, rate);
  }
  return rates;
}

/** Bytes a second, read and written together: the best of `rounds`. */
async function deviceCopyRate(provider: ProviderName, floats: number, rounds = 5): Promise<number> {
  const millisOf = async (additions: number) => {
    const session = await InferenceSession.create(chain(additions), {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    });
    const feeds = {
      x: new Tensor('float32', Float32Array.of(1), [1]),
      length: new Tensor('int64', BigInt64Array.of(BigInt(floats)), [1]),
    };
    let best = Number.POSITIVE_INFINITY;
    for (let round = -1; round < rounds; round++) {
      const begun = performance.now();
      const { largest } = await session.run(feeds);
      if (Number(largest?.data[0]) !== additions + 1) throw new Error('the device added wrongly');
      if (round >= 0) best = Math.min(best, performance.now() - begun);
    }
    await session.release();
    return best;
  };
  const short = await millisOf(1);
  const long = await millisOf(LONG);
  return ((LONG - 1) * 2 * 4 * floats) / ((long - short) / 1000);
}
