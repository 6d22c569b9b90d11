// The causal head of a cached canvas reads a tree of texts behind the prefix, and behind some of its nodes the beginning
// of the suffix, in one forward pass: each token sees the prefix and its own path alone (tree attention, arXiv:2305.09781).
import { saneLogProb } from '../decoding/sampling';
import type { LogitBias } from '../denoiser';
import { type Forward, type RowAsk, shapedBias } from '../runtime/forward';
import type { Behind } from '../runtime/holeContext';
import type { TokenTrie } from './trie';

export interface TrieAsk {
  /** Nodes that something is asked about; all that lead to them are read, too. */
  readonly nodes: readonly number[];
  /** `words`: each node's own token and what follows it; `next`: what follows it; `suffix`: the rest of the suffix. */
  readonly about: 'words' | 'next' | 'suffix';
  /** At least one token. */
  readonly suffix: Int32Array;
  readonly bias?: LogitBias;
}

/** What was read of one node, as far as it was asked. */
export interface NodeReading {
  /** ln p of its own token. */
  readonly logProb?: number;
  /** The likeliest token behind it, and ln p of that. */
  readonly next?: { readonly token: number; readonly logProb: number };
  /** ln p of the suffix's tokens behind it: the first (`words`, `next`) or all others (`suffix`). */
  readonly onward: readonly number[];
}

/** By node. */
export async function readTrie(
  forward: Forward,
  { kv, token, position: root, index }: Behind,
  trie: TokenTrie,
  { nodes, about, suffix, bias }: TrieAsk,
): Promise<Map<number, NodeReading>> {
  const trunk = closure(trie, nodes);
  const rowOf = new Map(trunk.map((node, row) => [node, row]));
  const branch = about === 'suffix' ? suffix.length - 1 : 0;
  const ids = new Int32Array(trunk.length + nodes.length * branch);
  const positions = new Int32Array(ids.length);
  const place = (row: number, token: number | undefined, depth: number): void => {
    ids[row] = token ?? 0;
    positions[row] = root + depth;
  };
  const depthOf = (node: number): number => trie.depths[node] ?? 0;
  // The tree begins behind another token in each reading.
  for (const [row, node] of trunk.entries())
    place(row, node === 0 ? token : trie.tokens[node], depthOf(node));
  for (const [i, node] of nodes.entries())
    for (let j = 0; j < branch; j++) place(trunk.length + i * branch + j, suffix[j], depthOf(node) + 1 + j);
  const asks: RowAsk[] = [];
  const ask = (row: number, target: number | undefined): number => asks.push({ row, target, bias }) - 1;
  const asked = nodes.map((node, i) => {
    const row = rowOf.get(node) ?? 0;
    const parent = rowOf.get(trie.parents[node] ?? -1);
    const isOwn = about === 'words' && parent !== undefined;
    const rest = Array.from({ length: branch }, (_, j) => ask(trunk.length + i * branch + j, suffix[j + 1]));
    return {
      node,
      own: isOwn ? ask(parent, trie.tokens[node]) : undefined,
      next: about === 'suffix' ? undefined : ask(row, suffix[0]),
      rest,
    };
  });
  const { predictions } = await forward.run({
    lanes: 1,
    ids,
    positions,
    past: kv,
    bias: shapedBias(
      kv.positions,
      ids.length,
      visibility(
        trie,
        trunk,
        rowOf,
        nodes.map((node) => rowOf.get(node) ?? 0),
        branch,
      ),
      // The token in front of the hole is run again for what it predicts: nobody sees it twice.
      (position) => position === index,
    ),
    asks,
    temperature: 0,
    keep: false,
  });
  const logProb = (index: number): number => saneLogProb(predictions[index]?.targetLogProb);
  return new Map(
    asked.map(({ node, own, next, rest }) => {
      const best = next === undefined ? undefined : predictions[next];
      const onward = [...(next === undefined ? [] : [next]), ...rest].map(logProb);
      return [
        node,
        {
          onward,
          ...(own === undefined ? {} : { logProb: logProb(own) }),
          ...(best ? { next: { token: best.ids[0] ?? 0, logProb: saneLogProb(best.logProbs[0]) } } : {}),
        },
      ];
    }),
  );
}

/** The nodes and all that lead to them, parents first. */
function closure(trie: TokenTrie, nodes: readonly number[]): number[] {
  const all = new Set([0]);
  for (const node of nodes)
    for (let at = node; at > 0 && !all.has(at); at = trie.parents[at] ?? 0) all.add(at);
  return [...all].sort((a, b) => a - b);
}

/** Whether row `query` sees row `key`: its own path, and of its own branch what stands in front of it. */
function visibility(
  trie: TokenTrie,
  trunk: readonly number[],
  rowOf: ReadonlyMap<number, number>,
  branchRows: readonly number[],
  branch: number,
): (query: number, key: number) => boolean {
  const count = trunk.length;
  const seen = new Uint8Array(count * count);
  for (const [row, node] of trunk.entries()) {
    const parent = rowOf.get(trie.parents[node] ?? -1);
    if (parent !== undefined) seen.copyWithin(row * count, parent * count, (parent + 1) * count);
    seen[row * count + row] = 1;
  }
  const branchOf = (row: number): number => Math.floor((row - count) / branch);
  return (query, key) => {
    if (query < count) return key < count && seen[query * count + key] === 1;
    const own = branchOf(query);
    if (key < count) return seen[(branchRows[own] ?? 0) * count + key] === 1;
    return branchOf(key) === own && key <= query;
  };
}
