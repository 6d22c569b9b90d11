// Rescores what a hole could hold: the canvas's answer, copies, analogies, and what the causal head itself goes on with, each cut
// behind each token. ln p(answer, beginning of the suffix | prefix) compares them, for all are read as plain text; the
// canvas and the copies are drafts of the causal continuation at the same time (speculative decoding), so that it is
// run for those tokens alone that nobody has proposed.

import { STAY } from '../calibration/choice';
import type { Hypothesis, Origin, Rescored, RescoreRequest } from '../denoiser';
import { throwIfCancelled } from '../errors';
import type { Forward } from '../runtime/forward';
import type { Reading } from '../runtime/holeContext';
import { TokenTrie } from './trie';
import { type NodeReading, readTrie, type TrieAsk } from './trieReader';

/** Tokens of the suffix that an answer is judged by. */
export const JOIN_TOKENS = 6;
/** Scores over the vocabulary that one pass holds: 32 MiB of them, and the runtime has a few copies. */
const LOGITS_AT_ONCE = 8_388_608;
/** Tokens of the hypotheses, each counted once, from which on no other one is taken in: the last ones are hardly ever chosen. */
const MOST_NODES = 96;
/** Answers that are read on into the suffix, beside the hypotheses that are not cut. */
const SHORTLIST = 12;
/** Nats; docs/decisions/rescoring.md has the figures. */
const LEAST_CONTINUATION = -4;

/**
 * `plain`: the suffix as plain text behind prefix and answer, where the first reading has seen the suffix already and is followed
 * by an end: what a model says of its end is little beside how well the text goes on from there, so both speak for an answer.
 * `onward` is of the first reading, then of the second. Throws `cancelled` between passes.
 */
export async function rescore(
  forward: Forward,
  first: Reading,
  request: RescoreRequest,
  plain?: Reading,
): Promise<Rescored[]> {
  const { hypotheses, least, most, bias, logitsAtOnce = LOGITS_AT_ONCE, signal } = request;
  const { leastContinuation = LEAST_CONTINUATION } = request;
  const trie = new TokenTrie(first.behind.token);
  const origins = new Map<number, Origin[]>();
  const add = ({ ids, goesOn, ...origin }: Hypothesis): void => {
    const nodes = trie.add(Array.from(ids).slice(0, most));
    for (const [i, node] of nodes.entries()) {
      const isWhole = i === ids.length - 1 && goesOn !== true;
      origins.set(node, [...(origins.get(node) ?? []), { ...origin, isWhole }]);
    }
  };
  // The canvas first, then what speaks most for itself.
  const likeliest = [...hypotheses].sort((a, b) => (b.copy?.share ?? 1) - (a.copy?.share ?? 1));
  for (const hypothesis of likeliest) if (trie.size < MOST_NODES) add(hypothesis);
  const read = async (
    { behind, after }: Reading,
    nodes: readonly number[],
    about: TrieAsk['about'],
  ): Promise<Map<number, NodeReading>> => {
    const suffix = after.subarray(0, JOIN_TOKENS);
    if (about === 'suffix' && suffix.length < 2) return new Map();
    const perNode = about === 'suffix' ? suffix.length - 1 : 2;
    const readings = new Map<number, NodeReading>();
    for (const part of parts(nodes, Math.floor(logitsAtOnce / (perNode * bias.length)))) {
      throwIfCancelled(signal);
      const some = await readTrie(forward, behind, trie, { nodes: part, about, suffix, bias });
      for (const [node, reading] of some) readings.set(node, reading);
    }
    return readings;
  };
  const known = await read(first, [0, ...origins.keys()], 'words');
  add({
    ids: await continuation(
      trie,
      known,
      {
        count: Math.min(request.continuation, most),
        logProb:
          leastContinuation === -Infinity
            ? -Infinity
            : Math.max(leastContinuation, bestWhole(trie, known, origins)),
        end: request.end,
      },
      (node) => read(first, [node], 'next'),
    ),
    source: 'causal',
  });
  const begun = plain === undefined ? [known] : [known, await read(plain, [...origins.keys()], 'next')];
  const chosen = shortlist(trie, begun, origins, least, request.leastCut ?? least);
  if (chosen.length === 0) return [];
  const further = await read(plain ?? first, chosen, 'suffix');
  return chosen.map((node) => ({
    ids: trie.idsOf(node),
    logProbs: Float32Array.from(trie.path(node).slice(1), (at) => known.get(at)?.logProb ?? 0),
    onward: [...begun, further].flatMap((readings) => readings.get(node)?.onward ?? []),
    origins: origins.get(node) ?? [],
  }));
}

/** In pieces of `most`, but at least one. */
function parts(nodes: readonly number[], most: number): number[][] {
  const size = Math.max(1, most);
  return Array.from({ length: Math.ceil(nodes.length / size) }, (_, i) =>
    nodes.slice(i * size, (i + 1) * size),
  );
}

/** ln p of the likeliest hypothesis and the suffix's first token behind it. */
function bestWhole(
  trie: TokenTrie,
  known: ReadonlyMap<number, NodeReading>,
  origins: ReadonlyMap<number, readonly Origin[]>,
): number {
  const sums = logProbsOf(trie, known);
  let best = -Infinity;
  for (const [node, all] of origins)
    if (all.some(({ isWhole }) => isWhole))
      best = Math.max(best, (sums[node] ?? 0) + (known.get(node)?.onward[0] ?? -Infinity));
  return best;
}

/** By node: ln p of all that leads to it. */
function logProbsOf(trie: TokenTrie, known: ReadonlyMap<number, NodeReading>): number[] {
  const sums: number[] = [0];
  for (let node = 1; node < trie.size; node++)
    sums.push((sums[trie.parents[node] ?? 0] ?? 0) + (known.get(node)?.logProb ?? 0));
  return sums;
}

/** `logProb`: of all of it together. */
interface Limits {
  readonly count: number;
  readonly logProb: number;
  readonly end: number | undefined;
}

/** The likeliest tokens up to the `end`, within the limits; a pass is run where nobody has proposed them. */
async function continuation(
  trie: TokenTrie,
  known: Map<number, NodeReading>,
  { count, logProb: least, end }: Limits,
  read: (node: number) => Promise<Map<number, NodeReading>>,
): Promise<number[]> {
  const ids: number[] = [];
  let node = 0;
  let logProb = 0;
  while (ids.length < count && logProb >= least) {
    const next = known.get(node)?.next;
    if (!next || next.token === end) break;
    logProb += next.logProb;
    ids.push(next.token);
    node = trie.child(node, next.token);
    if (known.has(node)) continue;
    const fresh = (await read(node)).get(node);
    known.set(node, { onward: [], ...fresh, logProb: next.logProb });
  }
  return ids;
}

/** The nodes that promise most as far as what follows first in each reading tells, and those where a hypothesis ends. */
function shortlist(
  trie: TokenTrie,
  begun: readonly ReadonlyMap<number, NodeReading>[],
  origins: ReadonlyMap<number, readonly Origin[]>,
  least: number,
  leastCut: number,
): number[] {
  const sums = logProbsOf(trie, begun[0] ?? new Map());
  const depth = (node: number): number => trie.depths[node] ?? 0;
  const joins = (node: number): number =>
    begun.reduce((sum, readings) => sum + (readings.get(node)?.onward[0] ?? 0), 0);
  const promise = (node: number): number => (sums[node] ?? 0) + joins(node) + STAY * depth(node);
  const isWhole = (node: number): boolean =>
    origins.get(node)?.some((origin) => origin.isWhole && origin.source !== 'causal') === true;
  const nodes = [...origins.keys()].filter(
    (node) => depth(node) >= (isWhole(node) ? least : Math.max(least, leastCut)),
  );
  const best = new Set([...nodes].sort((a, b) => promise(b) - promise(a)).slice(0, SHORTLIST));
  return nodes.filter((node) => best.has(node) || isWhole(node));
}
