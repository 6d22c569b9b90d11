// Factor decoding (Fast-dLLM, arXiv:2505.22618): with confidences c(1) ≥ c(2) ≥ …, the largest n for which
// (n + 1)(1 − c(n)) ≤ f. The more tokens are written at once, the surer each has to be.
import { bestFirst, committing } from './order';
import type { Rule } from './proposal';
import { quota } from './schedule';

const DEFAULT_FACTOR = 1;

export const factor: Rule = (proposals, state) => {
  const ranked = bestFirst(proposals, (proposal) => proposal.confidence);
  const f = state.factor ?? DEFAULT_FACTOR;
  let count = 0;
  ranked.forEach((proposal, index) => {
    const n = index + 1;
    if (proposal.confidence >= 1 - f / (n + 1)) count = n;
  });
  return committing(ranked.slice(0, Math.max(count, quota(ranked.length, state))));
};
