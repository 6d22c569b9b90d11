// A causal model that goes from left to right, as blocks of one token: the token before is run once, against the cache
// of everything earlier, and says what comes next. That is one forward pass a token, or fewer where the text repeats itself.
import type { BlockDenoiser, HoleContext, Lane, Prediction, PredictOptions } from '../denoiser';
import { EngineError, throwIfCancelled } from '../errors';
import { ContextCache } from './contextCache';
import { DraftLength } from './draftLength';
import { type Foresight, foreseen, readAhead, written } from './foresight';
import { type Forward, type RowAsk, shapedBias } from './forward';
import { regroup } from './inPlaceDenoiser';
import { disposeKv, joinKv, type KvShape, type KvState } from './kvState';
import { MaskDrafts } from './maskDrafts';
import { Recall } from './recall';

export interface AutoregressiveOptions {
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** Begins a text that has nothing before the answer. */
  readonly opening: number;
  /** Milliseconds of a pass over so many tokens behind so many, where that is known. */
  readonly millisOf?: (length: number, past: number) => number | undefined;
  /** Of a model with an adapter: the token that stands for its masks, and most of them in one pass. */
  readonly masks?: { readonly token: number; readonly most: number };
}

/** K/V of all tokens but each lane's last one, unless that was read ahead. */
interface Settled {
  readonly kv: KvState;
  /** Whose K/V the rows of `kv` are; one row serves all lanes as long as they hold the same tokens. */
  readonly rows: readonly number[] | 'shared';
  /** The context's own K/V belongs to its cache. */
  readonly isOwn: boolean;
  /** Position of the last tokens. */
  readonly position: number;
  /** Token by lane. */
  readonly last: ReadonlyMap<number, number>;
  /** `kv` holds the last token and those of it. */
  readonly foresight?: Foresight | undefined;
  /** Tokens that agreed before the next one of it, where it was recalled. */
  readonly matchLength?: number | undefined;
  /** How many of what the masks drafted were written, where the rest of it is the foresight. */
  readonly depth?: number | undefined;
}

/** K/V with the last tokens, and whose they are. */
interface Run {
  readonly kv: KvState;
  readonly rows: readonly number[] | 'shared';
}

export class AutoregressiveDenoiser implements BlockDenoiser {
  readonly blockLength = 1;
  private readonly cache: ContextCache;
  private settled: Settled | undefined;
  private run: Run | undefined;
  /** Of the one lane that there is. */
  private recall: Recall | undefined;
  private readonly draftLength: DraftLength;
  /** Of the one lane that there is, where the model has masks. */
  private drafts: MaskDrafts | undefined;
  /** Positions of the cache behind an answer. */
  private room = 0;
  /** What was recalled and was not worth reading ahead. */
  private skipped: { readonly token: number; readonly matchLength: number } | undefined;

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    private readonly options: AutoregressiveOptions,
  ) {
    this.cache = new ContextCache(forward, shape, 1);
    this.draftLength = new DraftLength(this.costOf);
  }

  get maxBlocks(): number {
    return this.options.maxTokens;
  }

  async open(
    { before, standing, most = 0, run, onRead }: HoleContext,
    lanes: number,
    signal?: AbortSignal,
  ): Promise<{ readonly lead: Int32Array }> {
    this.forget();
    const position = Math.max(0, before.length - 1);
    const kv = await this.cache.encode(before.subarray(0, position), 0, { signal, run, onRead });
    const last = before.at(-1) ?? this.options.opening;
    this.skipped = undefined;
    this.room = kv.positions + Math.min(most, this.maxBlocks);
    // A cache on a device cannot be cut: what was read ahead for nothing would stay.
    const isAlone = lanes === 1 && !this.forward.deviceCache;
    this.recall = isAlone ? new Recall(before, standing) : undefined;
    this.drafts = isAlone ? this.newDrafts() : undefined;
    this.settled = {
      kv,
      rows: 'shared',
      isOwn: false,
      position,
      last: new Map(Array.from({ length: lanes }, (_, lane) => [lane, last])),
    };
    return { lead: new Int32Array(0) };
  }

  async predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    throwIfCancelled(options.signal);
    const { foresight } = this.need();
    const known = foresight && foreseen(foresight, lanes);
    return regroup(known ?? (await this.runLast(lanes, options.temperature)), lanes);
  }

  async commit(
    blocks: readonly Int32Array[],
    lanes: readonly number[] = blocks.map((_, index) => index),
    signal?: AbortSignal,
  ): Promise<void> {
    throwIfCancelled(signal);
    const { foresight } = this.need();
    const last = new Map(lanes.map((lane, index) => [lane, blocks[index]?.[0] ?? 0]));
    const [token] = last.values();
    if (token !== undefined) this.recall?.write(token);
    // What is not read ahead any more may be written again all the same.
    if (this.skipped) this.draftLength.learn(this.skipped.matchLength, this.skipped.token === token);
    this.skipped = undefined;
    if (foresight !== undefined) {
      this.goOn(foresight, last);
      return;
    }
    // Where nothing was asked (what stands there was locked) the last tokens are not in the cache yet.
    if (!this.run) await this.runLast([], 0);
    const { run, settled } = this;
    if (!run || !settled) throw new EngineError('internal', 'The forward pass gave no K/V.');
    this.run = undefined;
    this.forget();
    this.drafts?.goOn();
    this.settled = { ...run, isOwn: true, position: settled.position + 1, last };
  }

  /** Ends a request: of what it wrote nothing is kept, of what stands around it everything. */
  close(): void {
    this.forget();
    this.recall = undefined;
    this.drafts = undefined;
  }

  dispose(): void {
    this.forget();
    this.cache.dispose();
  }

  /** Runs the last token of every lane, asked about or not; what it says comes back, and the K/V with it is kept. */
  private async runLast(lanes: readonly Lane[], temperature: number): Promise<readonly Prediction[]> {
    const settled = this.withoutForesight();
    const { last, position } = settled;
    const areSame = settled.rows === 'shared' && new Set(last.values()).size === 1;
    const { kv, rows, isCut } = this.rowsFor(settled, [...last.keys()]);
    const shown = areSame ? rows.slice(0, 1) : rows;
    const rowOf = (lane: number): number => (areSame ? 0 : Math.max(0, rows.indexOf(lane)));
    const { recall, drafts } = this;
    let matchLength: number | undefined;
    let depth: number | undefined;
    const drafted = drafts?.take() ?? [];
    const recalled = (): readonly number[] => {
      const found = recall?.next();
      const [token] = found?.tokens ?? [];
      const read = found?.tokens.slice(0, this.draftLength.for(found.matchLength, found.tokens.length)) ?? [];
      if (drafted.length > read.length) {
        depth = 0;
        return drafted;
      }
      if (found === undefined) return [];
      matchLength = found.matchLength;
      this.skipped = read.length > 0 || token === undefined ? undefined : { token, matchLength };
      return read;
    };
    const further = recall && readAhead(lanes, last.size, recalled);
    const ahead = further?.tokens ?? [];
    const masks = this.masksBehind(lanes, last.size);
    const read = 1 + ahead.length;
    const width = read + masks.length;
    const asks = lanes.flatMap(({ lane, asks, temperature }, index) =>
      asks.map(({ bias, target }) => ({ row: rowOf(lane ?? index), bias, target, temperature })),
    );
    try {
      const result = await this.forward.run({
        lanes: shown.length,
        ids: Int32Array.from(
          shown.flatMap((lane) => [last.get(lane) ?? 0, ...ahead, ...masks.map(({ token }) => token)]),
        ),
        positions: Int32Array.from({ length: shown.length * width }, (_, at) => position + (at % width)),
        past: kv,
        bias: shapedBias(kv.positions, width, (query, key) => key <= query),
        asks: [...(further?.asks ?? asks), ...masks.map(({ ask }, place) => ({ ...ask, row: read + place }))],
        temperature,
        keep: true,
        room: this.room,
        ...(masks.length > 0
          ? { adapted: Uint8Array.from({ length: width }, (_, at) => (at < read ? 0 : 1)), kept: read }
          : {}),
      });
      if (!result.kv) throw new EngineError('internal', 'The forward pass gave no K/V.');
      const run: Run = { kv: result.kv, rows: areSame ? 'shared' : rows };
      const found = result.predictions.slice(0, result.predictions.length - masks.length);
      drafts?.put(result.predictions.slice(found.length).flatMap(({ ids }) => ids[0] ?? []));
      if (further === undefined) {
        disposeKv(this.run?.kv);
        this.run = run;
        return found;
      }
      this.forget();
      this.settled = {
        ...run,
        isOwn: true,
        position,
        last,
        foresight: { ...further, found },
        matchLength,
        depth,
      };
      return found.slice(0, 1);
    } finally {
      if (isCut) disposeKv(kv);
    }
  }

  /** Masks behind a pass for one lane that is asked about one place, and what is asked of each. */
  private masksBehind(
    lanes: readonly Lane[],
    owners: number,
  ): readonly { readonly token: number; readonly ask: Omit<RowAsk, 'row'> }[] {
    const [lane] = lanes;
    const [ask] = lane?.asks ?? [];
    const { masks } = this.options;
    if (masks === undefined || ask === undefined || owners !== 1 || lane?.asks.length !== 1) return [];
    const { bias, biasAhead = bias } = ask;
    return Array.from({ length: this.drafts?.next() ?? 0 }, () => ({
      token: masks.token,
      ask: { bias: biasAhead, temperature: lane.temperature },
    }));
  }

  /** The one lane goes on with its token: as it was read ahead, or else without what was. */
  private goOn(foresight: Foresight, last: Settled['last']): void {
    const settled = this.need();
    const [token] = last.values();
    const left = token === undefined ? undefined : written(foresight, token);
    const position = settled.position + 1;
    const { matchLength, depth } = settled;
    if (foresight.tokens.length > 0) {
      if (matchLength !== undefined) this.draftLength.learn(matchLength, left !== undefined);
      if (depth !== undefined) this.drafts?.learn(depth, left !== undefined);
      // Masks behind a token that is not written say what follows that one.
      if (left === undefined) this.drafts?.put([]);
    } else this.drafts?.goOn();
    if (left === undefined) this.settled = { ...this.cutBy(foresight.tokens.length), position, last };
    else {
      const next = (count: number | undefined) => (count === undefined ? undefined : count + 1);
      const counts = { matchLength: next(matchLength), depth: next(depth) };
      this.settled = { ...settled, position, last, foresight: left, ...counts };
    }
  }

  /** The same before the last token was run, where more than that was read. */
  private withoutForesight(): Settled {
    const { foresight } = this.need();
    if (foresight !== undefined) this.settled = this.cutBy(1 + foresight.tokens.length);
    return this.need();
  }

  /** Without the last positions of its K/V, and without foresight. */
  private cutBy(positions: number): Settled {
    const { foresight: _, matchLength: __, depth: ___, kv, ...settled } = this.need();
    if (positions === 0 || kv.location === 'device') return { ...settled, kv };
    const cut = joinKv([{ kv, to: kv.positions - positions }], this.shape, kv.memory);
    disposeKv(kv);
    return { ...settled, kv: cut };
  }

  /** The K/V of the named lanes. A device cache cannot be cut: all of its rows run, and the others are ignored. */
  private rowsFor(
    settled: Settled,
    lanes: readonly number[],
  ): { readonly kv: KvState; readonly rows: readonly number[]; readonly isCut: boolean } {
    const { kv, rows } = settled;
    if (rows === 'shared') return { kv, rows: lanes, isCut: false };
    if (kv.location === 'device' || rows.join() === lanes.join()) return { kv, rows, isCut: false };
    const indices = lanes.map((lane) => rows.indexOf(lane));
    return { kv: joinKv([{ kv, lanes: indices }], this.shape, kv.memory), rows: lanes, isCut: true };
  }

  private readonly costOf = (width: number): number | undefined =>
    this.options.millisOf?.(width, this.settled?.kv.positions ?? 1);

  private newDrafts(): MaskDrafts | undefined {
    const { masks } = this.options;
    return masks && new MaskDrafts(masks.most, this.costOf);
  }

  private need(): Settled {
    if (!this.settled) throw new EngineError('internal', 'A block was run before its context was opened.');
    return this.settled;
  }

  private forget(): void {
    if (this.settled?.isOwn) disposeKv(this.settled.kv);
    this.settled = undefined;
    disposeKv(this.run?.kv);
    this.run = undefined;
  }
}
