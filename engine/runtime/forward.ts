// What one run of the graph takes and gives, in plain arrays; session.ts does the run.
import type { LogitBias, Prediction } from '../denoiser';
import type { PassSize } from '../graph/memory';
import type { KvState } from './kvState';

/** Additive attention bias [lanes, 1, rows, P + S]; `rows` 1 means the same row for every new token. */
export interface AttentionBias {
  readonly data: Float32Array;
  readonly lanes: number;
  readonly rows: number;
}

/** "Does not see": large, finite, and harmless in a row that is masked everywhere. */
export const UNSEEN = -1e9;

export interface RowAsk {
  /** Index into the flattened [lanes · length] tokens. */
  readonly row: number;
  readonly bias?: LogitBias | undefined;
  readonly target?: number | undefined;
  /** In place of the request's. */
  readonly temperature?: number | undefined;
}

export interface ForwardRequest {
  readonly lanes: number;
  /** [lanes · length] */
  readonly ids: Int32Array;
  /** [lanes · length] */
  readonly positions: Int32Array;
  /** 1 where a token is a mask of the adapter's. [lanes · length] Absent: none is. */
  readonly adapted?: Uint8Array;
  readonly past: KvState;
  readonly bias: AttentionBias;
  readonly asks: readonly RowAsk[];
  /** 0 is greedy: probabilities at temperature 1. */
  readonly temperature: number;
  /** Whether the K/V of past and new tokens together is wanted. */
  readonly keep: boolean;
  /** Of each lane's new tokens, those whose K/V is wanted: the first so many. Default: all. Not on devices, where caches cannot be cut. */
  readonly kept?: number;
  /** The K/V that is kept is of the new tokens alone, all of them. Not on devices. Default: of past and new tokens together. */
  readonly isApart?: boolean;
  /** Positions that the kept K/V is going to grow to, pass by pass, so that it need not move each time. Default: unknown. */
  readonly room?: number;
  /** Fired, the pass is given up between two stages, as `cancelled`. */
  readonly signal?: AbortSignal;
}

export interface ForwardResult {
  /** One a row that was asked for. */
  readonly predictions: Prediction[];
  readonly kv: KvState | undefined;
}

/** Runs the decoder: `DecoderSession`, or several requests' passes as one by it (`JointForward`). A scripted one stands in for it in unit tests. */
export interface Forward {
  run(request: ForwardRequest): Promise<ForwardResult>;
  /** Whether caches stay on the device, where they cannot be cut or moved. */
  readonly deviceCache: boolean;
  /** Whether its passes are timed where they are made: a caller may wait for those of others. Absent: they are not. */
  readonly isTimed?: boolean;
  /** Lanes of the last pass, where it was joined of several requests': who reads ahead makes such a pass longer for all of them. Absent: 1 */
  readonly sharers?: number;
}

/** What the time of a pass depends on. */
export function passOf({ lanes, ids, past, asks }: ForwardRequest): PassSize {
  return { lanes, length: ids.length / lanes, past: past.positions, rows: asks.length };
}

/** Encodes one lane of context, the first of its tokens at position `start`, behind `past`: the K/V of both together. */
export async function encodeBehind(
  forward: Forward,
  past: KvState,
  ids: Int32Array,
  start: number,
  bias: AttentionBias,
): Promise<KvState> {
  const { kv } = await forward.run({
    lanes: 1,
    ids,
    positions: Int32Array.from(ids, (_, index) => start + index),
    past,
    bias,
    asks: [],
    temperature: 0,
    keep: true,
  });
  if (!kv) throw new Error('the forward pass gave no K/V');
  return kv;
}

/** A row that sees everything but the void at the front of the past and the past positions that are stale. */
export function openBias(past: number, fresh: number, stale: Iterable<number> = []): AttentionBias {
  const data = new Float32Array(past + fresh);
  data[0] = UNSEEN;
  for (const position of stale) data[position] = UNSEEN;
  return { data, lanes: 1, rows: 1 };
}

/**
 * Rows of new tokens that see the past (but its void and `hiddenPast`) and of each other those for which
 * `sees(query, key)` holds, both counted from the first new token.
 */
export function shapedBias(
  past: number,
  fresh: number,
  sees: (query: number, key: number) => boolean,
  hiddenPast: (position: number) => boolean = () => false,
): AttentionBias {
  const width = past + fresh;
  const data = new Float32Array(fresh * width);
  for (let query = 0; query < fresh; query++) {
    const row = query * width;
    data[row] = UNSEEN;
    for (let position = 1; position < past; position++)
      if (hiddenPast(position)) data[row + position] = UNSEEN;
    for (let key = 0; key < fresh; key++) if (!sees(query, key)) data[row + past + key] = UNSEEN;
  }
  return { data, lanes: 1, rows: fresh };
}
