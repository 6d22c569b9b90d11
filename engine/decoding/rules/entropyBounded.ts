// Entropy-bounded unmasking (EB-Sampler, arXiv:2505.24857): by ascending entropy as long as the entropies of those
// before sum to at most γ, which bounds what is lost by writing tokens independently of each other. SDAR sums all of them.
import { bestFirst, committing } from './order';
import type { Rule } from './proposal';
import { quota } from './schedule';

const DEFAULT_ENTROPY_BOUND = 0.1;

export const entropyBounded: Rule = (proposals, state) => {
  const ranked = bestFirst(proposals, (proposal) => -proposal.entropy);
  const bound = state.entropyBound ?? DEFAULT_ENTROPY_BOUND;
  let count = 0;
  let before = 0;
  for (const proposal of ranked) {
    // Written so that an entropy that is not a number ends the run, too.
    if (!(before + (state.boundsAll ? proposal.entropy : 0) <= bound)) break;
    count++;
    before += proposal.entropy;
  }
  return committing(ranked.slice(0, Math.max(count, quota(ranked.length, state))));
};
