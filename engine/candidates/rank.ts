// Which candidate a person sees first, and whether they should see one at all.
import type { HoleAnswer } from '../decoding/types';
import type { Candidate } from '../protocol';

/**
 * Score of an answer without a token of the model's own (an emptied hole, or one that was locked throughout): nothing is
 * known of it, so it stands where a guess among some twenty thousand tokens would.
 */
export const UNSCORED = -10;

/** Mean natural-logarithm probability per token over all holes; locked tokens do not count. */
export function scoreOf(answers: readonly Pick<HoleAnswer, 'logProbs' | 'locked'>[]): number {
  let sum = 0;
  let count = 0;
  for (const { logProbs, locked } of answers) {
    for (const [i, logProb] of logProbs.entries()) {
      if (locked[i] === 1) continue;
      sum += logProb;
      count++;
    }
  }
  return count === 0 || !Number.isFinite(sum) ? UNSCORED : sum / count;
}

/** Whether a candidate leaves the text as it is. */
export function changesNothing(text: string, candidate: Candidate): boolean {
  return candidate.spans.every((span) => text.slice(span.start, span.end) === span.text);
}

/**
 * Best first. Equal texts are one candidate, with the best score among them. One that changes nothing is kept, so that "the
 * model would leave it" can be told from "no answer", but comes last. Ties keep the order given.
 */
export function rankCandidates(text: string, candidates: readonly Candidate[]): readonly Candidate[] {
  const best = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = JSON.stringify(candidate.spans.map((span) => span.text));
    const known = best.get(key);
    if (known === undefined || standing(candidate) > standing(known)) best.set(key, candidate);
  }
  const idle = (candidate: Candidate): number => Number(changesNothing(text, candidate));
  return [...best.values()].sort((a, b) => idle(a) - idle(b) || standing(b) - standing(a));
}

/** How likely a candidate is right where that is known of all, else its score. */
function standing({ confidence, score }: Candidate): number {
  return confidence ?? score;
}

/**
 * The confidence gate: whether to show a candidate unasked. `threshold` is the least geometric mean of the tokens'
 * probabilities, 0…1; one that changes nothing is never worth showing.
 */
export function isWorthShowing(text: string, candidate: Candidate, threshold: number): boolean {
  return Math.exp(candidate.score) >= threshold && !changesNothing(text, candidate);
}
