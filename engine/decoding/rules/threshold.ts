// Confidence threshold (Fast-dLLM, arXiv:2505.22618): everything that is sure enough, and always the best one.
import { bestFirst, committing } from './order';
import type { Rule } from './proposal';
import { quota } from './schedule';

const DEFAULT_THRESHOLD = 0.9;

export const threshold: Rule = (proposals, state) => {
  const ranked = bestFirst(proposals, (proposal) => proposal.confidence);
  const least = state.threshold ?? DEFAULT_THRESHOLD;
  const sure = ranked.filter((proposal) => proposal.confidence >= least).length;
  return committing(ranked.slice(0, Math.max(sure, quota(ranked.length, state))));
};
