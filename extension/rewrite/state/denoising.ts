// What may happen while the engine works on an answer, and what becomes of the answer. Pure.

import { asDraft, isWorthShowing, ranked } from '../../../engine/candidates/quality/verdict';
import { isCrash } from '../../../engine/rpc/failures';
import { followAll } from '../../text/tracking';
import { end, note, refused, shownAgain, stay, toReview } from './decisions';
import { newOnes } from './distinct';
import { turnedTo } from './moments';
import { isBehindNoChange, isGoodGuess, isSteered, isUnchanged } from './noChange';
import { pinsBehind } from './pins';
import type { Decision, RewriteEffect, RewriteEvent, RewriteState } from './transitions';
import { mayTryAgain, type TriesTime } from './tries';
import type { Candidate } from './types';
import { wantedBy } from './wanted';

export function whileDenoising(state: RewriteState & { kind: 'denoising' }, event: RewriteEvent): Decision {
  const { earlier } = state;
  switch (event.kind) {
    case 'answered':
      return answered(state, event);
    case 'untouched': {
      const { request, changes, held } = state;
      // Only what nothing was masked of is looked at: what there was is still there.
      if (earlier !== undefined) return toReview(earlier);
      if (held !== undefined) return nothingGood(state, held);
      const spans = followAll(event.spans, changes);
      if (spans === undefined) return end('conflict', note('conflict'));
      return refused({ spans, candidates: [], request, untouched: event.why }, true);
    }
    case 'sent':
      return stay({ ...state, changes: [] });
    case 'failed':
      // A try with less strength may find no room for what it keeps; what the others held back is still there.
      if (state.held !== undefined && state.held.length > 0 && event.error.code !== 'cancelled') {
        // That the engine has gone is no matter of this try alone.
        const said = isCrash(event.error) ? [{ kind: 'error', error: event.error } as const] : [];
        return nothingGood(state, state.held, ...said);
      }
      if (earlier === undefined) {
        return end(isCrash(event.error) ? 'interrupted' : 'failed', { kind: 'error', error: event.error });
      }
      return toReview(earlier, { kind: 'error', error: event.error });
    case 'late':
      // A first try takes what it takes, and who has taken a draft is about to get it.
      if (state.held === undefined || state.isTaken) return stay(state);
      return nothingGood(state, state.held, { kind: 'abort' });
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

type Answered = RewriteEvent & { kind: 'answered' };

export function answered(
  state: RewriteState & { kind: 'denoising' },
  { spans: sent, candidates, millis = 0, readMillis = 0, isRepaired, guess }: Answered,
): Decision {
  const { earlier, request } = state;
  const took = { spent: millis, read: readMillis };
  const spans = followAll(sent, state.changes);
  if (spans === undefined) return end('conflict', note('conflict'));
  const known = earlier?.candidates ?? [];
  const fresh = newOnes(
    known,
    candidates.filter((candidate) => !isUnchanged(candidate, sent)),
  );
  const showsAll = earlier?.showsAll || state.isTaken;
  const isOpen = earlier === undefined && !isSteered(request);
  const behind = (one: Candidate): boolean => isOpen && isBehindNoChange(one, candidates, sent);
  const isGood = guess === undefined ? isWorthShowing : isGoodGuess;
  const good = showsAll ? fresh : fresh.filter((one) => isGood(one) && !behind(one));
  const [first] = good;
  // What the model would leave as it is, it is not asked about again: the other answers are worse in its own eyes.
  if (first === undefined && fresh.some(behind)) return end('unchanged', note('unchanged'));
  // Another seed guesses no better.
  if (first === undefined && fresh.length > 0 && guess !== undefined)
    return refused({ spans, candidates: [], request, untouched: guess }, true);
  if (first === undefined && fresh.length > 0) return goOn({ ...state, spans }, fresh, took);
  if (first === undefined) {
    const held = state.held ?? [];
    // A later try came to nothing at all: what the first ones held back is still all that there is.
    if (held.length > 0) return nothingGood({ ...state, spans }, held);
    // Somebody said what to change, and nothing is: another seed may do it.
    if (candidates.length > 0 && request.instruction !== undefined && earlier === undefined && !state.isTaken)
      return goOn({ ...state, spans }, [], took);
    // The first try was no failure.
    if (state.held !== undefined) return nothingGood({ ...state, spans }, []);
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
    ...wholeLater(state, isRepaired),
    moments: earlier?.moments ?? [],
    ...(earlier?.showsAll ? { showsAll: true } : {}),
    ...(earlier?.heldBack === undefined ? {} : { heldBack: earlier.heldBack }),
    ...wantedBy(request),
    ...pinsBehind(earlier, first),
  });
}

/** The seed by which all of it is still to be masked, behind a word of it. */
function wholeLater(
  { earlier, request }: RewriteState & { kind: 'denoising' },
  isRepaired = false,
): { readonly wholeSeed?: number } {
  if (isRepaired) return { wholeSeed: request.seed };
  const wholeSeed = earlier?.wholeSeed;
  const isDone = request.words === undefined && request.pinned === undefined;
  return wholeSeed === undefined || isDone ? {} : { wholeSeed };
}

function marked(candidate: Candidate): Candidate {
  return { ...candidate, quality: asDraft(candidate.quality) };
}

/** Nothing of it is worth showing, or `fresh` is empty, for it leaves everything as it is: it is tried again as long as that may help. */
function goOn(
  state: RewriteState & { kind: 'denoising' },
  fresh: readonly Candidate[],
  took: TriesTime,
): Decision {
  const { request } = state;
  const before = state.held ?? [];
  const all = [...before, ...newOnes(before, fresh)];
  const tries = (request.tries ?? 0) + 1;
  const time = { spent: (request.spent ?? 0) + took.spent, read: (request.read ?? 0) + took.read };
  if (!mayTryAgain(tries, time)) return nothingGood(state, all);
  const next = { ...request, seed: request.seed + 1, tries, ...time };
  return {
    state: { ...state, changes: [], request: next, held: all },
    effects: [{ kind: 'request', request: next }],
  };
}

function nothingGood(
  {
    spans,
    request: { tries: _, spent: __, read: ___, ...request },
    earlier,
  }: RewriteState & { kind: 'denoising' },
  candidates: readonly Candidate[],
  ...before: RewriteEffect[]
): Decision {
  if (candidates.length === 0) return end('unchanged', ...before, note('not-followed'));
  if (earlier !== undefined) {
    const known = earlier.heldBack ?? [];
    const heldBack = [...known, ...newOnes(known, ranked(candidates))];
    return toReview({ ...earlier, spans, seed: request.seed, heldBack }, ...before, note('nothing-good'));
  }
  const { state, effects } = refused({ spans, candidates: ranked(candidates), request }, true);
  return { state, effects: [...before, ...effects] };
}
