// What a review goes on with when more is asked for.
import type { Review, RewriteRequest } from './types';

export function wantedBy({ instruction, problem, isRepair }: RewriteRequest): Pick<Review, 'wanted'> {
  const wanted = {
    ...(instruction === undefined ? {} : { instruction }),
    ...(problem === undefined ? {} : { problem }),
    ...(isRepair ? { isRepair } : {}),
  };
  return Object.keys(wanted).length > 0 ? { wanted } : {};
}
