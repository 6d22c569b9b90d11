// What the dual cache holds of a canvas between two passes over everything, and what becomes of it when cells come or go.
import { joinKv, type KvShape, type KvState } from './kvState';

export interface Snapshot {
  /** What each lane held when the K/V was written; one entry where all lanes were the same. */
  readonly lanes: readonly Int32Array[];
  readonly laneCount: number;
  /** K/V of all lanes together, or of each by itself, all with the same positions. */
  readonly caches: readonly KvState[];
  /** Positions that are run again in each step, ascending. */
  readonly window: Int32Array;
  readonly inWindow: Uint8Array;
  readonly rowOf: Int32Array;
  /** Where in the K/V each position of the canvas lies. */
  readonly slotOf: Int32Array;
  /** What lies in the K/V and has been computed again since. */
  readonly stale: readonly number[];
}

/** Of a position whose K/V nobody has computed. */
const NO_SLOT = -1;

/** Positions within a window that are not of it, for the window to be taken as one. */
const MOST_BETWEEN = 32;

/** Which positions of the canvas are among `positions`, and at which row; −1 for the others. */
export function placesIn(positions: Int32Array, length: number): Pick<Snapshot, 'inWindow' | 'rowOf'> {
  const inWindow = new Uint8Array(length);
  const rowOf = new Int32Array(length).fill(-1);
  positions.forEach((position, row) => {
    inWindow[position] = 1;
    rowOf[position] = row;
  });
  return { inWindow, rowOf };
}

/** What of the K/V a run of these positions must not see. */
export function staleUnder({ stale, slotOf }: Snapshot, positions: Int32Array): number[] {
  const slots = Array.from(positions, (position) => slotOf[position] ?? NO_SLOT);
  return [...stale, ...slots.filter((slot) => slot !== NO_SLOT)];
}

/**
 * The snapshot for tokens of another length, which differ between the ends of its window alone: all from one end to the other
 * is the window now, without K/V, and what is behind it has moved. Undefined where that is not how they differ.
 */
export function shifted(
  { lanes, caches, window, slotOf, stale }: Snapshot,
  tokens: Int32Array,
  shape: KvShape,
  inverseFrequencies: ArrayLike<number>,
): Snapshot | undefined {
  const [then] = lanes;
  const [kv] = caches;
  const [first, last] = [window[0], window.at(-1)];
  if (then === undefined || first === undefined || last === undefined) return undefined;
  if (kv?.location !== 'host') return undefined;
  const move = tokens.length - then.length;
  const end = last + 1 + move;
  if (move === 0 || end <= first) return undefined;
  // The masks of two holes: what lies between them would be computed again and again.
  if (end - first > window.length + move + MOST_BETWEEN) return undefined;
  if (!equal(then.subarray(0, first), tokens.subarray(0, first))) return undefined;
  if (!equal(then.subarray(last + 1), tokens.subarray(end))) return undefined;
  const behind = slotOf.subarray(last + 1);
  const [from = kv.positions] = behind;
  if (!behind.every((slot, place) => slot === from + place)) return undefined;
  const to = from + behind.length;
  const parts = [
    { kv, to: from },
    { kv, from, to, move },
    { kv, from: to },
  ];
  const slots = new Int32Array(tokens.length).fill(NO_SLOT);
  slots.set(slotOf.subarray(0, first));
  slots.set(behind, end);
  const positions = Int32Array.from({ length: end - first }, (_, place) => first + place);
  const old = Array.from(slotOf.subarray(first, last + 1)).filter((slot) => slot !== NO_SLOT);
  return {
    lanes: [tokens.slice()],
    laneCount: 1,
    caches: [joinKv(parts, shape, kv.memory, inverseFrequencies)],
    window: positions,
    ...placesIn(positions, tokens.length),
    slotOf: slots,
    stale: [...stale, ...old],
  };
}

export function equal(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
