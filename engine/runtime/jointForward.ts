// One session that several requests use at a time: what they ask for while a pass runs is one pass, where it is a denoise step of
// each. Reading weights is most of what a step over a few tokens costs, and a joint pass reads them once. Requests stay apart
// otherwise: each has its K/V, its text, its number of steps, and nobody waits for a pass that was not asked for
// yet (continuous batching, as in Orca, Yu et al. 2022).
import { cancelled, toEngineError } from '../errors';
import { giveTurn } from '../turn';
import { type Forward, type ForwardRequest, type ForwardResult, type RowAsk, UNSEEN } from './forward';
import { JointCache, type JointRow } from './jointCache';
import type { KvMemory } from './kvMemory';
import { type HostKv, joinKv, type KvShape } from './kvState';

/** Most tokens a lane in a pass that is joined: longer ones read text or whole canvases, and gain nothing. */
const MOST_TOKENS = 32;
/** Most lanes of a joint pass. */
const MOST_LANES = 16;
/** Shorter passes are filled up to the longest: to so many times their tokens together at most. */
const MOST_FILLED = 2;
/** Milliseconds without a pass after which the memory of joint passes is given back. */
const QUIET = 3000;

interface Asked {
  readonly request: ForwardRequest;
  readonly length: number;
  readonly resolve: (result: ForwardResult) => void;
  readonly reject: (error: Error) => void;
}

/** A request whose pass can be joined: its K/V is in main memory. */
type Joinable = Asked & { readonly request: ForwardRequest & { readonly past: HostKv } };

export class JointForward {
  private readonly cache: JointCache;
  private readonly waiting: Asked[] = [];
  private isWorking = false;
  /** Lanes of the last pass over few tokens, if several requests shared it. */
  private sharers = 1;
  private quiet: NodeJS.Timeout | undefined;

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    /** Of the K/V that requests hold. */
    private readonly memory: KvMemory,
    /** Told of each pass that was made: of its size, and milliseconds. */
    private readonly onPass: (request: ForwardRequest, millis: number) => void = () => undefined,
  ) {
    this.cache = new JointCache(shape);
  }

  /** What one request at a time runs its passes by. */
  seat(): Forward {
    const sharers = () => this.sharers;
    return {
      deviceCache: this.forward.deviceCache,
      isTimed: true,
      get sharers() {
        return sharers();
      },
      run: (request) =>
        new Promise((resolve, reject) => {
          const length = request.ids.length / request.lanes;
          this.waiting.push({ request, length, resolve, reject });
          if (!this.isWorking) void this.work();
        }),
    };
  }

  /** Gives its memory back. Nothing may be under way. */
  clear(): void {
    clearTimeout(this.quiet);
    this.cache.clear();
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    clearTimeout(this.quiet);
    for (;;) {
      // Who has just been answered asks again by now.
      await giveTurn();
      const group = this.taken();
      const [first] = group;
      if (first === undefined) break;
      if (isJoinable(first)) this.sharers = group.length > 1 ? lanesOf(group) : 1;
      if (group.length === 1) await this.runAlone(first);
      else await this.runTogether(group as readonly Joinable[]);
    }
    this.isWorking = false;
    this.sharers = 1;
    this.quiet = setTimeout(() => this.clear(), QUIET);
    this.quiet.unref();
  }

  /** Who has waited for longest, with whom its pass can be joined. */
  private taken(): readonly Asked[] {
    this.dropGone();
    const [first] = this.waiting;
    if (first === undefined) return [];
    const group = [first];
    for (const other of isJoinable(first) ? this.waiting.slice(1) : []) {
      const joined = [...group, other];
      if (isJoinable(other) && lanesOf(joined) <= MOST_LANES && isWorthFilling(joined)) group.push(other);
    }
    for (const asked of group) this.waiting.splice(this.waiting.indexOf(asked), 1);
    return group;
  }

  /** Nobody waits for these any more. */
  private dropGone(): void {
    for (const asked of this.waiting.filter(({ request }) => request.signal?.aborted)) {
      this.waiting.splice(this.waiting.indexOf(asked), 1);
      asked.reject(cancelled());
    }
  }

  private async runAlone({ request, resolve, reject }: Asked): Promise<void> {
    try {
      resolve(await this.timed(request));
    } catch (error) {
      reject(toEngineError(error));
    }
  }

  private async runTogether(group: readonly Joinable[]): Promise<void> {
    try {
      const joint = this.joined(group);
      const results = this.apart(joint, await this.timed(joint.request));
      for (const [at, result] of results.entries()) group[at]?.resolve(result);
    } catch {
      // What is too much together may be little enough for each.
      this.cache.clear();
      for (const asked of group) await this.runAlone(asked);
    }
  }

  private async timed(request: ForwardRequest): Promise<ForwardResult> {
    const begun = performance.now();
    const result = await this.forward.run(request);
    this.onPass(request, performance.now() - begun);
    return result;
  }

  private joined(group: readonly Joinable[]): Joint {
    const length = Math.max(...group.map((asked) => asked.length));
    const { kv, slots } = this.cache.arrange(group.flatMap(({ request }) => rowsOf(request)));
    const lanes = slots.length;
    const ids = new Int32Array(lanes * length);
    const positions = new Int32Array(lanes * length);
    const adapted = new Uint8Array(lanes * length);
    const bias = new JointBias(lanes, length, kv.positions);
    const parts: Part[] = [];
    const asks: RowAsk[] = [];
    for (const asked of group) {
      const { request, length: own } = asked;
      const begin = parts.reduce((sum, part) => sum + part.slots.length, 0);
      const mine = slots.slice(begin, begin + request.lanes);
      mine.forEach((slot, lane) => {
        const of = <T extends Int32Array | Uint8Array>(array: T) =>
          array.subarray(lane * own, (lane + 1) * own);
        ids.set(of(request.ids), slot * length);
        positions.set(of(request.positions), slot * length);
        if (request.adapted) adapted.set(of(request.adapted), slot * length);
        bias.put(slot, request, lane, own);
      });
      asks.push(
        ...request.asks.map((ask) => {
          const slot = mine[Math.floor(ask.row / own)] ?? 0;
          const { temperature = request.temperature } = ask;
          return { ...ask, row: slot * length + (ask.row % own), temperature };
        }),
      );
      parts.push({ asked, slots: mine });
    }
    return {
      parts,
      request: {
        ...{ lanes, ids, positions, adapted, asks },
        past: kv,
        bias: bias.taken(),
        temperature: 0,
        keep: group.some(({ request }) => request.keep),
        isApart: true,
      },
    };
  }

  /** Each request's own of a joint pass. */
  private apart({ parts }: Joint, { predictions, kv }: ForwardResult): readonly ForwardResult[] {
    let at = 0;
    return parts.map(({ asked: { request, length }, slots }) => {
      const own = predictions.slice(at, at + request.asks.length);
      at += request.asks.length;
      if (!request.keep || kv?.location !== 'host') return { predictions: own, kv: undefined };
      const { past, kept = length, room } = request;
      const fresh = { kv, to: kept, lanes: slots };
      const next = joinKv([{ kv: past }, fresh], this.shape, this.memory, [], room);
      for (const [lane, slot] of slots.entries())
        this.cache.grow(slot, { kv, lane: slot, count: kept }, { kv: next, lane });
      return { predictions: own, kv: next };
    });
  }
}

interface Part {
  readonly asked: Joinable;
  /** By lane: where it is in the joint pass. */
  readonly slots: readonly number[];
}

interface Joint {
  readonly parts: readonly Part[];
  readonly request: ForwardRequest;
}

/** The attention bias of a joint pass: what is no row's own is seen by nobody. */
class JointBias {
  private readonly data: Float32Array;

  constructor(
    private readonly lanes: number,
    private readonly length: number,
    private readonly past: number,
  ) {
    this.data = new Float32Array(lanes * length * (past + length)).fill(UNSEEN);
  }

  /** Of one lane, which has `own` new tokens; what fills it up sees what its last one does. */
  put(
    slot: number,
    { bias, past }: ForwardRequest & { readonly past: HostKv },
    lane: number,
    own: number,
  ): void {
    const width = this.past + this.length;
    const ownWidth = past.positions + own;
    const first = bias.lanes === 1 ? 0 : lane * bias.rows;
    for (let token = 0; token < this.length; token++) {
      const from = (first + Math.min(token, bias.rows - 1)) * ownWidth;
      const row = bias.data.subarray(from, from + ownWidth);
      const to = (slot * this.length + token) * width;
      this.data.set(row.subarray(0, past.positions), to);
      this.data.set(row.subarray(past.positions), to + this.past);
    }
  }

  taken(): ForwardRequest['bias'] {
    return { data: this.data, lanes: this.lanes, rows: this.length };
  }
}

function isJoinable(asked: Asked): asked is Joinable {
  const { past, lanes } = asked.request;
  return past.location === 'host' && asked.length <= MOST_TOKENS && lanes < MOST_LANES;
}

function isWorthFilling(group: readonly Asked[]): boolean {
  const longest = Math.max(...group.map(({ length }) => length));
  const tokens = group.reduce((sum, { request }) => sum + request.ids.length, 0);
  return lanesOf(group) * longest <= MOST_FILLED * tokens;
}

function lanesOf(group: readonly Asked[]): number {
  return group.reduce((sum, { request }) => sum + request.lanes, 0);
}

/** Where its lanes share one past, each reads it. */
function rowsOf({ lanes, past, room = 0 }: ForwardRequest & { readonly past: HostKv }): readonly JointRow[] {
  return Array.from({ length: lanes }, (_, lane) => ({ kv: past, lane: past.lanes === 1 ? 0 : lane, room }));
}
