// Tokens of one copy, written together. A rule weighs every cell by itself and is careful, for tokens that are likely one by
// one need not be likely together; those of one piece of text were written together once.
import type { Proposal } from './proposal';

/** Probability from which a cell goes along: likelier than all else together (docs/decisions/rescoring.md has the figures). */
const LEAST = 0.5;

/**
 * What a rule commits, and the cells on both sides of those of it that follow the likeliest copy, as far as they follow it,
 * too. `areNeighbors`: whether the second cell is the one behind the first. `least`: as in DecodeSampling. Names of cells, ascending.
 */
export function withCopied(
  commit: readonly number[],
  proposals: readonly Proposal[],
  areNeighbors: (left: number, right: number) => boolean,
  least = LEAST,
): number[] {
  const following = proposals.filter(({ follows, committed }) => follows && !committed);
  const copied = new Set(following.map(({ cell }) => cell));
  const sure = new Set(following.filter(({ confidence }) => confidence >= least).map(({ cell }) => cell));
  const all = new Set(commit);
  for (const cell of commit.filter((committed) => copied.has(committed))) {
    for (let at = cell; sure.has(at + 1) && areNeighbors(at, at + 1); at++) all.add(at + 1);
    for (let at = cell; sure.has(at - 1) && areNeighbors(at - 1, at); at--) all.add(at - 1);
  }
  return [...all].sort((a, b) => a - b);
}
