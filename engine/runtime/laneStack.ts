// The K/V of several lanes, each of which is computed by itself: one cache of all of them, without a second copy of any.
import { EngineError } from '../errors';
import type { KvMemory } from './kvMemory';
import { disposeKv, type HostKv, type KvShape, type KvState } from './kvState';

export class LaneStack {
  private kv: HostKv | undefined;
  private count = 0;

  constructor(
    private readonly lanes: number,
    private readonly shape: KvShape,
    private readonly memory: KvMemory,
  ) {}

  /** The next lane; all have the same positions. Its own cache is given back. */
  put(lane: KvState): void {
    if (lane.location !== 'host') throw new EngineError('internal', 'A device cache met a host session.');
    const size = this.shape.kvHeads * lane.positions * this.shape.headSize;
    this.kv ??= this.empty(lane.positions, size);
    this.kv.layers.forEach(({ k, v }, layer) => {
      const own = lane.layers[layer];
      if (own === undefined) return;
      k.set(own.k, this.count * size);
      v.set(own.v, this.count * size);
    });
    this.count++;
    disposeKv(lane);
  }

  /** All of them: whoever takes it owns it. Undefined where none was put. */
  taken(): KvState | undefined {
    const { kv } = this;
    this.kv = undefined;
    return kv;
  }

  dispose(): void {
    disposeKv(this.taken());
  }

  private empty(positions: number, size: number): HostKv {
    const array = () => this.memory.take(this.lanes * size);
    const layers = Array.from({ length: this.shape.layers }, () => ({ k: array(), v: array() }));
    return { location: 'host', lanes: this.lanes, positions, layers, memory: this.memory };
  }
}
