// Where an answer ends best: the causal head of a cached canvas reads the text in front of the hole, the answer, and how the
// text behind it begins. ln p(first k tokens, beginning of the suffix | prefix) is comparable from one k to the other, for all
// are of the same text; one forward scores all k, as a tree whose trunk is the answer and whose branches are the suffix.
import { type Forward, type RowAsk, shapedBias } from './forward';
import type { KvState } from './kvState';

/** Tokens of the suffix that an end is judged by. */
export const JOIN_TOKENS = 6;

interface JoinTree {
  /** The token in front of the hole, the answer, and the suffix without its last token once for each k. */
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly asks: readonly RowAsk[];
  /** Whether token `query` sees token `key`, both counted from the first. */
  readonly sees: (query: number, key: number) => boolean;
}

/** `last`: the token in front of the hole, at position `start` − 1. `suffix` has at least one token. */
export function joinTree(last: number, start: number, answer: Int32Array, suffix: Int32Array): JoinTree {
  const trunk = 1 + answer.length;
  const branch = suffix.length - 1;
  const ids = new Int32Array(trunk + trunk * branch);
  const positions = new Int32Array(ids.length);
  ids.set([last, ...answer]);
  for (let i = 0; i < trunk; i++) positions[i] = start - 1 + i;
  const asks: RowAsk[] = Array.from(answer, (target, row) => ({ row, target }));
  for (let k = 0; k < trunk; k++) {
    const at = trunk + k * branch;
    ids.set(suffix.subarray(0, branch), at);
    for (let j = 0; j < branch; j++) positions[at + j] = start + k + j;
    asks.push(...Array.from(suffix, (target, j) => ({ row: j === 0 ? k : at + j - 1, target })));
  }
  const branchOf = (index: number) => Math.floor((index - trunk) / branch);
  const sees = (query: number, key: number): boolean => {
    if (query < trunk) return key <= query;
    if (key < trunk) return key <= branchOf(query);
    return branchOf(key) === branchOf(query) && key <= query;
  };
  return { ids, positions, asks, sees };
}

/** [answer.length + 1] ln p of the first k tokens and the suffix behind them; `logProbs` in the order of the asks. */
export function joinScores(logProbs: readonly number[], answer: number, suffix: number): number[] {
  let trunk = 0;
  return Array.from({ length: answer + 1 }, (_, k) => {
    const from = answer + k * suffix;
    const score = trunk + logProbs.slice(from, from + suffix).reduce((sum, value) => sum + value, 0);
    trunk += logProbs[k] ?? 0;
    return score;
  });
}

/**
 * [answer.length + 1] ln p of the answer's first k tokens and the beginning of `after`, which is not empty. `prefix`: the K/V of
 * the void and `before`, causal and from position 0.
 */
export async function scoreEnds(
  forward: Forward,
  prefix: KvState,
  before: Int32Array,
  answer: Int32Array,
  after: Int32Array,
): Promise<number[]> {
  const suffix = after.subarray(0, JOIN_TOKENS);
  const tree = joinTree(before.at(-1) ?? 0, before.length, answer, suffix);
  const { predictions } = await forward.run({
    lanes: 1,
    ids: tree.ids,
    positions: tree.positions,
    past: prefix,
    // The token in front of the hole is run again for what it predicts: nobody sees it twice.
    bias: shapedBias(prefix.positions, tree.ids.length, tree.sees, (position) => position === before.length),
    asks: tree.asks,
    temperature: 0,
    keep: false,
  });
  const logProbs = predictions.map(({ targetLogProb }) => targetLogProb);
  return joinScores(logProbs, answer.length, suffix.length);
}
