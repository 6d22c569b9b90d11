// Saber (arXiv:2510.18165): commits all that is surer than the mean of what was committed so far (at least two),
// then takes back the tokens that the new context has made the model doubt most.
import { bestFirst, byScore, cellsOf } from './order';
import type { Proposal, Rule } from './proposal';
import { quota } from './schedule';

/** n of the paper's runs. */
const FEWEST = 2;
/** One token is taken back for so many committed. */
const COMMITS_FOR_ONE = 8;

export const saber: Rule = (proposals, state) => {
  const ranked = bestFirst(proposals, (proposal) => proposal.confidence);
  const due = quota(ranked.length, state);
  const least = state.committedMean ?? 1;
  const sure = ranked.filter((proposal) => proposal.confidence > least).length;
  const chosen = ranked.slice(0, Math.max(sure, FEWEST, due));
  return { commit: cellsOf(chosen), remask: cellsOf(doubted(proposals, chosen.length, due, ranked.length)) };
};

/** Committed proposals to take back: max(n/2, ⌈committed/8⌉), but so that the step still gains what is due. */
function doubted(proposals: readonly Proposal[], committed: number, due: number, masked: number): Proposal[] {
  // What ends here is not opened again (as in the authors' code).
  if (committed >= masked) return [];
  const wanted = Math.max(Math.floor(FEWEST / 2), Math.ceil(committed / COMMITS_FOR_ONE));
  const most = Math.max(0, Math.min(wanted, committed - due));
  const fallen = proposals.filter((proposal) => proposal.committed && drop(proposal) > 0);
  return byScore(fallen, drop).slice(0, most);
}

function drop({ confidence, previousConfidence }: Proposal): number {
  return previousConfidence === undefined ? 0 : previousConfidence - confidence;
}
