// The K/V of several requests side by side, of different lengths, as one pass over the next tokens of all of them reads it. What a
// pass adds is written behind each request's own, so that only what is new here is copied.
import type { HostKv, KvShape, KvState } from './kvState';

/** One lane of a request. */
export interface JointRow {
  readonly kv: HostKv;
  readonly lane: number;
  /** Positions that it is going to grow to. */
  readonly room: number;
}

interface Slot {
  /** Whose K/V it holds, and of which lane; undefined: nobody's. */
  owner: WeakRef<KvState> | undefined;
  lane: number;
}

/** Positions of all rows are a multiple of it. */
const GRAIN = 32;
/** A cache that had so many times the positions that were needed, in so many passes in turn, is made anew: each pass reads all of them. */
const MOST_SPARE = 2;
const PATIENCE = 16;

export class JointCache {
  private slots: readonly Slot[] = [];
  private positions = 0;
  /** Passes in turn for which it was too wide. */
  private wide = 0;
  private layers: readonly { readonly k: Float32Array; readonly v: Float32Array }[] = [];

  constructor(private readonly shape: KvShape) {}

  /** Positions of each row; those behind a row's own hold anything. */
  get width(): number {
    return this.positions;
  }

  /**
   * Puts rows side by side. `slots`: in which lane of `kv` each row is. What `kv` holds stays until the next call.
   */
  arrange(rows: readonly JointRow[]): { readonly kv: HostKv; readonly slots: readonly number[] } {
    this.makeRoom(rows);
    const taken = new Set<number>();
    const take = (slot: number): number => {
      taken.add(slot);
      return slot;
    };
    const held = rows.map(({ kv, lane }) => {
      const slot = this.slots.findIndex(
        ({ owner, lane: own }, at) =>
          at < rows.length && !taken.has(at) && own === lane && owner?.deref() === kv,
      );
      return slot < 0 ? undefined : take(slot);
    });
    const slots = rows.map((row, at) => {
      const found = held[at];
      if (found !== undefined) return found;
      const slot = take(this.slots.findIndex((_, free) => !taken.has(free)));
      this.copy(row.kv, row.lane, slot, 0, row.kv.positions);
      this.own(slot, row.kv, row.lane);
      return slot;
    });
    const size = rows.length * this.rowSize;
    const layers = this.layers.map(({ k, v }) => ({ k: k.subarray(0, size), v: v.subarray(0, size) }));
    return { kv: { location: 'host', lanes: rows.length, positions: this.positions, layers }, slots };
  }

  /**
   * A row has grown by the first `count` positions of a lane of `fresh`: it is a lane of `next` now, which holds both.
   */
  grow(
    slot: number,
    fresh: { readonly kv: HostKv; readonly lane: number; readonly count: number },
    next: { readonly kv: HostKv; readonly lane: number },
  ): void {
    const at = next.kv.positions - fresh.count;
    const place = this.slots[slot];
    if (place === undefined) return;
    if (next.kv.positions > this.positions) {
      place.owner = undefined;
      return;
    }
    this.copy(fresh.kv, fresh.lane, slot, at, fresh.count);
    this.own(slot, next.kv, next.lane);
  }

  /** Gives its memory back. */
  clear(): void {
    this.slots = [];
    this.positions = 0;
    this.wide = 0;
    this.layers = [];
  }

  private get rowSize(): number {
    return this.shape.kvHeads * this.positions * this.shape.headSize;
  }

  private own(slot: number, kv: HostKv, lane: number): void {
    const place = this.slots[slot];
    if (place === undefined) return;
    place.owner = new WeakRef(kv);
    place.lane = lane;
  }

  private makeRoom(rows: readonly JointRow[]): void {
    const least = Math.max(...rows.map(({ kv }) => kv.positions));
    const wanted = Math.max(least, ...rows.map(({ kv, room }) => Math.min(MOST_SPARE * kv.positions, room)));
    this.wide = this.positions > MOST_SPARE * (wanted + GRAIN) ? this.wide + 1 : 0;
    const isFitting = this.positions >= least && this.wide < PATIENCE;
    if (rows.length <= this.slots.length && isFitting) return;
    const count = Math.max(rows.length, isFitting ? this.slots.length : 0);
    // Both would not always fit.
    this.clear();
    const positions = Math.ceil(wanted / GRAIN) * GRAIN;
    const size = count * this.shape.kvHeads * positions * this.shape.headSize;
    // Zeros: what stands behind a row's own is weighted with nothing, which must not be nothing times infinity.
    this.layers = Array.from({ length: this.shape.layers }, () => ({
      k: new Float32Array(size),
      v: new Float32Array(size),
    }));
    this.positions = positions;
    this.slots = Array.from({ length: count }, () => ({ owner: undefined, lane: 0 }));
  }

  /** The first `count` positions of a lane, to position `at` of a slot. */
  private copy(from: HostKv, lane: number, slot: number, at: number, count: number): void {
    const { kvHeads, headSize } = this.shape;
    this.layers.forEach((target, layer) => {
      const source = from.layers[layer];
      if (source === undefined) return;
      for (let head = 0; head < kvHeads; head++) {
        const begin = (lane * kvHeads + head) * from.positions * headSize;
        const to = ((slot * kvHeads + head) * this.positions + at) * headSize;
        target.k.set(source.k.subarray(begin, begin + count * headSize), to);
        target.v.set(source.v.subarray(begin, begin + count * headSize), to);
      }
    });
  }
}
