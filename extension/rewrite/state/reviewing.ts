// What may happen while a candidate is under review. Pure.
import { joined } from '../../text/edits';
import { followAll } from '../../text/tracking';
import {
  afterLeaving,
  afterTaking,
  candidateOf,
  editsOf,
  hasChanges,
  inDocument,
  neighbour,
} from './acceptance';
import { end, note, redrawn, shownAgain, stay, toReview } from './decisions';
import { newOnes } from './distinct';
import { hasTaken, turnedTo } from './moments';
import { pinsBehind, pinsBeside, pinsWith, withoutPins } from './pins';
import type { Decision, RewriteEvent, RewriteState } from './transitions';
import type { Review, RewriteRequest, SpanEdit } from './types';

export function whileReviewing(review: Review, event: RewriteEvent): Decision {
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
      const { heldBack, ...rest } = review;
      if (heldBack === undefined) return stay({ kind: 'reviewing', review });
      const more = newOnes(review.candidates, heldBack);
      const [first] = more;
      if (first === undefined) return redrawn({ ...rest, showsAll: true });
      const candidates = [...review.candidates, ...more];
      const pinned = pinsBehind(review, first);
      return toReview({ ...rest, candidates, index: review.candidates.length, showsAll: true, ...pinned });
    }
    case 'pin':
      return redrawn({ ...review, pinned: pinsWith(review, event) });
    case 'redo':
      if (event.words.every((own) => own.length === 0)) return stay({ kind: 'reviewing', review });
      return requestMore(pinsBeside(review, event.words), {
        seed: review.seed + 1,
        texts: candidateOf(review).texts,
        words: event.words,
      });
    case 'looked':
      return event.of === review.candidates
        ? redrawn({ ...review, candidates: event.candidates })
        : stay({ kind: 'reviewing', review });
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

function again(review: Review): Decision {
  const { pinned, seed, wholeSeed = seed + 1 } = review;
  if (pinned === undefined || pinned.ranges.every((own) => own.length === 0)) {
    return requestMore(review, { seed: wholeSeed });
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
