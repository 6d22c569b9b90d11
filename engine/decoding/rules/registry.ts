// All commit rules by name. The names are in checkpoint/family.ts, where a family chooses its default.
import type { RuleName } from '../../checkpoint/family';
import { entropy } from './entropy';
import { entropyBounded } from './entropyBounded';
import { factor } from './factor';
import { leftToRight } from './leftToRight';
import { margin } from './margin';
import { p2 } from './p2';
import { prophet } from './prophet';
import type { Rule } from './proposal';
import { saber } from './saber';
import { threshold } from './threshold';
import { topK } from './topK';

export interface RuleEntry {
  readonly decide: Rule;
  /** Whether the rule takes tokens back and therefore wants proposals for committed cells, too. */
  readonly needsCommitted: boolean;
}

export const RULES: Readonly<Record<RuleName, RuleEntry>> = {
  'top-k': { decide: topK, needsCommitted: false },
  'left-to-right': { decide: leftToRight, needsCommitted: false },
  entropy: { decide: entropy, needsCommitted: false },
  margin: { decide: margin, needsCommitted: false },
  threshold: { decide: threshold, needsCommitted: false },
  factor: { decide: factor, needsCommitted: false },
  'entropy-bounded': { decide: entropyBounded, needsCommitted: false },
  p2: { decide: p2, needsCommitted: true },
  saber: { decide: saber, needsCommitted: true },
  prophet: { decide: prophet, needsCommitted: false },
};
