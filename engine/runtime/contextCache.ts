// The exact K/V of a run of context tokens, kept from request to request: while a person types, only what follows
// the longest common prefix is encoded.
import type { HoleContext } from '../denoiser';
import { throwIfCancelled } from '../errors';
import { DEFAULT_CHUNK } from '../graph/memory';
import { type AttentionBias, encodeBehind, type Forward, shapedBias } from './forward';
import { disposeKv, joinKv, type KvShape, type KvState, voidKv } from './kvState';

/** How a context is encoded. */
export interface Encoding extends Pick<HoleContext, 'run'> {
  readonly signal?: AbortSignal | undefined;
  readonly onRead?: HoleContext['onRead'] | undefined;
}

/** Tokens; of fewer nobody is told that they are read. */
const LEAST_TOLD = 64;

export class ContextCache {
  private ids = new Int32Array(0);
  private startPosition = 0;
  private kv: KvState;

  constructor(
    private readonly forward: Forward,
    private readonly shape: KvShape,
    /** Tokens of a block see each other both ways, and every earlier block; 1 is causal. */
    private readonly blockLength: number,
  ) {
    this.kv = voidKv(shape);
  }

  /** Position of the first token when the K/V was written. */
  get start(): number {
    return this.startPosition;
  }

  /**
   * K/V of the void and `ids`, whose positions are `start`, `start` + 1, …; only whole blocks of `ids` may be given.
   * `run` is how many tokens are encoded in one pass at most; `onRead` is told behind each, the share of what was not kept that is
   * encoded, 0…1.
   */
  async encode(
    ids: Int32Array,
    start: number,
    { signal, run = DEFAULT_CHUNK, onRead }: Encoding = {},
  ): Promise<KvState> {
    const { blockLength } = this;
    let kept = start === this.startPosition ? commonPrefix(ids, this.ids) : 0;
    kept -= kept % blockLength;
    if (kept < this.ids.length) kept = this.cut(kept);
    this.startPosition = start;
    const chunk = Math.max(1, Math.floor(run / blockLength)) * blockLength;
    for (let at = kept; at < ids.length; at += chunk) {
      throwIfCancelled(signal);
      const part = ids.slice(at, at + chunk);
      const kv = await encodeBehind(this.forward, this.kv, part, start + at, this.bias(part.length));
      disposeKv(this.kv);
      this.kv = kv;
      this.ids = ids.slice(0, at + part.length);
      if (ids.length - kept > Math.min(chunk, LEAST_TOLD))
        onRead?.((at + part.length - kept) / (ids.length - kept));
    }
    return this.kv;
  }

  dispose(): void {
    disposeKv(this.kv);
    this.kv = voidKv(this.shape);
    this.ids = new Int32Array(0);
  }

  private bias(fresh: number): AttentionBias {
    const { blockLength } = this;
    return shapedBias(
      this.kv.positions,
      fresh,
      (query, key) => Math.floor(key / blockLength) <= Math.floor(query / blockLength),
    );
  }

  /** Forgets what follows token `kept`; a device cache cannot be cut and starts again. Returns what is left. */
  private cut(kept: number): number {
    if (this.kv.location === 'device' || kept === 0) {
      this.dispose();
      return 0;
    }
    const { memory } = this.kv;
    const cut = joinKv([{ kv: this.kv, to: kept + 1 }], this.shape, memory);
    disposeKv(this.kv);
    this.kv = cut;
    this.ids = this.ids.slice(0, kept);
    return kept;
  }
}

export function commonPrefix(a: Int32Array, b: Int32Array): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
