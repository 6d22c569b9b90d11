// The K/V of what stands around a hole, one way for each kind of family; cachedBlockDenoiser.ts denoises against it.
import type { HoleContext, Rescored, RescoreRequest } from '../denoiser';
import { throwIfCancelled } from '../errors';
import { DEFAULT_CHUNK } from '../graph/memory';
import { ContextCache, commonPrefix, type Encoding } from './contextCache';
import { encodeBehind, type Forward, openBias, shapedBias } from './forward';
import { disposeKv, type HostKv, joinKv, type KvShape, type KvState } from './kvState';

export interface EncodedContext {
  /** Owned by the encoder: valid until the next `encode` or `dispose`. */
  readonly kv: KvState;
  /** Position of the first block's first token. */
  readonly basePosition: number;
  /** Tokens that the first block begins with. */
  readonly lead: Int32Array;
  /** The token before the first block, which a shifted model reads to predict the block's first. */
  readonly previous: number | undefined;
  /** Whether `kv` is still without that token. */
  readonly isBehind?: boolean;
}

/** What the causal head reads on from. */
export interface Behind {
  /** The K/V of everything that an answer sees. */
  readonly kv: KvState;
  /** The token in front of the answer, which predicts its first one. */
  readonly token: number;
  readonly position: number;
  /** Where in `kv` that token's own K/V is; absent: it is not there. */
  readonly index?: number;
}

/** Where an answer is read, and the tokens that follow it there, at least one. */
export interface Reading {
  readonly behind: Behind;
  readonly after: Int32Array;
}

/** What engine/rescoring/rescore.ts does. */
type Rescorer = (
  forward: Forward,
  first: Reading,
  request: RescoreRequest,
  plain?: Reading,
) => Promise<Rescored[]>;

export interface ContextEncoder {
  encode(context: HoleContext, signal?: AbortSignal): Promise<EncodedContext>;
  /** Of a family whose causal head reads on across the hole. Undefined where nothing follows it. */
  rescore?(context: HoleContext, request: RescoreRequest): Promise<Rescored[] | undefined>;
  dispose(): void;
}

/** Absolute blocks from position 0: whole blocks of the prompt are cached, its tail shares the first new block. */
export class BlockCausalContext implements ContextEncoder {
  private readonly cache: ContextCache;

  constructor(
    forward: Forward,
    shape: KvShape,
    private readonly blockLength: number,
  ) {
    this.cache = new ContextCache(forward, shape, blockLength);
  }

  async encode({ before, run, onRead }: HoleContext, signal?: AbortSignal): Promise<EncodedContext> {
    const whole = before.length - (before.length % this.blockLength);
    const kv = await this.cache.encode(before.subarray(0, whole), 0, { signal, run, onRead });
    return {
      kv,
      basePosition: whole,
      lead: before.slice(whole),
      previous: whole > 0 ? before[whole - 1] : undefined,
    };
  }

  dispose(): void {
    this.cache.dispose();
  }
}

/** How the suffix of a model is numbered that goes on from an autoregressive one. */
export interface SuffixFirst {
  /** Position of the prefix's first token: the suffix takes the positions in front of it. */
  readonly origin: number;
  /** Token that opens an answer. */
  readonly hole: number;
  /** Token that closes one. */
  readonly end: number;
  /** Whether the hole token is run by who reads on from it, token by token; absent: with the context. */
  readonly isRunLater?: boolean;
}

export interface CanvasContextOptions {
  readonly holeGap: number;
  readonly suffixSeesPrefix: boolean;
  /** Absent: the suffix begins `holeGap` positions behind the prefix's end. */
  readonly suffixFirst?: SuffixFirst;
  /** [headSize / 2], as the graph's rotary uses them. */
  readonly inverseFrequencies: ArrayLike<number>;
  /** Absent: nothing is rescored. */
  readonly rescorer?: Rescorer;
}

/**
 * Cached canvases (the embedded model): prefix and suffix are both causal and both in the cache. Where the suffix does not
 * see the prefix, its K/V is kept while the prefix grows, and its keys are moved by a rotation.
 */
export class CanvasContext implements ContextEncoder {
  private readonly prefix: ContextCache;
  private readonly suffix: ContextCache;
  private joined:
    | { readonly before: Int32Array; readonly after: Int32Array; readonly kv: KvState }
    | undefined;

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    private readonly options: CanvasContextOptions,
  ) {
    this.prefix = new ContextCache(forward, shape, 1);
    this.suffix = new ContextCache(forward, shape, 1);
  }

  async encode({ before, after, run, onRead }: HoleContext, signal?: AbortSignal): Promise<EncodedContext> {
    const { suffixFirst } = this.options;
    const origin = suffixFirst?.origin ?? 0;
    const behind = origin + before.length;
    const lead = new Int32Array(0);
    const rest = suffixFirst
      ? {
          basePosition: behind + 1,
          lead,
          previous: suffixFirst.hole,
          isBehind: suffixFirst.isRunLater === true,
        }
      : { basePosition: behind, lead, previous: before.at(-1) };
    if (this.joined && same(this.joined.before, before) && same(this.joined.after, after)) {
      return { kv: this.joined.kv, ...rest };
    }
    this.forget();
    const share = before.length / Math.max(1, before.length + after.length);
    const prefix = await this.prefix.encode(before, origin, {
      ...{ signal, run },
      onRead: (done) => onRead?.(done * share),
    });
    const runsHole = suffixFirst !== undefined && suffixFirst.isRunLater !== true;
    if (after.length === 0 && !runsHole) return { kv: prefix, ...rest };
    const sides = after.length === 0 ? prefix : await this.bothSides(prefix, after, behind, { signal, run });
    const kv = runsHole ? await this.openHole(sides, suffixFirst.hole, behind, prefix) : sides;
    this.joined = { before: before.slice(), after: after.slice(), kv };
    return { kv, ...rest };
  }

  async rescore(
    { before, after, run }: HoleContext,
    request: RescoreRequest,
  ): Promise<Rescored[] | undefined> {
    const { rescorer, suffixFirst } = this.options;
    if (!rescorer || before.length === 0) return undefined;
    if (suffixFirst) {
      // The hole token has seen the suffix: what follows an answer is its end.
      const { kv, basePosition, isBehind } = await this.encode({ before, after, run }, request.signal);
      const own = isBehind ? {} : { index: kv.positions - 1 };
      const behind = { kv, token: suffixFirst.hole, position: basePosition - 1, ...own };
      const closed = { behind, after: Int32Array.of(suffixFirst.end) };
      if (after.length === 0) return rescorer(this.forward, closed, request);
      return rescorer(this.forward, closed, request, await this.plain(before, after, { ...request, run }));
    }
    if (after.length === 0) return undefined;
    return rescorer(this.forward, await this.plain(before, after, { ...request, run }), request);
  }

  /** As plain text, of which what stands behind the hole is no part. */
  private async plain(before: Int32Array, after: Int32Array, { signal, run }: Encoding): Promise<Reading> {
    const origin = this.options.suffixFirst?.origin ?? 0;
    const kv = await this.prefix.encode(before, origin, { signal, run });
    const token = before.at(-1) ?? 0;
    return { behind: { kv, token, position: origin + before.length - 1, index: before.length }, after };
  }

  /** The K/V of prefix and suffix; the prefix ends in front of position `behind`. */
  private async bothSides(
    prefix: KvState,
    after: Int32Array,
    behind: number,
    how: Encoding,
  ): Promise<KvState> {
    const { suffixFirst, holeGap } = this.options;
    const start = suffixFirst ? suffixFirst.origin - after.length : behind + holeGap;
    // Where the caches are on a device, the prefix is not as long as it is empty: its location alone does not tell.
    const isApart = prefix.location === 'host' && !this.forward.deviceCache && !this.options.suffixSeesPrefix;
    return isApart
      ? this.joinSuffix(prefix, after, start, how)
      : this.encodeSuffix(prefix, after, start, how);
  }

  /** Both sides and, behind them, the hole token, which sees both. `sides` is used up, unless it is the prefix itself. */
  private async openHole(sides: KvState, hole: number, position: number, prefix: KvState): Promise<KvState> {
    try {
      const bias = openBias(sides.positions, 1);
      return await encodeBehind(this.forward, sides, Int32Array.of(hole), position, bias);
    } finally {
      if (sides !== prefix) disposeKv(sides);
    }
  }

  dispose(): void {
    this.forget();
    this.prefix.dispose();
    this.suffix.dispose();
  }

  private forget(): void {
    disposeKv(this.joined?.kv);
    this.joined = undefined;
  }

  /** The suffix from its own cache, encoded where it first stood and moved to where it stands now. */
  private async joinSuffix(prefix: HostKv, after: Int32Array, start: number, how: Encoding) {
    const first = this.suffix.start === 0 ? start : this.suffix.start;
    const encoded = (await this.suffix.encode(after, first, how)) as HostKv;
    return joinKv(
      [{ kv: prefix }, { kv: encoded, from: 1, move: start - first }],
      this.shape,
      encoded.memory,
      this.options.inverseFrequencies,
    );
  }

  /** The suffix run behind the prefix's K/V, which it sees or does not. */
  private async encodeSuffix(
    prefix: KvState,
    after: Int32Array,
    start: number,
    { signal, run = DEFAULT_CHUNK }: Encoding,
  ) {
    let kv = prefix;
    try {
      for (let at = 0; at < after.length; at += run) {
        throwIfCancelled(signal);
        const longer = await this.runBehind(prefix, kv, after.slice(at, at + run), start + at);
        if (kv !== prefix) disposeKv(kv);
        kv = longer;
      }
    } catch (error) {
      // What was encoded so far belongs to nobody yet.
      if (kv !== prefix) disposeKv(kv);
      throw error;
    }
    return kv;
  }

  /** One run of suffix tokens, the first of them at position `start`, behind `past`. */
  private runBehind(prefix: KvState, past: KvState, part: Int32Array, start: number): Promise<KvState> {
    const bias = shapedBias(
      past.positions,
      part.length,
      (query, key) => key <= query,
      (position) => !this.options.suffixSeesPrefix && position < prefix.positions,
    );
    return encodeBehind(this.forward, past, part, start, bias);
  }
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && commonPrefix(a, b) === a.length;
}
