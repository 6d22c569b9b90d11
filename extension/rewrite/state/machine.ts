// What a rewrite may do next. A pure decider: state and event in, state and effects out; every call to the editor or the
// engine is an effect that somebody else carries out. So every order of events can be tested without either.
import { isCrash } from '../../../engine/rpc/failures';
import { joined, leastEdit } from '../../text/edits';
import { found, toggled } from '../../text/rangeSets';
import { followAll } from '../../text/tracking';
import { asDraft, isWorthShowing, ranked } from '../quality/verdict';
import {
  afterLeaving,
  afterTaking,
  candidateOf,
  editsOf,
  hasChanges,
  inDocument,
  neighbour,
  textTaken,
} from './acceptance';
import { isBehindNoChange, isSteered, isUnchanged } from './noChange';
import type { Decision, Note, RewriteEffect, RewriteEvent, RewriteState } from './transitions';
import type {
  Candidate,
  Ending,
  Moment,
  Refusal,
  Review,
  RewriteRequest,
  Span,
  SpanEdit,
  Wanted,
} from './types';
import { wantedBy } from './wanted';

/** Another seed, then another with less strength: who gets nothing good from three gets nothing from more. */
const MOST_RETRIES = 2;

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
  return answered({ kind: 'denoising', spans, changes: [], request: { seed, ...wanted } }, spans, candidates);
}

/** A review that was over, of the document as it stands now. */
export function resume(review: Review): Decision {
  return toReview({ ...review, moments: [] });
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

function whileDenoising(state: RewriteState & { kind: 'denoising' }, event: RewriteEvent): Decision {
  const { earlier } = state;
  switch (event.kind) {
    case 'answered':
      return answered(state, event.spans, event.candidates);
    case 'failed':
      // A try with less strength may find no room for what it keeps; what the others held back is still there.
      if (state.held !== undefined && event.error.code !== 'cancelled') return nothingGood(state, state.held);
      if (earlier === undefined) {
        return end(isCrash(event.error) ? 'interrupted' : 'failed', { kind: 'error', error: event.error });
      }
      return toReview(earlier, { kind: 'error', error: event.error });
    case 'changed': {
      const turned = earlier && turnedTo(earlier, event);
      if (turned !== undefined) return shownAgain(turned, { kind: 'abort' });
      const spans = followAll(state.spans, event.changes);
      if (spans === undefined) return end('conflict', { kind: 'abort' }, note('conflict'));
      const changes = [...state.changes, ...event.changes];
      const moved = earlier === undefined ? {} : { earlier: { ...earlier, spans } };
      return stay({ ...state, spans, changes, ...moved });
    }
    case 'take':
      return { state: { ...state, isTaken: true }, effects: [{ kind: 'enough' }] };
    case 'cancel':
    case 'reject':
    case 'interrupted': {
      const how = event.kind === 'interrupted' ? 'interrupted' : 'cancelled';
      return earlier === undefined ? end(how, { kind: 'abort' }) : toReview(earlier, { kind: 'abort' });
    }
    case 'closed':
      return end('closed', { kind: 'abort' });
    default:
      return stay(state);
  }
}

function answered(
  state: RewriteState & { kind: 'denoising' },
  sent: readonly Span[],
  candidates: readonly Candidate[],
): Decision {
  const { earlier, request } = state;
  const spans = followAll(sent, state.changes);
  if (spans === undefined) return end('conflict', note('conflict'));
  const known = earlier?.candidates ?? [];
  const fresh = candidates.filter(
    (candidate, i) =>
      !isUnchanged(candidate, sent) &&
      ![...known, ...candidates.slice(0, i)].some((other) => sameTexts(other, candidate)),
  );
  const showsAll = earlier?.showsAll || state.isTaken;
  const isOpen = earlier === undefined && !isSteered(request);
  const behind = (one: Candidate): boolean => isOpen && isBehindNoChange(one, candidates, sent);
  const good = showsAll ? fresh : fresh.filter((one) => isWorthShowing(one) && !behind(one));
  const [first] = good;
  // What the model would leave as it is, it is not asked about again: the other answers are worse in its own eyes.
  if (first === undefined && fresh.some(behind)) return end('unchanged', note('unchanged'));
  if (first === undefined && fresh.length > 0) return held({ ...state, spans }, fresh);
  if (first === undefined) {
    const held = state.held ?? [];
    // A later try came to nothing at all: what the first ones held back is still all that there is.
    if (held.length > 0) return nothingGood({ ...state, spans }, held);
    // An answer that is damaged, or none: that is not the model's wish to leave everything as it is.
    if (candidates.length === 0 && !request.isRepair && earlier === undefined)
      return end('no-answer', note('no-answer'));
    const nothing = request.isRepair ? 'nothing-to-repair' : 'unchanged';
    return earlier === undefined
      ? end('unchanged', note(nothing))
      : toReview({ ...earlier, spans, seed: request.seed }, note('nothing-new'));
  }
  return toReview({
    spans,
    candidates: [...known, ...(state.isTaken ? good.map(marked) : good)],
    index: known.length,
    seed: request.seed,
    moments: earlier?.moments ?? [],
    ...(earlier?.showsAll ? { showsAll: true } : {}),
    ...wantedBy(request),
    ...pinsBehind(earlier, first),
  });
}

function marked(candidate: Candidate): Candidate {
  return { ...candidate, quality: asDraft(candidate.quality) };
}

/** Nothing of it is worth showing: it is tried again, in silence, as long as that may help. */
function held(state: RewriteState & { kind: 'denoising' }, fresh: readonly Candidate[]): Decision {
  const { request } = state;
  const all = [...(state.held ?? []), ...fresh];
  const tries = (request.tries ?? 0) + 1;
  if (tries > MOST_RETRIES) return nothingGood(state, all);
  const next = { ...request, seed: request.seed + 1, tries };
  return {
    state: { ...state, changes: [], request: next, held: all },
    effects: [{ kind: 'request', request: next }],
  };
}

function nothingGood(
  { spans, request: { tries: _, ...request }, earlier }: RewriteState & { kind: 'denoising' },
  candidates: readonly Candidate[],
): Decision {
  if (earlier !== undefined) {
    const heldBack = [...(earlier.heldBack ?? []), ...ranked(candidates)];
    return toReview({ ...earlier, spans, seed: request.seed, heldBack }, note('nothing-good'));
  }
  return refused({ spans, candidates: ranked(candidates), request }, true);
}

function refused(refusal: Refusal, fresh: boolean): Decision {
  return { state: { kind: 'refused', refusal }, effects: [{ kind: 'refuse', refusal, fresh }] };
}

function whileRefused(refusal: Refusal, event: RewriteEvent): Decision {
  const { spans, candidates, request } = refusal;
  switch (event.kind) {
    case 'show-anyway': {
      const { seed } = request;
      return toReview(
        { spans, candidates, index: 0, seed, moments: [], showsAll: true, ...wantedBy(request) },
        { kind: 'hide' },
      );
    }
    case 'again': {
      const next = { ...request, seed: request.seed + 1 };
      return {
        state: { kind: 'denoising', spans, changes: [], request: next },
        effects: [{ kind: 'hide' }, { kind: 'request', request: next }],
      };
    }
    case 'changed': {
      const moved = followAll(spans, event.changes);
      return moved === undefined ? end('closed') : refused({ ...refusal, spans: moved }, false);
    }
    case 'reject':
    case 'cancel':
      return end('rejected');
    case 'closed':
      return end('closed');
    default:
      return stay({ kind: 'refused', refusal });
  }
}

/** Pinned words stay pinned in the candidate that was made around them. */
function pinsBehind(earlier: Review | undefined, fresh: Candidate): Pick<Review, 'pinned'> {
  if (earlier?.pinned === undefined) return {};
  const { side, ranges } = earlier.pinned;
  if (side === 'old') return { pinned: earlier.pinned };
  const { texts } = candidateOf(earlier);
  const moved = ranges.map((own, i) => found(own, texts[i] ?? '', fresh.texts[i] ?? ''));
  return { pinned: { side, ranges: moved } };
}

function whileReviewing(review: Review, event: RewriteEvent): Decision {
  switch (event.kind) {
    case 'accept': {
      const { text } = event;
      const edits = joined(editsOf(review.spans, candidateOf(review)));
      const next = { ...review, candidates: [], index: 0 };
      return { state: { kind: 'accepting', review, next, text }, effects: [{ kind: 'apply', edits, text }] };
    }
    case 'accept-hunk': {
      const edits = joined(inDocument(review.spans, event.edits));
      return { state: taking(review, event), effects: [{ kind: 'apply', edits, text: event.text }] };
    }
    case 'inserted':
      return stay(taking(review, event));
    case 'reject-hunk': {
      const next = withoutPins(afterLeaving(review, event.edits));
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
      return toReview(review.pinned?.side === 'new' ? withoutPins(shown) : shown);
    }
    case 'again':
      return again(review);
    case 'show-anyway': {
      const { heldBack = [], ...rest } = review;
      if (heldBack.length === 0) return stay({ kind: 'reviewing', review });
      const candidates = [...review.candidates, ...heldBack];
      const [first = candidateOf(review)] = heldBack;
      const pinned = pinsBehind(review, first);
      return toReview({ ...rest, candidates, index: review.candidates.length, showsAll: true, ...pinned });
    }
    case 'pin':
      return redrawn({ ...review, pinned: pinsWith(review, event) });
    case 'redo':
      if (event.words.every((own) => own.length === 0)) return stay({ kind: 'reviewing', review });
      return requestMore(review, {
        seed: review.seed + 1,
        texts: candidateOf(review).texts,
        words: event.words,
      });
    case 'changed': {
      const turned = turnedTo(review, event);
      if (turned !== undefined) return shownAgain(turned);
      const spans = followAll(review.spans, event.changes);
      return spans === undefined ? end('conflict', note('conflict')) : redrawn({ ...review, spans });
    }
    default:
      return stay({ kind: 'reviewing', review });
  }
}

function taking(
  review: Review,
  { edits, text }: { readonly edits: readonly SpanEdit[]; readonly text: string },
): RewriteState {
  return { kind: 'accepting', review, next: withoutPins(afterTaking(review, edits)), text };
}

function whileAccepting(state: RewriteState & { kind: 'accepting' }, event: RewriteEvent): Decision {
  const { review, next, text } = state;
  if (event.kind === 'closed') return end('closed');
  if (event.kind !== 'applied') return stay(state);
  if (!event.done) {
    // Somebody else was faster; whether the spans still hold their text is not for sure any more.
    if (event.text !== text) return end('conflict', note('conflict'));
    return toReview(review, note('not-applied'));
  }
  if (!hasChanges(next)) return end('accepted');
  const spans = arrivedIn(event.text, state);
  if (spans === undefined) return end('conflict', note('conflict'));
  const before = withMoment(review.moments, { text, spans: review.spans });
  return toReview({ ...next, spans, moments: withMoment(before, { text: event.text, spans }) });
}

/** One moment for one text, in the order in which they were first there. */
function withMoment(moments: readonly Moment[], moment: Moment): readonly Moment[] {
  const known = moments.findIndex(({ text }) => text === moment.text);
  return known < 0 ? [...moments, moment] : moments.with(known, moment);
}

/**
 * Undo and redo lead back to what stood there then. What was decided meanwhile stays decided: a candidate is the whole new text
 * of a span, so a hunk that is undone is there to be taken again, and one that was rejected is not.
 */
function turnedTo(review: Review, event: RewriteEvent & { kind: 'changed' }): Review | undefined {
  const moment = event.isTurn ? review.moments.find(({ text }) => text === event.text) : undefined;
  if (moment === undefined) return undefined;
  const { spans } = moment;
  const isSame = spans.every(({ old }, i) => old === review.spans[i]?.old);
  // Pinned words of a text that is not there any more.
  const rest = review.pinned?.side === 'old' && !isSame ? withoutPins(review) : review;
  return { ...rest, spans };
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
function hasTaken({ moments, spans }: Review): boolean {
  const [first] = moments;
  return first?.spans.some(({ old }, i) => old !== spans[i]?.old) ?? false;
}

/** Where the spans are once their edit is done: what was typed before that was told is in the text, too. */
function arrivedIn(text: string, { text: before, review, next }: RewriteState & { kind: 'accepting' }) {
  const expected = textTaken(before, review.spans, next.spans);
  if (expected === text) return next.spans;
  const { start, end, text: added } = leastEdit(expected, text);
  return followAll(next.spans, [{ offset: start, length: end - start, text: added }]);
}

function again(review: Review): Decision {
  const { pinned, seed } = review;
  if (pinned === undefined || pinned.ranges.every((own) => own.length === 0)) {
    return requestMore(review, { seed: seed + 1 });
  }
  const texts = pinned.side === 'new' ? { texts: candidateOf(review).texts } : {};
  return requestMore(review, { seed: seed + 1, ...texts, pinned: pinned.ranges });
}

function requestMore(review: Review, asked: RewriteRequest): Decision {
  const { isRepair, ...wanted } = review.wanted ?? {};
  const isSteered = asked.words !== undefined || asked.pinned !== undefined;
  const what: RewriteRequest = { ...asked, ...wanted, ...(isRepair && !isSteered ? { isRepair } : {}) };
  return {
    state: { kind: 'denoising', spans: review.spans, changes: [], request: what, earlier: review },
    effects: [{ kind: 'hide' }, { kind: 'request', request: what }],
  };
}

/** Words are pinned on one side at a time: the model can start from the old text or from the candidate, not from both. */
function pinsWith(
  { pinned, spans }: Review,
  { side, span, word }: RewriteEvent & { kind: 'pin' },
): NonNullable<Review['pinned']> {
  const ranges = pinned?.side === side ? pinned.ranges : spans.map(() => []);
  return { side, ranges: ranges.with(span, toggled(ranges[span] ?? [], word)) };
}

function withoutPins({ pinned: _, ...review }: Review): Review {
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

function sameTexts(a: Candidate, b: Candidate): boolean {
  return a.texts.length === b.texts.length && a.texts.every((text, i) => text === b.texts[i]);
}
