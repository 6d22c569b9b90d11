// What may happen while there is nothing good to show. Pure.
import { followAll } from '../../text/tracking';
import { end, refused, stay, toReview } from './decisions';
import type { Decision, RewriteEvent } from './transitions';
import type { Refusal } from './types';
import { wantedBy } from './wanted';

export function whileRefused(refusal: Refusal, event: RewriteEvent): Decision {
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
