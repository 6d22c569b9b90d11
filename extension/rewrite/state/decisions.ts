// What a decision may come to: a review, a refusal, the end, or nothing new. Pure.
import { hasChanges, neighbour } from './acceptance';
import { hasTaken } from './moments';
import type { Decision, Note, RewriteEffect, RewriteState } from './transitions';
import type { Ending, Refusal, Review } from './types';

export function toReview(review: Review, ...before: RewriteEffect[]): Decision {
  return {
    state: { kind: 'reviewing', review },
    effects: [...before, { kind: 'review', review, fresh: true }],
  };
}

/** The same to look at, drawn again. */
export function redrawn(review: Review): Decision {
  return { state: { kind: 'reviewing', review }, effects: [{ kind: 'review', review, fresh: false }] };
}

/** The cursor stays where the editor has put it. What changes nothing any more is not looked at. */
export function shownAgain(review: Review, ...before: RewriteEffect[]): Decision {
  const index = hasChanges(review) ? review.index : neighbour(review, 1);
  const shown = { ...review, index };
  if (!hasChanges(shown)) return end(hasTaken(review) ? 'accepted' : 'rejected', ...before);
  const { state, effects } = redrawn(shown);
  return { state, effects: [...before, ...effects] };
}

export function refused(refusal: Refusal, fresh: boolean): Decision {
  return { state: { kind: 'refused', refusal }, effects: [{ kind: 'refuse', refusal, fresh }] };
}

export function end(how: Ending, ...effects: RewriteEffect[]): Decision {
  return { state: { kind: 'ended', how }, effects: [{ kind: 'clear' }, ...effects] };
}

export function stay(state: RewriteState): Decision {
  return { state, effects: [] };
}

export function note(which: Note): RewriteEffect {
  return { kind: 'note', note: which };
}
