// Where an answer is cut that came to its bound without an end of its own: the head that reads on into the text behind it
// (engine/runtime/join.ts) says where that follows.
import type { HoleAnswer } from './types';

/** Nats for each token that stays: the likeliest text is too short a text. Flat from 0 to 1 on held-out spans. */
const STAY = 0.5;

/**
 * The answer up to its best end. `scores`: [ids.length + 1], of the answer cut behind its first k tokens, comparable with each
 * other. Locked tokens stay, and so does one token at the least: that a hole is empty is for the end token to say.
 */
export function cutAtBestEnd(answer: HoleAnswer, scores: readonly number[]): HoleAnswer {
  const { ids, logProbs, locked } = answer;
  const least = Math.max(1, locked.lastIndexOf(1) + 1);
  const worth = (k: number) => (scores[k] ?? -Infinity) + STAY * k;
  let best = ids.length;
  for (let k = least; k < ids.length; k++) if (worth(k) > worth(best)) best = k;
  return { ids: ids.slice(0, best), logProbs: logProbs.slice(0, best), locked: locked.slice(0, best) };
}
