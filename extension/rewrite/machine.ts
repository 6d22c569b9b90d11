// What a rewrite may do next. A pure decider: state and event in, state and effects out; every call to the editor or the
// engine is an effect that somebody else carries out. So every order of events can be tested without either.
import type { EngineError } from '../../engine/errors';
import type { OffsetRange } from './spans';
import { followAll, type TextChange } from './tracking';

/** A span of the document with the text that stands there until somebody accepts. */
export interface Place extends OffsetRange {
  readonly old: string;
}

/** One candidate: the new text of each place. */
export interface Answer {
  readonly texts: readonly string[];
}

export interface Review {
  readonly places: readonly Place[];
  readonly answers: readonly Answer[];
  readonly index: number;
  /** The last seed that was used. */
  readonly seed: number;
}

export type Ending = 'accepted' | 'rejected' | 'cancelled' | 'failed' | 'conflict' | 'unchanged' | 'closed';

export type RewriteState =
  | {
      readonly kind: 'denoising';
      readonly places: readonly Place[];
      /** Since the text was sent: answers speak of the text as it was then. */
      readonly changes: readonly TextChange[];
      readonly seed: number;
      /** What there was to look at before another seed was asked for. */
      readonly earlier?: Review;
    }
  | { readonly kind: 'reviewing'; readonly review: Review }
  /** The edit is under way; changes to the document are our own. */
  | { readonly kind: 'accepting'; readonly review: Review }
  | { readonly kind: 'ended'; readonly how: Ending };

export type RewriteEvent =
  /** `places` in the text that was sent. */
  | { readonly kind: 'answered'; readonly places: readonly Place[]; readonly answers: readonly Answer[] }
  | { readonly kind: 'failed'; readonly error: EngineError }
  | { readonly kind: 'changed'; readonly changes: readonly TextChange[] }
  | { readonly kind: 'applied'; readonly done: boolean }
  | { readonly kind: 'accept' | 'reject' | 'cancel' | 'next' | 'previous' | 'again' | 'closed' }
  /** The editor's own ghost text was taken: its text stands in the document already. */
  | { readonly kind: 'inserted' };

export type Note = 'unchanged' | 'nothing-new' | 'conflict' | 'not-applied';

export type RewriteEffect =
  | { readonly kind: 'request'; readonly seed: number }
  | { readonly kind: 'abort' }
  /** Take away everything that is shown. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'review'; readonly review: Review }
  | { readonly kind: 'apply'; readonly review: Review }
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'error'; readonly error: EngineError };

export interface Decision {
  readonly state: RewriteState;
  readonly effects: readonly RewriteEffect[];
}

export function begin(places: readonly Place[], seed: number): Decision {
  return { state: { kind: 'denoising', places, changes: [], seed }, effects: [{ kind: 'request', seed }] };
}

/** A review of answers that were made elsewhere, as a quick fix does; `places` and `answers` as in `answered`. */
export function beginReview(places: readonly Place[], answers: readonly Answer[], seed: number): Decision {
  return answered({ kind: 'denoising', places, changes: [], seed }, places, answers);
}

/** Events that make no sense in a state change nothing: keys and answers may arrive late. */
export function decide(state: RewriteState, event: RewriteEvent): Decision {
  switch (state.kind) {
    case 'denoising':
      return whileDenoising(state, event);
    case 'reviewing':
      return whileReviewing(state.review, event);
    case 'accepting':
      return whileAccepting(state.review, event);
    case 'ended':
      return stay(state);
  }
}

function whileDenoising(state: RewriteState & { kind: 'denoising' }, event: RewriteEvent): Decision {
  const { earlier } = state;
  switch (event.kind) {
    case 'answered':
      return answered(state, event.places, event.answers);
    case 'failed':
      if (earlier === undefined) return end('failed', { kind: 'error', error: event.error });
      return toReview(earlier, { kind: 'error', error: event.error });
    case 'changed': {
      const places = followAll(state.places, event.changes);
      if (places === undefined) return end('conflict', { kind: 'abort' }, note('conflict'));
      const changes = [...state.changes, ...event.changes];
      const moved = earlier === undefined ? {} : { earlier: { ...earlier, places } };
      return stay({ ...state, places, changes, ...moved });
    }
    case 'cancel':
    case 'reject':
      if (earlier === undefined) return end('cancelled', { kind: 'abort' });
      return toReview(earlier, { kind: 'abort' });
    case 'closed':
      return end('closed', { kind: 'abort' });
    default:
      return stay(state);
  }
}

function answered(
  state: RewriteState & { kind: 'denoising' },
  sent: readonly Place[],
  answers: readonly Answer[],
): Decision {
  const { earlier, seed } = state;
  const places = followAll(sent, state.changes);
  if (places === undefined) return end('conflict', note('conflict'));
  const known = earlier?.answers ?? [];
  const fresh = answers.filter(
    (answer, i) =>
      answer.texts.some((text, place) => text !== sent[place]?.old) &&
      ![...known, ...answers.slice(0, i)].some((other) => sameTexts(other, answer)),
  );
  if (fresh.length === 0) {
    return earlier === undefined
      ? end('unchanged', note('unchanged'))
      : toReview({ ...earlier, places, seed }, note('nothing-new'));
  }
  return toReview({ places, answers: [...known, ...fresh], index: known.length, seed });
}

function whileReviewing(review: Review, event: RewriteEvent): Decision {
  switch (event.kind) {
    case 'accept':
      return { state: { kind: 'accepting', review }, effects: [{ kind: 'apply', review }] };
    case 'inserted':
      return stay({ kind: 'accepting', review });
    case 'reject':
    case 'cancel':
      return end('rejected');
    case 'closed':
      return end('closed');
    case 'next':
    case 'previous': {
      const count = review.answers.length;
      if (count < 2) return event.kind === 'next' ? again(review) : stay({ kind: 'reviewing', review });
      const index = (review.index + (event.kind === 'next' ? 1 : count - 1)) % count;
      return toReview({ ...review, index });
    }
    case 'again':
      return again(review);
    case 'changed': {
      const places = followAll(review.places, event.changes);
      return places === undefined ? end('conflict', note('conflict')) : toReview({ ...review, places });
    }
    default:
      return stay({ kind: 'reviewing', review });
  }
}

function whileAccepting(review: Review, event: RewriteEvent): Decision {
  if (event.kind === 'applied') {
    return event.done ? end('accepted') : toReview(review, note('not-applied'));
  }
  if (event.kind === 'closed') return end('closed');
  return stay({ kind: 'accepting', review });
}

function again(review: Review): Decision {
  const seed = review.seed + 1;
  return {
    state: { kind: 'denoising', places: review.places, changes: [], seed, earlier: review },
    effects: [{ kind: 'clear' }, { kind: 'request', seed }],
  };
}

function toReview(review: Review, ...before: RewriteEffect[]): Decision {
  return { state: { kind: 'reviewing', review }, effects: [...before, { kind: 'review', review }] };
}

function end(how: Ending, ...effects: RewriteEffect[]): Decision {
  return { state: { kind: 'ended', how }, effects: [{ kind: 'clear' }, ...effects] };
}

function stay(state: RewriteState): Decision {
  return { state, effects: [] };
}

function note(which: Note): RewriteEffect {
  return { kind: 'note', note: which };
}

function sameTexts(a: Answer, b: Answer): boolean {
  return a.texts.length === b.texts.length && a.texts.every((text, i) => text === b.texts[i]);
}
