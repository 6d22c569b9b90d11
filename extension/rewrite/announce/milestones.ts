// What of a rewrite is worth saying aloud to somebody who does not see it: where it stands, never each step. Pure.
import type { Quality } from '../../../engine/candidates/quality/verdict';
import type { Ending, Untouched } from '../state/types';

export type Milestone =
  | { readonly kind: 'begun'; readonly spans: number }
  | { readonly kind: 'half'; readonly tokens: number }
  | {
      readonly kind: 'ready';
      readonly changes: number;
      /** Counts from 1. */
      readonly candidate: number;
      readonly candidates: number;
      /** How good it looks; absent: nobody has looked. */
      readonly quality?: Quality;
    }
  | { readonly kind: 'left'; readonly changes: number }
  | { readonly kind: 'refused' | Untouched }
  | { readonly kind: 'ended'; readonly how: Ending };

export class Milestones {
  private wasHalf = false;
  private shown: { readonly candidate: number; readonly changes: number } | undefined;

  begun(spans: number): Milestone {
    this.wasHalf = false;
    return { kind: 'begun', spans };
  }

  /** Of a denoise that is over before anybody could listen nothing is said. */
  settled(settled: number, tokens: number): Milestone | undefined {
    if (this.wasHalf || tokens < LEAST_TOKENS || settled * 2 < tokens || settled === tokens) return undefined;
    this.wasHalf = true;
    return { kind: 'half', tokens };
  }

  /** Undefined where what is shown is what was shown. */
  reviewing(changes: number, index: number, candidates: number, quality?: Quality): Milestone | undefined {
    const { shown } = this;
    const candidate = index + 1;
    this.shown = { candidate, changes };
    if (shown?.candidate !== candidate)
      return { kind: 'ready', changes, candidate, candidates, ...(quality ? { quality } : {}) };
    return shown.changes === changes ? undefined : { kind: 'left', changes };
  }

  refused(kind: 'refused' | Untouched): Milestone {
    this.shown = undefined;
    return { kind };
  }

  ended(how: Ending): Milestone | undefined {
    // The document is gone from sight, or its own message says what happened.
    return ['closed', 'failed', 'interrupted'].includes(how) ? undefined : { kind: 'ended', how };
  }
}

const LEAST_TOKENS = 24;
