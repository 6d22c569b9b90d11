// The K/V cache as a value: an immutable run of cached positions, until it is disposed of. In main memory it can be cut,
// joined and re-rotated; on a device it is opaque and only grows by what the graph itself joins.
import type { DecoderShape } from '../checkpoint/types';
import { KvMemory } from './kvMemory';
import { Tensor } from './onnxRuntime';

/** Keys and values of one layer in main memory, each [lanes, kvHeads, positions, headSize], keys rotated. */
interface KvLayer {
  readonly k: Float32Array;
  readonly v: Float32Array;
}
export interface HostKv {
  readonly location: 'host';
  readonly lanes: number;
  readonly positions: number;
  readonly layers: readonly KvLayer[];
  /** Where its arrays go when it is disposed of; absent: to the garbage collector. */
  readonly memory?: KvMemory;
}
interface DeviceKv {
  readonly location: 'device';
  readonly lanes: number;
  readonly positions: number;
  readonly layers: readonly { readonly k: Tensor; readonly v: Tensor }[];
}
export type KvState = HostKv | DeviceKv;

/** A cache has room to grow to so many times its positions: what is not written takes no memory, but more would not be handed out again. */
const MOST_ROOM = 2;

/** What the cut-and-join functions need to know of the model. */
export type KvShape = Pick<DecoderShape, 'layers' | 'kvHeads' | 'headSize'>;

/** An empty cache: one void position of zeros, which every attention bias masks, so that no tensor is empty. */
export function voidKv(shape: KvShape): HostKv {
  const layers = Array.from({ length: shape.layers }, () => ({
    k: new Float32Array(shape.kvHeads * shape.headSize),
    v: new Float32Array(shape.kvHeads * shape.headSize),
  }));
  return { location: 'host', lanes: 1, positions: 1, layers };
}

/** Positions `from` … `to` − 1 of the named lanes, the keys moved by `move` positions. Absent: all of it, where it is. */
export interface KvPart {
  readonly kv: HostKv;
  readonly from?: number;
  readonly to?: number;
  readonly lanes?: readonly number[];
  readonly move?: number;
}

/** Copies one row of one layer, [positions, headSize]. */
type CopyRow = (source: Float32Array, target: Float32Array) => void;

/**
 * Joins runs of positions in arrays from `memory`. A part with one lane goes to every lane of the result. Keys are
 * moved by a rotation: rotary position embeddings are rotations, so a key that was rotated for position p becomes that
 * of p + move by one more. `inverseFrequencies` has headSize / 2 entries. `room`: positions that the result is going to grow to, pass by pass.
 */
export function joinKv(
  parts: readonly KvPart[],
  shape: KvShape,
  memory = new KvMemory(),
  inverseFrequencies: ArrayLike<number> = [],
  room?: number,
): HostKv {
  const runs = parts.map(
    ({ kv, from = 0, to = kv.positions, lanes = [...Array(kv.lanes).keys()], move = 0 }) => ({
      kv,
      from,
      lanes,
      size: (to - from) * shape.headSize,
      copyKeys: move === 0 ? copyRow : rotation(move, inverseFrequencies, shape.headSize),
    }),
  );
  const lanes = Math.max(...runs.map((run) => run.lanes.length));
  const rowSize = runs.reduce((sum, { size }) => sum + size, 0);
  const mostSize = Math.min(MOST_ROOM * rowSize, (room ?? 0) * shape.headSize);
  const roomSize = mostSize > rowSize ? lanes * shape.kvHeads * mostSize : undefined;
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const k = memory.take(lanes * shape.kvHeads * rowSize, roomSize);
    const v = memory.take(lanes * shape.kvHeads * rowSize, roomSize);
    let at = 0;
    for (const { kv, from, lanes: chosen, size, copyKeys } of runs) {
      const source = layerOf(kv, layer);
      for (let row = 0; row < lanes * shape.kvHeads; row++) {
        const lane = chosen[chosen.length === 1 ? 0 : Math.floor(row / shape.kvHeads)] ?? 0;
        const start = ((lane * shape.kvHeads + (row % shape.kvHeads)) * kv.positions + from) * shape.headSize;
        const target = row * rowSize + at;
        copyKeys(source.k.subarray(start, start + size), k.subarray(target, target + size));
        copyRow(source.v.subarray(start, start + size), v.subarray(target, target + size));
      }
      at += size;
    }
    return { k, v };
  });
  return { location: 'host', lanes, positions: rowSize / shape.headSize, layers, memory };
}

const copyRow: CopyRow = (source, target) => target.set(source);

function rotation(delta: number, inverseFrequencies: ArrayLike<number>, headSize: number): CopyRow {
  const half = headSize / 2;
  const angles = Array.from({ length: half }, (_, i) => delta * (inverseFrequencies[i] ?? 0));
  const cos = Float64Array.from(angles, Math.cos);
  const sin = Float64Array.from(angles, Math.sin);
  return (source, target) => {
    for (let row = 0; row < source.length; row += headSize) {
      for (let i = 0; i < half; i++) {
        const a = source[row + i] ?? 0;
        const b = source[row + half + i] ?? 0;
        const c = cos[i] ?? 1;
        const s = sin[i] ?? 0;
        target[row + i] = a * c - b * s;
        target[row + half + i] = b * c + a * s;
      }
    }
  };
}

function layerOf(kv: HostKv, layer: number): KvLayer {
  const found = kv.layers[layer];
  if (!found) throw new RangeError(`no layer ${layer} in the K/V cache`);
  return found;
}

/** Tensors that feed layer `layer` of a graph. */
export function kvTensors(kv: KvState, layer: number, shape: KvShape): { k: Tensor; v: Tensor } {
  if (kv.location === 'device') {
    const tensors = kv.layers[layer];
    if (!tensors) throw new RangeError(`no layer ${layer} in the K/V cache`);
    return tensors;
  }
  const data = layerOf(kv, layer);
  const dims = [kv.lanes, shape.kvHeads, kv.positions, shape.headSize];
  return { k: new Tensor('float32', data.k, dims), v: new Tensor('float32', data.v, dims) };
}

/** Gives its memory back. Whoever owns a cache calls it once, when no run reads it any more. */
export function disposeKv(kv: KvState | undefined): void {
  if (kv === undefined) return;
  if (kv.location === 'host') {
    for (const { k, v } of kv.memory ? kv.layers : []) {
      kv.memory?.give(k);
      kv.memory?.give(v);
    }
    return;
  }
  for (const { k, v } of kv.layers) {
    k.dispose();
    v.dispose();
  }
}
