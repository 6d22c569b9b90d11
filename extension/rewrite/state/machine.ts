// What a rewrite may do next. A pure decider: state and event in, state and effects out; every call to the editor or the
// engine is an effect that somebody else carries out. So every order of events can be tested without either. Each state has
// a file of its own.
import { whileAccepting } from './accepting';
import { end, note, stay, toReview } from './decisions';
import { answered, whileDenoising } from './denoising';
import { isUnchanged } from './noChange';
import { whileRefused } from './refused';
import { whileReviewing } from './reviewing';
import type { Decision, RewriteEvent, RewriteState } from './transitions';
import type { Candidate, Review, RewriteRequest, Span, Wanted } from './types';

export function begin(spans: readonly Span[], request: RewriteRequest): Decision {
  return {
    state: { kind: 'denoising', spans, changes: [], request },
    effects: [{ kind: 'request', request }],
  };
}

/**
 * A review of candidates that were made elsewhere, as a quick fix does; `spans` and `candidates` as in `answered`. Without a
 * candidate that changes anything it is over at once.
 */
export function beginReview(
  spans: readonly Span[],
  candidates: readonly Candidate[],
  seed: number,
  wanted: Wanted = {},
): Decision {
  // Nothing was asked of the engine here, and nothing is tried again.
  if (candidates.length > 0 && candidates.every((one) => isUnchanged(one, spans)))
    return end('unchanged', note('unchanged'));
  const denoising = { kind: 'denoising', spans, changes: [], request: { seed, ...wanted } } as const;
  return answered(denoising, { kind: 'answered', spans, candidates });
}

/** A review that was over, of the document as it stands now. */
export function resume(review: Review): Decision {
  return toReview(review);
}

/** Events that make no sense in a state change nothing: keys and candidates may arrive late. */
export function decide(state: RewriteState, event: RewriteEvent): Decision {
  switch (state.kind) {
    case 'denoising':
      return whileDenoising(state, event);
    case 'reviewing':
      return whileReviewing(state.review, event);
    case 'refused':
      return whileRefused(state.refusal, event);
    case 'accepting':
      return whileAccepting(state, event);
    case 'ended':
      return stay(state);
  }
}
