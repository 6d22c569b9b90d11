// Full bidirectional families: the whole canvas in, predictions out. In `exact` mode each step is a full forward
// pass; in `dual` mode (Fast-dLLM's dual cache, decoding.md) a full pass writes the K/V of everything, and the
// steps between run the window around the masks alone, against the K/V of the rest as it was. Where masks are denoised in turns,
// the window can move on: one pass over the old and the new one brings their K/V up to date.
import type { Ask, InPlaceDenoiser, Lane, Prediction, PredictOptions } from '../denoiser';
import { EngineError, throwIfCancelled } from '../errors';
import {
  type AttentionBias,
  type Forward,
  type ForwardResult,
  openBias,
  type RowAsk,
  UNSEEN,
} from './forward';
import { equal, placesIn, type Snapshot, shifted, staleUnder } from './inPlaceSnapshot';
import { KvMemory } from './kvMemory';
import { disposeKv, type KvShape, type KvState, voidKv } from './kvState';
import { LaneStack } from './laneStack';

export interface InPlaceOptions {
  /** Whether the logits at position i predict token i + 1. */
  readonly shifted: boolean;
  readonly cache: 'dual' | 'exact';
  /** In `dual` mode: most windowed steps before everything is computed again. */
  readonly refreshEvery: number;
  /** In `dual` mode: whether asking for other or for fewer masks moves the window; otherwise, other ones have everything computed again. */
  readonly movesOn?: boolean;
  /** headSize / 2 rotary frequencies: with `movesOn`, what stands behind an insertion or a deletion keeps its K/V, moved. */
  readonly inverseFrequencies?: ArrayLike<number>;
  /** Fills the end of shorter lanes; nothing sees it. */
  readonly padToken: number;
}

/** A window larger than this fraction of the canvas saves nothing. */
export const LARGEST_WINDOW = 0.6;
/** Tokens of a lane from which on lanes that differ are run one by one. */
export const ALONE_FROM = 128;
/** Where so little of a window is still asked about, the rest of it is left behind. */
const SMALL_WINDOW = 0.5;
/** Slots of K/V for each position of the canvas, above which everything is computed again. */
const MOST_SLOTS = 2;

export class CachedInPlaceDenoiser implements InPlaceDenoiser {
  private snapshot: Snapshot | undefined;
  private stepsSinceRefresh = 0;
  private readonly memory = new KvMemory();

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    private readonly options: InPlaceOptions,
  ) {}

  async predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    throwIfCancelled(options.signal);
    const snapshot = this.shiftedFor(lanes) ?? this.snapshot;
    if (this.options.cache === 'dual' && snapshot && this.canReuse(snapshot, lanes)) {
      this.stepsSinceRefresh++;
      const [lane] = lanes;
      const isWithin = this.asksWithin(snapshot, lanes);
      // Lanes that were the same share their K/V, and would have to be parted.
      if (this.options.movesOn && lane && lanes.length === 1) {
        const window = this.windowOf(lanes, lane.tokens.length);
        if (!isWithin || window.length <= SMALL_WINDOW * snapshot.window.length)
          return this.moveWindow(snapshot, lane, window, options);
      }
      if (isWithin) return this.runWindow(snapshot, lanes, options);
    }
    return this.runAll(lanes, options);
  }

  dispose(): void {
    this.forget();
  }

  private forget(): void {
    for (const kv of this.snapshot?.caches ?? []) disposeKv(kv);
    this.snapshot = undefined;
    this.stepsSinceRefresh = 0;
  }

  private canReuse(snapshot: Snapshot, lanes: readonly Lane[]): boolean {
    if (this.isDue(snapshot) || lanes.length !== snapshot.laneCount) return false;
    return lanes.every(({ tokens }, index) => {
      const then = snapshot.lanes[snapshot.lanes.length === 1 ? 0 : index];
      if (!then || then.length !== tokens.length) return false;
      for (let i = 0; i < tokens.length; i++)
        if (tokens[i] !== then[i] && !snapshot.inWindow[i]) return false;
      return true;
    });
  }

  /** Whether everything is to be computed again, whatever is asked. */
  private isDue({ caches, slotOf }: Snapshot): boolean {
    // What windows left behind is hidden, and costs memory and time all the same.
    const slots = caches[0]?.positions ?? 0;
    return this.stepsSinceRefresh >= this.options.refreshEvery || slots > MOST_SLOTS * slotOf.length;
  }

  /** As long as a pass over one lane keeps the processor busy, several at once take as long, several times the memory, and no Escape between. */
  private isAlone(length: number): boolean {
    return !this.forward.deviceCache && length >= ALONE_FROM;
  }

  private asksWithin({ inWindow }: Snapshot, lanes: readonly Lane[]): boolean {
    const isIn = (ask: Ask) => inWindow[this.rowFor(ask)] === 1 && inWindow[ask.position] === 1;
    return lanes.every(({ asks }) => asks.every(isIn));
  }

  /** Where cells came or went in the window: the snapshot for the new length, which is the one from now on. */
  private shiftedFor(lanes: readonly Lane[]): Snapshot | undefined {
    const { snapshot } = this;
    const [lane] = lanes;
    const { movesOn, inverseFrequencies } = this.options;
    if (!movesOn || !inverseFrequencies || lanes.length !== 1 || snapshot?.laneCount !== 1 || !lane)
      return undefined;
    if (this.isDue(snapshot)) return undefined;
    const next = shifted(snapshot, lane.tokens, this.shape, inverseFrequencies);
    if (next === undefined) return undefined;
    // Both exist for a moment: the old one is read to make the new one.
    for (const kv of snapshot.caches) disposeKv(kv);
    this.snapshot = next;
    return next;
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
    // Where the lanes are one, all that is asked of them is asked of it.
    const asking =
      same && first
        ? [{ ...first, asks: lanes.flatMap((lane) => tempered(lane)) }]
        : lanes.map((lane) => ({ ...lane, asks: tempered(lane) }));
    const { predictions, caches } = await (asking.length > 1 && this.isAlone(length)
      ? this.runOneByOne(asking, keep && !this.isAlone(window.length) ? 'together' : keep, options)
      : this.runTogether(asking, length, keep, options));
    if (caches.length > 0) {
      this.snapshot = {
        lanes: distinct.map((lane) => lane.tokens.slice()),
        laneCount: lanes.length,
        caches,
        window,
        ...placesIn(window, length),
        // Slot 0 is the void.
        slotOf: Int32Array.from({ length }, (_, position) => position + 1),
        stale: [],
      };
    }
    return regroup(predictions, lanes);
  }

  private async runTogether(
    lanes: readonly AskedLane[],
    length: number,
    keep: boolean,
    { temperature }: PredictOptions,
  ): Promise<Passed> {
    const ids = new Int32Array(lanes.length * length).fill(this.options.padToken);
    const positions = new Int32Array(ids.length);
    lanes.forEach((lane, index) => {
      ids.set(lane.tokens, index * length);
      for (let i = 0; i < length; i++) positions[index * length + i] = i;
    });
    const isFull = lanes.every((lane) => lane.tokens.length === length);
    const { predictions, kv } = await this.forward.run({
      lanes: lanes.length,
      ids,
      positions,
      past: voidKv(this.shape),
      bias: isFull ? openBias(1, length) : paddingBias(lanes, length),
      asks: lanes.flatMap(({ asks }, index) =>
        asks.map((ask) => this.rowAsk(ask, index * length + this.rowFor(ask))),
      ),
      temperature,
      keep,
    });
    return { predictions, caches: kv === undefined ? [] : [kv] };
  }

  /** `keep`: whether the K/V is wanted, that of all lanes together where they are going to be run like that. */
  private async runOneByOne(
    lanes: readonly AskedLane[],
    keep: boolean | 'together',
    options: PredictOptions,
  ): Promise<Passed> {
    const predictions: Prediction[] = [];
    const apart: KvState[] = [];
    const stack = keep === 'together' ? new LaneStack(lanes.length, this.shape, this.memory) : undefined;
    try {
      for (const lane of lanes) {
        throwIfCancelled(options.signal);
        const result = await this.runTogether([lane], lane.tokens.length, keep !== false, options);
        predictions.push(...result.predictions);
        for (const kv of result.caches) stack === undefined ? apart.push(kv) : stack.put(kv);
      }
    } catch (error) {
      stack?.dispose();
      for (const kv of apart) disposeKv(kv);
      throw error;
    }
    const together = stack?.taken();
    return { predictions, caches: together === undefined ? apart : [together] };
  }

  private async runWindow(
    snapshot: Snapshot,
    lanes: readonly Lane[],
    options: PredictOptions,
  ): Promise<Prediction[][]> {
    if (lanes.length === 1 || !this.isAlone(snapshot.window.length)) {
      const predictions = await this.runWindowOf(snapshot, snapshot.caches[0], lanes, options);
      return regroup(predictions, lanes);
    }
    const predictions: Prediction[] = [];
    for (const [index, lane] of lanes.entries()) {
      throwIfCancelled(options.signal);
      const kv = snapshot.caches[snapshot.caches.length === 1 ? 0 : index];
      predictions.push(...(await this.runWindowOf(snapshot, kv, [lane], options)));
    }
    return regroup(predictions, lanes);
  }

  private async runWindowOf(
    snapshot: Snapshot,
    kv: KvState | undefined,
    lanes: readonly Lane[],
    { temperature }: PredictOptions,
  ): Promise<readonly Prediction[]> {
    const { window } = snapshot;
    if (kv === undefined) throw new EngineError('internal', 'A window met no cache.');
    const ids = new Int32Array(lanes.length * window.length);
    const positions = new Int32Array(ids.length);
    lanes.forEach((lane, index) => {
      window.forEach((position, row) => {
        ids[index * window.length + row] = lane.tokens[position] ?? this.options.padToken;
        positions[index * window.length + row] = position;
      });
    });
    const asks = lanes.flatMap((lane, index) =>
      tempered(lane).map((ask) =>
        this.rowAsk(ask, index * window.length + (snapshot.rowOf[this.rowFor(ask)] ?? 0)),
      ),
    );
    const { predictions } = await this.forward.run({
      lanes: lanes.length,
      ids,
      positions,
      past: kv,
      bias: openBias(kv.positions, window.length, staleUnder(snapshot, window)),
      asks,
      temperature,
      keep: false,
    });
    return predictions;
  }

  /** Runs the old window and the new one, whose K/V then lies behind the rest, and hides what it was before. */
  private async moveWindow(
    snapshot: Snapshot,
    lane: Lane,
    window: Int32Array,
    options: PredictOptions,
  ): Promise<Prediction[][]> {
    const { tokens } = lane;
    const positions = Int32Array.from(new Set([...snapshot.window, ...window])).sort();
    const { rowOf } = placesIn(positions, tokens.length);
    const stale = staleUnder(snapshot, positions);
    const [past] = snapshot.caches;
    if (past === undefined) throw new EngineError('internal', 'A window met no cache.');
    const { predictions, kv } = await this.forward.run({
      lanes: 1,
      ids: positions.map((position) => tokens[position] ?? this.options.padToken),
      positions,
      past,
      bias: openBias(past.positions, positions.length, stale),
      asks: tempered(lane).map((ask) => this.rowAsk(ask, rowOf[this.rowFor(ask)] ?? 0)),
      temperature: options.temperature,
      keep: true,
    });
    if (kv) {
      const slotOf = snapshot.slotOf.slice();
      positions.forEach((position, row) => {
        slotOf[position] = past.positions + row;
      });
      const places = placesIn(window, tokens.length);
      this.snapshot = {
        lanes: [tokens.slice()],
        laneCount: 1,
        caches: [kv],
        window,
        ...places,
        slotOf,
        stale,
      };
      disposeKv(past);
    }
    return regroup(predictions, [lane]);
  }

  private rowAsk({ bias, target, temperature }: TemperedAsk, row: number): RowAsk {
    return { row, bias, target, temperature };
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

interface Passed extends Pick<ForwardResult, 'predictions'> {
  /** Of all lanes together, or of each by itself; empty where nobody wants it. */
  readonly caches: readonly KvState[];
}

type TemperedAsk = Ask & { readonly temperature: number | undefined };
type AskedLane = Pick<Lane, 'tokens'> & { readonly asks: readonly TemperedAsk[] };

function tempered({ asks, temperature }: Lane): readonly TemperedAsk[] {
  return asks.map((ask) => ({ ...ask, temperature }));
}

/** Hides the void and the padding behind shorter lanes. */
function paddingBias(lanes: readonly Pick<Lane, 'tokens'>[], length: number): AttentionBias {
  const width = length + 1;
  const data = new Float32Array(lanes.length * width);
  lanes.forEach((lane, index) => {
    data[index * width] = UNSEEN;
    data.fill(UNSEEN, index * width + 1 + lane.tokens.length, (index + 1) * width);
  });
  return { data, lanes: lanes.length, rows: 1 };
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
