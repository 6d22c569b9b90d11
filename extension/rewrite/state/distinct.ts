// Several tries of one request often find the same answer: a person is shown it once. Pure.
import type { Candidate } from './types';

/** Those of `candidates` whose texts are neither among `known` nor earlier in the list, in their order. */
export function newOnes(known: readonly Candidate[], candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(
    (candidate, i) => ![...known, ...candidates.slice(0, i)].some((other) => sameTexts(other, candidate)),
  );
}

function sameTexts(a: Candidate, b: Candidate): boolean {
  return a.texts.length === b.texts.length && a.texts.every((text, i) => text === b.texts[i]);
}
