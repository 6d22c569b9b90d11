// A decoder small enough to check by hand that runs in the caches' own types. What it keeps can be poisoned when it is
// given back, and any of its runs can fail.
import assert from 'node:assert/strict';
import { EngineError } from '../../../engine/errors';
import type { Forward, ForwardRequest, ForwardResult } from '../../../engine/runtime/forward';
import { KvMemory } from '../../../engine/runtime/kvMemory';
import { type HostKv, joinKv, type KvState, kvTensors } from '../../../engine/runtime/kvState';
import { Tensor } from '../../../engine/runtime/onnxRuntime';

export const TINY = { layers: 1, kvHeads: 1, headSize: 2 };

/** Memory that notices what is given back twice, and in which nobody reads a number after it was given back. */
class PoisonedMemory extends KvMemory {
  private readonly lent = new Set<ArrayBufferLike>();

  override take(length: number): Float32Array {
    const array = super.take(length);
    this.lent.add(array.buffer);
    return array;
  }

  override give(array: Float32Array): void {
    assert.ok(this.lent.delete(array.buffer), 'given back twice');
    new Float32Array(array.buffer).fill(Number.NaN);
    super.give(array);
  }
}

/**
 * Two layers of attention that adds up what it sees: of a token the first layer keeps the sum of the tokens that it
 * sees, and the answer (`entropy`) is the sum of those. Whole numbers, so that the order of the sums does not matter.
 */
export class FaultyForward implements Forward {
  readonly memory = new PoisonedMemory();
  readonly tensors = new Set<Tensor>();
  /** Called before each run; what it throws is the run's failure. */
  beforeRun: (request: ForwardRequest) => void = () => undefined;

  constructor(readonly deviceCache: boolean) {}

  /** Bytes (or tensors) that caches hold. */
  get held(): number {
    return this.deviceCache ? this.tensors.size : this.memory.bytes.used;
  }

  async run(request: ForwardRequest): Promise<ForwardResult> {
    await Promise.resolve();
    this.beforeRun(request);
    const { lanes, ids, past, bias, asks, keep } = request;
    const length = ids.length / lanes;
    const width = past.positions + length;
    assert.equal(bias.data.length, bias.lanes * bias.rows * width);
    const kept = kvTensors(past, 0, TINY).v.data as Float32Array;
    const sees = (lane: number, row: number, key: number): boolean =>
      (bias.data[((lane % bias.lanes) * bias.rows + (row % bias.rows)) * width + key] ?? 0) > -1;
    const fresh = new Float32Array(lanes * length * 2);
    const entropies = new Float32Array(lanes * length);
    // 0: the token itself, 1: the sum of what it saw.
    const value = (lane: number, key: number, which: 0 | 1): number => {
      const from = key < past.positions ? kept : fresh;
      const row =
        key < past.positions
          ? (lane % past.lanes) * past.positions + key
          : lane * length + key - past.positions;
      return from[2 * row + which] ?? Number.NaN;
    };
    const sum = (lane: number, row: number, which: 0 | 1): number => {
      let total = 0;
      for (let key = 0; key < width; key++) if (sees(lane, row, key)) total += value(lane, key, which);
      return total;
    };
    for (let at = 0; at < ids.length; at++) fresh[2 * at] = ids[at] ?? 0;
    for (let lane = 0; lane < lanes; lane++)
      for (let row = 0; row < length; row++) fresh[2 * (lane * length + row) + 1] = sum(lane, row, 0);
    for (let lane = 0; lane < lanes; lane++)
      for (let row = 0; row < length; row++) entropies[lane * length + row] = sum(lane, row, 1);
    const predictions = asks.map(({ row }) => ({
      ids: Int32Array.of(0),
      logProbs: Float32Array.of(0),
      entropy: entropies[row] ?? Number.NaN,
      targetLogProb: 0,
    }));
    return { predictions, kv: keep ? this.keep(past, fresh, lanes, length) : undefined };
  }

  private keep(past: KvState, fresh: Float32Array, lanes: number, length: number): KvState {
    const added: HostKv = {
      location: 'host',
      lanes,
      positions: length,
      layers: [{ k: fresh.slice(), v: fresh }],
    };
    if (!this.deviceCache) {
      assert.equal(past.location, 'host');
      return joinKv([{ kv: past as HostKv }, { kv: added }], TINY, this.memory);
    }
    const { k, v } = kvTensors(past, 0, TINY);
    const before: HostKv = {
      location: 'host',
      lanes: past.lanes,
      positions: past.positions,
      layers: [{ k: k.data as Float32Array, v: v.data as Float32Array }],
    };
    const { layers, positions } = joinKv([{ kv: before }, { kv: added }], TINY);
    const onDevice = layers.map((layer) => ({
      k: this.tensor(layer.k, lanes, positions),
      v: this.tensor(layer.v, lanes, positions),
    }));
    return { location: 'device', lanes, positions, layers: onDevice };
  }

  private tensor(data: Float32Array, lanes: number, positions: number): Tensor {
    const tensor = new Tensor('float32', data.slice(), [lanes, TINY.kvHeads, positions, TINY.headSize]);
    const dispose = tensor.dispose.bind(tensor);
    tensor.dispose = () => {
      assert.ok(this.tensors.delete(tensor), 'disposed of twice');
      dispose();
    };
    this.tensors.add(tensor);
    return tensor;
  }
}

export function failure(): EngineError {
  return new EngineError('runtime-failed', 'A run failed, as it was told to.');
}
