// Prophet (arXiv:2508.19982): low-confidence top-k until the model has made up its mind, then everything at once. It has
// when the logit gap between the two best tokens, averaged over the masked cells, reaches a threshold that falls over
// the thirds of the budget.
import { bestFirst, committing } from './order';
import type { Proposal, Rule, RuleState } from './proposal';
import { topK } from './topK';

/** Logits, for the first, second and last third of the steps. */
const GAP_THRESHOLDS = [7.5, 5, 2.5] as const;

export const prophet: Rule = (proposals, state) => {
  const masked = bestFirst(proposals, (proposal) => proposal.confidence);
  if (masked.length === 0) return { commit: [], remask: [] };
  return meanGap(masked) >= gapThreshold(progress(masked.length, state))
    ? committing(masked)
    : topK(proposals, state);
};

/** 0 at the first step. Without a budget: what fraction of the cells is written. */
function progress(masked: number, { step, steps, total }: RuleState): number {
  return steps === undefined ? 1 - masked / Math.max(1, total) : (step - 1) / steps;
}

function gapThreshold(at: number): number {
  if (at < 1 / 3) return GAP_THRESHOLDS[0];
  return at < 2 / 3 ? GAP_THRESHOLDS[1] : GAP_THRESHOLDS[2];
}

function meanGap(masked: readonly Proposal[]): number {
  return masked.reduce((sum, proposal) => sum + proposal.logitGap, 0) / masked.length;
}
