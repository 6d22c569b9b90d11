// The linear schedule (LLaDA, arXiv:2502.09992): a budget of steps becomes a number of cells for each step.
import type { RuleState } from './proposal';

/**
 * Fewest cells that this step has to commit: the masked cells shared out evenly over the steps that are left, larger
 * shares first. Worked out from what is masked now, so that it holds as well where cells were added or taken back.
 */
export function quota(masked: number, { step, steps }: Pick<RuleState, 'step' | 'steps'>): number {
  if (masked <= 0) return 0;
  if (steps === undefined) return 1;
  return Math.ceil(masked / Math.max(1, steps - step + 1));
}
