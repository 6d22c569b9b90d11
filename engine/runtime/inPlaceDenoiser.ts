// Full bidirectional families: the whole canvas in, predictions out. In `exact` mode each step is a full forward
// pass; in `dual` mode (Fast-dLLM's dual cache, decoding.md) a full pass writes the K/V of everything, and the
// steps between run the window around the masks alone, against the K/V of the rest as it was.
import type { Ask, InPlaceDenoiser, Lane, Prediction, PredictOptions } from '../denoiser';
import { throwIfCancelled } from '../errors';
import { type AttentionBias, type Forward, openBias, type RowAsk, UNSEEN } from './forward';
import { disposeKv, type KvShape, type KvState, voidKv } from './kvState';

export interface InPlaceOptions {
  /** Whether the logits at position i predict token i + 1. */
  readonly shifted: boolean;
  readonly cache: 'dual' | 'exact';
  /** In `dual` mode: most windowed steps before everything is computed again. */
  readonly refreshEvery: number;
  /** Fills the end of shorter lanes; nothing sees it. */
  readonly padToken: number;
}

/** A window larger than this fraction of the canvas saves nothing. */
const LARGEST_WINDOW = 0.6;

interface Snapshot {
  /** What each lane held when the K/V was written; one entry where all lanes were the same. */
  readonly lanes: readonly Int32Array[];
  readonly laneCount: number;
  readonly kv: KvState;
  /** Positions that are run again in each step, ascending. */
  readonly window: Int32Array;
  readonly inWindow: Uint8Array;
  readonly rowOf: Int32Array;
}

export class CachedInPlaceDenoiser implements InPlaceDenoiser {
  private snapshot: Snapshot | undefined;
  private stepsSinceRefresh = 0;

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    private readonly options: InPlaceOptions,
  ) {}

  async predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    throwIfCancelled(options.signal);
    if (this.options.cache === 'dual' && this.snapshot && this.canReuse(this.snapshot, lanes)) {
      this.stepsSinceRefresh++;
      return this.runWindow(this.snapshot, lanes, options);
    }
    return this.runAll(lanes, options);
  }

  dispose(): void {
    this.forget();
  }

  private forget(): void {
    disposeKv(this.snapshot?.kv);
    this.snapshot = undefined;
    this.stepsSinceRefresh = 0;
  }

  private canReuse(snapshot: Snapshot, lanes: readonly Lane[]): boolean {
    if (this.stepsSinceRefresh >= this.options.refreshEvery || lanes.length !== snapshot.laneCount)
      return false;
    return lanes.every(({ tokens, asks }, index) => {
      const then = snapshot.lanes[snapshot.lanes.length === 1 ? 0 : index];
      if (!then || then.length !== tokens.length) return false;
      for (let i = 0; i < tokens.length; i++)
        if (tokens[i] !== then[i] && !snapshot.inWindow[i]) return false;
      return asks.every((ask) => snapshot.inWindow[this.rowFor(ask)] === 1);
    });
  }

  /** The position whose logits speak of the asked-for one. */
  private rowFor(ask: Ask): number {
    return this.options.shifted ? Math.max(0, ask.position - 1) : ask.position;
  }

  private async runAll(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    this.forget();
    const length = Math.max(...lanes.map((lane) => lane.tokens.length));
    const window = this.windowOf(lanes, length);
    const sameLength = lanes.every((lane) => lane.tokens.length === length);
    const keep = this.options.cache === 'dual' && sameLength && window.length <= LARGEST_WINDOW * length;
    const first = lanes[0];
    const same = first !== undefined && lanes.every((lane) => equal(lane.tokens, first.tokens));
    const distinct = same && first ? [first] : lanes;
    const ids = new Int32Array(distinct.length * length).fill(this.options.padToken);
    const positions = new Int32Array(ids.length);
    distinct.forEach((lane, index) => {
      ids.set(lane.tokens, index * length);
      for (let i = 0; i < length; i++) positions[index * length + i] = i;
    });
    const asks = lanes.flatMap((lane, index) =>
      lane.asks.map((ask) => this.rowAsk(lane, ask, (same ? 0 : index) * length + this.rowFor(ask))),
    );
    const { predictions, kv } = await this.forward.run({
      lanes: distinct.length,
      ids,
      positions,
      past: voidKv(this.shape),
      bias: sameLength ? openBias(1, length) : paddingBias(distinct, length),
      asks,
      temperature: options.temperature,
      keep,
    });
    if (keep && kv) {
      const inWindow = new Uint8Array(length);
      const rowOf = new Int32Array(length).fill(-1);
      window.forEach((position, row) => {
        inWindow[position] = 1;
        rowOf[position] = row;
      });
      this.snapshot = {
        lanes: distinct.map((lane) => lane.tokens.slice()),
        laneCount: lanes.length,
        kv,
        window,
        inWindow,
        rowOf,
      };
    }
    return regroup(predictions, lanes);
  }

  private async runWindow(
    snapshot: Snapshot,
    lanes: readonly Lane[],
    options: PredictOptions,
  ): Promise<Prediction[][]> {
    const { window, kv } = snapshot;
    const ids = new Int32Array(lanes.length * window.length);
    const positions = new Int32Array(ids.length);
    lanes.forEach((lane, index) => {
      window.forEach((position, row) => {
        ids[index * window.length + row] = lane.tokens[position] ?? this.options.padToken;
        positions[index * window.length + row] = position;
      });
    });
    const asks = lanes.flatMap((lane, index) =>
      lane.asks.map((ask) =>
        this.rowAsk(lane, ask, index * window.length + (snapshot.rowOf[this.rowFor(ask)] ?? 0)),
      ),
    );
    const { predictions } = await this.forward.run({
      lanes: lanes.length,
      ids,
      positions,
      past: kv,
      // Cached position 0 is the void, so position p of the canvas is cached at p + 1; the window's are stale.
      bias: openBias(
        kv.positions,
        window.length,
        Array.from(window, (position) => position + 1),
      ),
      asks,
      temperature: options.temperature,
      keep: false,
    });
    return regroup(predictions, lanes);
  }

  private rowAsk({ temperature }: Lane, ask: Ask, row: number): RowAsk {
    return { row, bias: ask.bias, target: ask.target, temperature };
  }

  /** Every asked-for position of any lane, and the position that speaks of it. */
  private windowOf(lanes: readonly Lane[], length: number): Int32Array {
    const wanted = new Uint8Array(length);
    for (const lane of lanes) {
      for (const ask of lane.asks) {
        wanted[ask.position] = 1;
        wanted[this.rowFor(ask)] = 1;
      }
    }
    return Int32Array.from(wanted.keys()).filter((position) => wanted[position] === 1);
  }
}

/** Hides the void and the padding behind shorter lanes. */
function paddingBias(lanes: readonly Lane[], length: number): AttentionBias {
  const width = length + 1;
  const data = new Float32Array(lanes.length * width);
  lanes.forEach((lane, index) => {
    data[index * width] = UNSEEN;
    data.fill(UNSEEN, index * width + 1 + lane.tokens.length, (index + 1) * width);
  });
  return { data, lanes: lanes.length, rows: 1 };
}

function equal(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Flat predictions back to one list a lane. */
export function regroup(predictions: readonly Prediction[], lanes: readonly Lane[]): Prediction[][] {
  let at = 0;
  return lanes.map((lane) => {
    const mine = predictions.slice(at, at + lane.asks.length);
    at += lane.asks.length;
    return mine;
  });
}
