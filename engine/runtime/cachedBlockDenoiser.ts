// Block by block over an exact K/V cache: a denoise step runs the current block alone, against everything that is
// settled; a finished block's K/V is written once (models.md, Stable-DiffCoder).
import type {
  BlockDenoiser,
  HoleContext,
  Lane,
  Prediction,
  PredictOptions,
  Rescored,
  RescoreRequest,
} from '../denoiser';
import { EngineError, throwIfCancelled } from '../errors';
import { type Foresight, foreseen, readAhead, written } from './foresight';
import { type AttentionBias, type Forward, openBias, shapedBias } from './forward';
import type { ContextEncoder } from './holeContext';
import { regroup } from './inPlaceDenoiser';
import { disposeKv, joinKv, type KvShape, type KvState } from './kvState';

export interface BlockOptions {
  readonly blockLength: number;
  readonly maxBlocks: number;
  readonly shifted: boolean;
  /** Whether a token of a finished block sees only those before it, as text does; absent: each other both ways. */
  readonly causalBlocks?: boolean;
}

interface Settled {
  readonly kv: KvState;
  /** Whose K/V the rows of `kv` are; one row serves every lane as long as no block has been committed. */
  readonly lanes: readonly number[] | 'shared';
  readonly basePosition: number;
  /** The token before the block, by lane number. */
  readonly previous: ReadonlyMap<number, number>;
  /** Whether `kv` is still without `previous`: where that predicts the next token anyway, one pass does both. */
  readonly isBehind: boolean;
  /** `kv` holds its tokens behind `previous`. */
  readonly foresight?: Foresight;
}

export class CachedBlockDenoiser implements BlockDenoiser {
  private settled: Settled | undefined;
  private context: HoleContext | undefined;
  /** Positions of the cache behind an answer. */
  private room = 0;
  private subset: { readonly key: string; readonly of: KvState; readonly kv: KvState } | undefined;

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    private readonly encoder: ContextEncoder,
    private readonly options: BlockOptions,
  ) {}

  get blockLength(): number {
    return this.options.blockLength;
  }
  get maxBlocks(): number {
    return this.options.maxBlocks;
  }

  async open(
    context: HoleContext,
    lanes: number,
    signal?: AbortSignal,
  ): Promise<{ readonly lead: Int32Array }> {
    this.forget();
    const { kv, basePosition, lead, previous, isBehind = false } = await this.encoder.encode(context, signal);
    const tokens = new Map<number, number>();
    if (previous !== undefined) for (let lane = 0; lane < lanes; lane++) tokens.set(lane, previous);
    this.settled = { kv, lanes: 'shared', basePosition, previous: tokens, isBehind };
    this.context = context;
    this.room = kv.positions + Math.min(context.most ?? 0, this.maxBlocks * this.blockLength);
    return { lead };
  }

  async predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    throwIfCancelled(options.signal);
    const settled = this.need();
    if (settled.isBehind) return regroup(await this.catchUp(settled, lanes, options.temperature), lanes);
    const known = settled.foresight && foreseen(settled.foresight, lanes);
    if (known) return regroup(known, lanes);
    return this.run(this.withoutForesight(settled), lanes, options);
  }

  private async run(
    settled: Settled,
    lanes: readonly Lane[],
    options: PredictOptions,
  ): Promise<Prediction[][]> {
    const numbers = lanes.map((lane, index) => lane.lane ?? index);
    const { kv, rows } = this.rowsFor(settled, numbers);
    const lead = this.options.shifted && settled.previous.size > 0 ? 1 : 0;
    // The token before the block sees nothing of it: it runs alone where only what it predicts is asked for.
    const isAlone = lead === 1 && lanes.every(({ asks }) => asks.every(({ position }) => position === 0));
    const width = lead + (isAlone ? 0 : (lanes[0]?.tokens.length ?? this.blockLength));
    const ids = new Int32Array(rows.length * width);
    rows.forEach((lane, row) => {
      const mine = lanes[numbers.indexOf(lane)];
      if (lead) ids[row * width] = settled.previous.get(lane) ?? 0;
      if (mine && !isAlone) ids.set(mine.tokens, row * width + lead);
    });
    const asks = lanes.flatMap((lane, index) => {
      const row = rows.indexOf(numbers[index] ?? index) * width;
      return lane.asks.map((ask) => {
        const at = lead + ask.position - (this.options.shifted ? 1 : 0);
        const { temperature } = lane;
        return { row: row + Math.max(0, at), bias: ask.bias, target: ask.target, temperature };
      });
    });
    const { predictions } = await this.forward.run({
      lanes: rows.length,
      ids,
      positions: this.positions(settled.basePosition - lead, width, rows.length),
      past: kv,
      bias: lead ? leadBias(kv.positions, width) : openBias(kv.positions, width),
      asks,
      temperature: options.temperature,
      keep: false,
    });
    return regroup(predictions, lanes);
  }

  async commit(
    blocks: readonly Int32Array[],
    lanes: readonly number[] = blocks.map((_, index) => index),
    signal?: AbortSignal,
  ): Promise<void> {
    throwIfCancelled(signal);
    // Where nothing was asked of the token before (what stands behind it was locked), it is not in the cache yet.
    if (this.need().isBehind) await this.catchUp(this.need(), [], 0);
    if (this.writeForeseen(blocks, lanes)) return;
    const settled = this.withoutForesight(this.need());
    const { kv, rows } = this.rowsFor(settled, lanes);
    if (this.goesTokenByToken) {
      if (kv !== settled.kv) {
        // The cut is what goes on, and no longer a cut of anything.
        this.subset = undefined;
        disposeKv(settled.kv);
      }
      const previous = new Map(rows.map((lane) => [lane, blocks[lanes.indexOf(lane)]?.[0] ?? 0]));
      const basePosition = settled.basePosition + 1;
      const owners = settled.lanes === 'shared' ? 'shared' : rows;
      this.settled = { kv, lanes: owners, basePosition, previous, isBehind: true };
      return;
    }
    const ids = new Int32Array(rows.length * this.blockLength);
    const previous = new Map<number, number>();
    rows.forEach((lane, row) => {
      const block = blocks[lanes.indexOf(lane)];
      if (!block) return;
      ids.set(block, row * this.blockLength);
      previous.set(lane, block[this.blockLength - 1] ?? 0);
    });
    const result = await this.forward.run({
      lanes: rows.length,
      ids,
      positions: this.positions(settled.basePosition, this.blockLength, rows.length),
      past: kv,
      bias: this.options.causalBlocks
        ? shapedBias(kv.positions, this.blockLength, (query, key) => key <= query)
        : openBias(kv.positions, this.blockLength),
      asks: [],
      temperature: 0,
      keep: true,
      room: this.room,
    });
    if (!result.kv) throw new EngineError('internal', 'The forward pass gave no K/V.');
    this.forget();
    this.settled = {
      kv: result.kv,
      lanes: rows,
      basePosition: settled.basePosition + this.blockLength,
      previous,
      isBehind: false,
    };
  }

  async rescore(request: RescoreRequest): Promise<Rescored[] | undefined> {
    throwIfCancelled(request.signal);
    return this.context && this.encoder.rescore?.(this.context, request);
  }

  /** Ends a request: of what it wrote nothing is kept, of what stands around it everything. */
  close(): void {
    this.forget();
  }

  dispose(): void {
    this.forget();
    this.encoder.dispose();
  }

  /** A block of one that text is written in: the token before it is in the cache, or says what comes next, or both. */
  private get goesTokenByToken(): boolean {
    return this.blockLength === 1 && this.options.shifted && this.options.causalBlocks === true;
  }

  /** Runs the token before of every lane, asked about or not, and keeps its K/V. */
  private async catchUp(
    { kv, lanes: owners, basePosition, previous }: Settled,
    lanes: readonly Lane[],
    temperature: number,
  ): Promise<readonly Prediction[]> {
    const rows = owners === 'shared' ? [...previous.keys()] : owners;
    // A cache on a device cannot be cut: what was read ahead for nothing would stay.
    const further = this.forward.deviceCache ? undefined : readAhead(lanes, rows.length);
    const ahead = further?.tokens ?? [];
    const width = 1 + ahead.length;
    const asks =
      further?.asks ??
      lanes.flatMap((lane, index) =>
        lane.asks.map(({ bias, target }) => {
          const row = rows.indexOf(lane.lane ?? index);
          return { row, bias, target, temperature: lane.temperature };
        }),
      );
    const result = await this.forward.run({
      lanes: rows.length,
      ids: Int32Array.from(rows.flatMap((row) => [previous.get(row) ?? 0, ...ahead])),
      positions: this.positions(basePosition - 1, width, rows.length),
      past: kv,
      bias: shapedBias(kv.positions, width, (query, key) => key <= query),
      asks,
      temperature,
      keep: true,
      room: this.room,
    });
    if (!result.kv) throw new EngineError('internal', 'The forward pass gave no K/V.');
    this.forget();
    const settled = { kv: result.kv, lanes: rows, basePosition, previous, isBehind: false };
    if (further === undefined) {
      this.settled = settled;
      return result.predictions;
    }
    this.settled = { ...settled, foresight: { ...further, found: result.predictions } };
    return result.predictions.slice(0, 1);
  }

  /** Whether the one lane there is goes on as it was read ahead: then its K/V is there. */
  private writeForeseen(blocks: readonly Int32Array[], lanes: readonly number[]): boolean {
    const settled = this.need();
    const [token] = blocks[0] ?? [];
    const [lane] = lanes;
    if (settled.foresight === undefined || token === undefined || lane === undefined) return false;
    const foresight = written(settled.foresight, token);
    if (foresight === undefined) return false;
    const basePosition = settled.basePosition + 1;
    this.settled = { ...settled, basePosition, previous: new Map([[lane, token]]), foresight };
    return true;
  }

  /** The same with nothing behind what is written. */
  private withoutForesight(settled: Settled): Settled {
    const { foresight, kv, ...rest } = settled;
    if (foresight === undefined) return settled;
    const { length } = foresight.tokens;
    if (length === 0 || kv.location === 'device') this.settled = { ...rest, kv };
    else {
      const cut = joinKv([{ kv, to: kv.positions - length }], this.shape, kv.memory);
      this.forget();
      this.settled = { ...rest, kv: cut };
    }
    return this.settled;
  }

  private forget(): void {
    if (this.settled && this.settled.lanes !== 'shared') disposeKv(this.settled.kv);
    this.settled = undefined;
    disposeKv(this.subset?.kv);
    this.subset = undefined;
  }

  private need(): Settled {
    if (!this.settled) throw new EngineError('internal', 'A block was run before its context was opened.');
    return this.settled;
  }

  /**
   * The K/V for the named lanes and which lane each of its rows is. A device cache cannot be cut by lanes: all of
   * its rows run, and those that nobody asked for are ignored.
   */
  private rowsFor(settled: Settled, lanes: readonly number[]): { kv: KvState; rows: readonly number[] } {
    if (settled.lanes === 'shared') return { kv: settled.kv, rows: lanes };
    const { kv, lanes: rows } = settled;
    if (kv.location === 'device' || rows.join() === lanes.join()) return { kv, rows };
    const key = lanes.join();
    if (this.subset?.key !== key || this.subset.of !== kv) {
      disposeKv(this.subset?.kv);
      const indices = lanes.map((lane) => rows.indexOf(lane));
      this.subset = { key, of: kv, kv: joinKv([{ kv, lanes: indices }], this.shape, kv.memory) };
    }
    return { kv: this.subset.kv, rows: lanes };
  }

  private positions(start: number, width: number, lanes: number): Int32Array {
    return Int32Array.from({ length: lanes * width }, (_, index) => start + (index % width));
  }
}

/**
 * With the token before the block in front, which a shifted model reads: that token sees only the past, where its
 * own K/V is already, and nothing of the block; the block does not see it twice.
 */
function leadBias(past: number, width: number): AttentionBias {
  return shapedBias(past, width, (query, key) => key > 0 && query > 0);
}
