// Which candidate a person sees first.
import type { Candidate } from '../protocol';
import { GRAVE } from './quality/flaws';

/** Whether a candidate leaves the text as it is. */
export function changesNothing(text: string, candidate: Candidate): boolean {
  return candidate.spans.every((span) => text.slice(span.start, span.end) === span.text);
}

/**
 * Best first. Equal texts are one candidate, with the best score among them. One that changes nothing is kept, so that "the
 * model would leave it" can be told from "no answer", but comes last. One with fewer grave flaws comes before one with more,
 * then one with fewer flaws, then the likelier one. Ties keep the order given.
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
    (a, b) => idle(a) - idle(b) || weight(a) - weight(b) || standing(b) - standing(a),
  );
}

/** Any number of lesser flaws weighs less than one that is grave. What is improbable stands in the likelihood already. */
function weight({ flaws = [] }: Candidate): number {
  const counted = flaws.filter((flaw) => flaw !== 'improbable');
  const grave = counted.filter((flaw) => GRAVE.has(flaw)).length;
  return grave * 100 + counted.length;
}

/** How likely a candidate is right where that is known of all, else its score. */
function standing({ confidence, score }: Candidate): number {
  return confidence ?? score;
}
