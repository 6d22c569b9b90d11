// From left to right: the k leftmost masks, k from the linear schedule (SDAR's `sequential`, arXiv:2510.06303).
import { bestFirst, committing } from './order';
import type { Rule } from './proposal';
import { quota } from './schedule';

export const leftToRight: Rule = (proposals, state) => {
  const ranked = bestFirst(proposals, (proposal) => -proposal.cell);
  return committing(ranked.slice(0, quota(ranked.length, state)));
};
