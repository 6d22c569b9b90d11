// What may happen while there is nothing good to show. Pure.
import { areWithin } from '../../text/offsets';
import { followAll } from '../../text/tracking';
import type { OffsetRange } from '../../text/types';
import { end, refused, stay, toReview } from './decisions';
import { isSteered } from './noChange';
import type { Decision, RewriteEvent } from './transitions';
import type { Refusal, Wanted } from './types';
import { wantedBy } from './wanted';

export function whileRefused(refusal: Refusal, event: RewriteEvent): Decision {
  const { spans, candidates, request } = refusal;
  switch (event.kind) {
    case 'show-anyway': {
      // Nothing was made so far.
      if (candidates.length === 0) return again(refusal);
      const { seed } = request;
      return toReview(
        { spans, candidates, index: 0, seed, moments: [], showsAll: true, ...wantedBy(request) },
        { kind: 'hide' },
      );
    }
    case 'again':
      return again(refusal);
    case 'changed': {
      const moved = followAll(spans, event.changes);
      return moved === undefined ? end('closed') : refused({ ...refusal, spans: moved }, false);
    }
    case 'reject':
    case 'cancel':
      // Where nothing was made, nothing is rejected.
      return end(candidates.length === 0 ? 'cancelled' : 'rejected');
    case 'closed':
      return end('closed');
    default:
      return stay({ kind: 'refused', refusal });
  }
}

/** Whether a rewrite of `places` is one of what was only looked at. */
export function isAskedAgain(
  { spans, untouched }: Refusal,
  places: readonly OffsetRange[],
  wanted: Wanted,
): boolean {
  const isSame = areWithin(places, spans) && areWithin(spans, places);
  return untouched !== undefined && isSame && !isSteered({ seed: 0, ...wanted });
}

function again({ spans, request, untouched }: Refusal): Decision {
  // What was only looked at has not had its first seed.
  const next = untouched ? { ...request, isWhole: true as const } : { ...request, seed: request.seed + 1 };
  return {
    state: { kind: 'denoising', spans, changes: [], request: next },
    effects: [{ kind: 'hide' }, { kind: 'request', request: next }],
  };
}
