// Which candidate a person sees first.
import type { Candidate } from '../protocol';
import { GRAVE } from './quality/flaws';
import { isDoubted, type Quality } from './quality/verdict';

/** Whether a candidate leaves the text as it is. */
export function changesNothing(text: string, candidate: Candidate): boolean {
  return candidate.spans.every((span) => text.slice(span.start, span.end) === span.text);
}

/**
 * Best first. Equal texts are one candidate, with the best score among them. One that changes nothing is kept, so that "the
 * model would leave it" can be told from "no answer", but comes last. One with fewer grave flaws comes before one with more. Of
 * those the likelier one is first, where each lesser flaw halves how likely it is to be right; where that is not known, the one with
 * fewer flaws, then the one of the higher score. Ties keep the order given.
 */
export function rankCandidates(text: string, candidates: readonly Candidate[]): readonly Candidate[] {
  const best = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = JSON.stringify(candidate.spans.map((span) => span.text));
    const known = best.get(key);
    if (known === undefined || standing(candidate) > standing(known)) best.set(key, candidate);
  }
  const idle = (candidate: Candidate): number => Number(changesNothing(text, candidate));
  return [...best.values()].sort(
    (a, b) => idle(a) - idle(b) || grave(a) - grave(b) || unlikelier(a, b) || standing(b) - standing(a),
  );
}

/**
 * With the text as it is in front, where that is likelier than the best change and there is a reason to doubt the change; as the
 * editor then suggests no change. Where nothing stands yet, something is wanted.
 */
export function asItIsFirst<A extends Candidate & { readonly quality: Quality }>(
  text: string,
  candidates: readonly A[],
): readonly A[] {
  const [best] = candidates;
  const same = candidates.find((candidate) => changesNothing(text, candidate));
  if (best === undefined || same === undefined || best === same || !isDoubted(best.quality))
    return candidates;
  const isBlank = best.spans.every(({ start, end }) => text.slice(start, end).trim() === '');
  if (isBlank || standing(same) <= standing(best)) return candidates;
  return [same, ...candidates.filter((candidate) => candidate !== same)];
}

function grave({ flaws = [] }: Candidate): number {
  return flaws.filter((flaw) => GRAVE.has(flaw)).length;
}

/** What is improbable stands in the likelihood already. */
function lesser({ flaws = [] }: Candidate): number {
  return flaws.filter((flaw) => flaw !== 'improbable' && !GRAVE.has(flaw)).length;
}

/** Above 0: `b` goes first. */
function unlikelier(a: Candidate, b: Candidate): number {
  if (a.confidence === undefined || b.confidence === undefined) return lesser(a) - lesser(b);
  return b.confidence / 2 ** lesser(b) - a.confidence / 2 ** lesser(a);
}

/** How likely a candidate is right where that is known of all, else its score. */
function standing({ confidence, score }: Candidate): number {
  return confidence ?? score;
}
