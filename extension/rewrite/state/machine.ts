// What a rewrite may do next. A pure decider: state and event in, state and effects out; every call to the editor or the
// engine is an effect that somebody else carries out. So every order of events can be tested without either.
import type { EngineError } from '../../../engine/errors';
import { joined, leastEdit } from '../../text/edits';
import { found, toggled } from '../../text/rangeSets';
import { followAll } from '../../text/tracking';
import type { OffsetRange, TextChange, TextEdit } from '../../text/types';
import {
  afterLeaving,
  afterTaking,
  answerOf,
  editsOf,
  hasChanges,
  inDocument,
  neighbour,
  textTaken,
} from './acceptance';
import type { Answer, Ask, Ending, Moment, Place, PlaceEdit, PlaceRanges, Review } from './types';

export type RewriteState =
  | {
      readonly kind: 'denoising';
      readonly places: readonly Place[];
      /** Since the text was sent: answers speak of the text as it was then. */
      readonly changes: readonly TextChange[];
      readonly ask: Ask;
      /** What there was to look at before more was asked for. */
      readonly earlier?: Review;
    }
  | { readonly kind: 'reviewing'; readonly review: Review }
  /** The edit is under way; changes to the document are our own. */
  | {
      readonly kind: 'accepting';
      readonly review: Review;
      /** What is left to look at once it is done, and the text that it was decided on. */
      readonly next: Review;
      readonly text: string;
    }
  | { readonly kind: 'ended'; readonly how: Ending };

export type RewriteEvent =
  /** `places` in the text that was sent. */
  | { readonly kind: 'answered'; readonly places: readonly Place[]; readonly answers: readonly Answer[] }
  | { readonly kind: 'failed'; readonly error: EngineError }
  /** `text`: the whole document as it is now; `isTurn`: by undo or redo. */
  | {
      readonly kind: 'changed';
      readonly changes: readonly TextChange[];
      readonly text: string;
      readonly isTurn: boolean;
    }
  /** `text`: the whole document as the edit left it. */
  | { readonly kind: 'applied'; readonly done: boolean; readonly text: string }
  | { readonly kind: 'reject' | 'cancel' | 'next' | 'previous' | 'again' | 'take' | 'closed' }
  /** All of the candidate, or one hunk of it; `text`: the whole document. */
  | { readonly kind: 'accept'; readonly text: string }
  | { readonly kind: 'accept-hunk'; readonly edits: readonly PlaceEdit[]; readonly text: string }
  | { readonly kind: 'reject-hunk'; readonly edits: readonly PlaceEdit[] }
  /** The editor's own ghost text was taken: a hunk's new lines stand in the document already. */
  | { readonly kind: 'inserted'; readonly edits: readonly PlaceEdit[]; readonly text: string }
  /** A word is pinned, or not any more. */
  | {
      readonly kind: 'keep';
      readonly side: 'old' | 'new';
      readonly place: number;
      readonly word: OffsetRange;
    }
  /** Words of the candidate are done again, everything else in it stays. */
  | { readonly kind: 'redo'; readonly words: PlaceRanges };

export type Note = 'unchanged' | 'nothing-new' | 'conflict' | 'not-applied';

export type RewriteEffect =
  | { readonly kind: 'request'; readonly ask: Ask }
  /** The engine takes what it has after the step that runs. */
  | { readonly kind: 'enough' }
  | { readonly kind: 'abort' }
  /** Take away everything that is shown. */
  | { readonly kind: 'clear' }
  /** Take away what is shown in the text; more is on its way. */
  | { readonly kind: 'hide' }
  /** `fresh`: there is something else to look at, so the cursor goes there. */
  | { readonly kind: 'review'; readonly review: Review; readonly fresh: boolean }
  | { readonly kind: 'apply'; readonly edits: readonly TextEdit[]; readonly text: string }
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'error'; readonly error: EngineError };

export interface Decision {
  readonly state: RewriteState;
  readonly effects: readonly RewriteEffect[];
}

export function begin(places: readonly Place[], ask: Ask): Decision {
  return { state: { kind: 'denoising', places, changes: [], ask }, effects: [{ kind: 'request', ask }] };
}

/**
 * A review of answers that were made elsewhere, as a quick fix does; `places` and `answers` as in `answered`. Without an
 * answer that changes anything it is over at once.
 */
export function beginReview(places: readonly Place[], answers: readonly Answer[], seed: number): Decision {
  return answered({ kind: 'denoising', places, changes: [], ask: { seed } }, places, answers);
}

/** A review that was over, of the document as it stands now. */
export function resume(review: Review): Decision {
  return toReview({ ...review, moments: [] });
}

/** Events that make no sense in a state change nothing: keys and answers may arrive late. */
export function decide(state: RewriteState, event: RewriteEvent): Decision {
  switch (state.kind) {
    case 'denoising':
      return whileDenoising(state, event);
    case 'reviewing':
      return whileReviewing(state.review, event);
    case 'accepting':
      return whileAccepting(state, event);
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
      const turned = earlier && turnedTo(earlier, event);
      if (turned !== undefined) return shownAgain(turned, { kind: 'abort' });
      const places = followAll(state.places, event.changes);
      if (places === undefined) return end('conflict', { kind: 'abort' }, note('conflict'));
      const changes = [...state.changes, ...event.changes];
      const moved = earlier === undefined ? {} : { earlier: { ...earlier, places } };
      return stay({ ...state, places, changes, ...moved });
    }
    case 'take':
      return { state, effects: [{ kind: 'enough' }] };
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
  const { earlier, ask } = state;
  const places = followAll(sent, state.changes);
  if (places === undefined) return end('conflict', note('conflict'));
  const known = earlier?.answers ?? [];
  const fresh = answers.filter(
    (answer, i) =>
      answer.texts.some((text, place) => text !== sent[place]?.old) &&
      ![...known, ...answers.slice(0, i)].some((other) => sameTexts(other, answer)),
  );
  const [first] = fresh;
  if (first === undefined) {
    return earlier === undefined
      ? end('unchanged', note('unchanged'))
      : toReview({ ...earlier, places, seed: ask.seed }, note('nothing-new'));
  }
  return toReview({
    places,
    answers: [...known, ...fresh],
    index: known.length,
    seed: ask.seed,
    moments: earlier?.moments ?? [],
    ...(ask.instruction === undefined ? {} : { instruction: ask.instruction }),
    ...keptBehind(earlier, first),
  });
}

/** Pinned words stay pinned in the candidate that was made around them. */
function keptBehind(earlier: Review | undefined, fresh: Answer): Pick<Review, 'kept'> {
  if (earlier?.kept === undefined) return {};
  const { side, ranges } = earlier.kept;
  if (side === 'old') return { kept: earlier.kept };
  const { texts } = answerOf(earlier);
  const moved = ranges.map((own, i) => found(own, texts[i] ?? '', fresh.texts[i] ?? ''));
  return { kept: { side, ranges: moved } };
}

function whileReviewing(review: Review, event: RewriteEvent): Decision {
  switch (event.kind) {
    case 'accept': {
      const { text } = event;
      const edits = joined(editsOf(review.places, answerOf(review)));
      const next = { ...review, answers: [], index: 0 };
      return { state: { kind: 'accepting', review, next, text }, effects: [{ kind: 'apply', edits, text }] };
    }
    case 'accept-hunk': {
      const edits = joined(inDocument(review.places, event.edits));
      return { state: taking(review, event), effects: [{ kind: 'apply', edits, text: event.text }] };
    }
    case 'inserted':
      return stay(taking(review, event));
    case 'reject-hunk': {
      const next = withoutKept(afterLeaving(review, event.edits));
      return hasChanges(next) ? toReview(next) : end(hasTaken(review) ? 'accepted' : 'rejected');
    }
    case 'reject':
    case 'cancel':
      return end('rejected');
    case 'closed':
      return end('closed');
    case 'next':
    case 'previous': {
      const index = neighbour(review, event.kind === 'next' ? 1 : -1);
      if (index === review.index)
        return event.kind === 'next' ? again(review) : stay({ kind: 'reviewing', review });
      const shown = { ...review, index };
      return toReview(review.kept?.side === 'new' ? withoutKept(shown) : shown);
    }
    case 'again':
      return again(review);
    case 'keep':
      return redrawn({ ...review, kept: keptWith(review, event) });
    case 'redo':
      if (event.words.every((own) => own.length === 0)) return stay({ kind: 'reviewing', review });
      return ask(review, { seed: review.seed + 1, texts: answerOf(review).texts, words: event.words });
    case 'changed': {
      const turned = turnedTo(review, event);
      if (turned !== undefined) return shownAgain(turned);
      const places = followAll(review.places, event.changes);
      return places === undefined ? end('conflict', note('conflict')) : redrawn({ ...review, places });
    }
    default:
      return stay({ kind: 'reviewing', review });
  }
}

function taking(
  review: Review,
  { edits, text }: { readonly edits: readonly PlaceEdit[]; readonly text: string },
): RewriteState {
  return { kind: 'accepting', review, next: withoutKept(afterTaking(review, edits)), text };
}

function whileAccepting(state: RewriteState & { kind: 'accepting' }, event: RewriteEvent): Decision {
  const { review, next, text } = state;
  if (event.kind === 'closed') return end('closed');
  if (event.kind !== 'applied') return stay(state);
  if (!event.done) {
    // Somebody else was faster; whether the places still hold their text is not for sure any more.
    if (event.text !== text) return end('conflict', note('conflict'));
    return toReview(review, note('not-applied'));
  }
  if (!hasChanges(next)) return end('accepted');
  const places = arrivedIn(event.text, state);
  if (places === undefined) return end('conflict', note('conflict'));
  const before = withMoment(review.moments, { text, places: review.places });
  return toReview({ ...next, places, moments: withMoment(before, { text: event.text, places }) });
}

/** One moment for one text, in the order in which they were first there. */
function withMoment(moments: readonly Moment[], moment: Moment): readonly Moment[] {
  const known = moments.findIndex(({ text }) => text === moment.text);
  return known < 0 ? [...moments, moment] : moments.with(known, moment);
}

/**
 * Undo and redo lead back to what stood there then. What was decided meanwhile stays decided: an answer is the whole new text
 * of a place, so a hunk that is undone is there to be taken again, and one that was rejected is not.
 */
function turnedTo(review: Review, event: RewriteEvent & { kind: 'changed' }): Review | undefined {
  const moment = event.isTurn ? review.moments.find(({ text }) => text === event.text) : undefined;
  if (moment === undefined) return undefined;
  const { places } = moment;
  const isSame = places.every(({ old }, i) => old === review.places[i]?.old);
  // Pinned words of a text that is not there any more.
  const rest = review.kept?.side === 'old' && !isSame ? withoutKept(review) : review;
  return { ...rest, places };
}

/** The cursor stays where the editor has put it. What changes nothing any more is not looked at. */
function shownAgain(review: Review, ...before: RewriteEffect[]): Decision {
  const index = hasChanges(review) ? review.index : neighbour(review, 1);
  const shown = { ...review, index };
  if (!hasChanges(shown)) return end(hasTaken(review) ? 'accepted' : 'rejected', ...before);
  const { state, effects } = redrawn(shown);
  return { state, effects: [...before, ...effects] };
}

/** Whether something of the rewrite stands in the document. */
function hasTaken({ moments, places }: Review): boolean {
  const [first] = moments;
  return first?.places.some(({ old }, i) => old !== places[i]?.old) ?? false;
}

/** Where the places are once their edit is done: what was typed before that was told is in the text, too. */
function arrivedIn(text: string, { text: before, review, next }: RewriteState & { kind: 'accepting' }) {
  const expected = textTaken(before, review.places, next.places);
  if (expected === text) return next.places;
  const { start, end, text: added } = leastEdit(expected, text);
  return followAll(next.places, [{ offset: start, length: end - start, text: added }]);
}

function again(review: Review): Decision {
  const { kept, seed } = review;
  if (kept === undefined || kept.ranges.every((own) => own.length === 0)) {
    return ask(review, { seed: seed + 1 });
  }
  const texts = kept.side === 'new' ? { texts: answerOf(review).texts } : {};
  return ask(review, { seed: seed + 1, ...texts, kept: kept.ranges });
}

function ask(review: Review, asked: Ask): Decision {
  const { instruction } = review;
  const what = instruction === undefined ? asked : { ...asked, instruction };
  return {
    state: { kind: 'denoising', places: review.places, changes: [], ask: what, earlier: review },
    effects: [{ kind: 'hide' }, { kind: 'request', ask: what }],
  };
}

/** Words are pinned on one side at a time: the model can start from the old text or from the candidate, not from both. */
function keptWith(
  { kept, places }: Review,
  { side, place, word }: RewriteEvent & { kind: 'keep' },
): NonNullable<Review['kept']> {
  const ranges = kept?.side === side ? kept.ranges : places.map(() => []);
  return { side, ranges: ranges.with(place, toggled(ranges[place] ?? [], word)) };
}

function withoutKept({ kept: _, ...review }: Review): Review {
  return review;
}

function toReview(review: Review, ...before: RewriteEffect[]): Decision {
  return {
    state: { kind: 'reviewing', review },
    effects: [...before, { kind: 'review', review, fresh: true }],
  };
}

/** The same to look at, drawn again. */
function redrawn(review: Review): Decision {
  return { state: { kind: 'reviewing', review }, effects: [{ kind: 'review', review, fresh: false }] };
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
