// What becomes of answers when the model finds the text best as it is. Pure.
import { isDoubted } from '../../../engine/candidates/quality/verdict';
import type { Candidate, RewriteRequest, Span } from './types';

export function isUnchanged({ texts }: Candidate, sent: readonly Span[]): boolean {
  return texts.every((text, span) => text === sent[span]?.old);
}

/**
 * Whether an answer that nobody can be sure of comes after the text as it is; the candidates are all there are, best first. Where
 * nothing stands yet, something is wanted.
 */
export function isBehindNoChange(
  { quality }: Candidate,
  [best]: readonly Candidate[],
  sent: readonly Span[],
): boolean {
  const hasText = sent.some(({ old }) => old.trim() !== '');
  return (
    hasText && quality !== undefined && isDoubted(quality) && best !== undefined && isUnchanged(best, sent)
  );
}

/** 0…1: a guess is worth showing where the model is sooner right than wrong. */
export const LEAST_OF_GUESS = 0.5;

/** Whether a guess is worth showing in place of a line in which nothing likelier was found. */
export function isGoodGuess({ quality }: Candidate): boolean {
  const { mark, isUnfitted, confidence = 0 } = quality ?? {};
  return mark === 'likely' && !isUnfitted && confidence >= LEAST_OF_GUESS;
}

/** Whether somebody says what to change, so that the text as it is cannot be what they want. */
export function isSteered({ isRepair, instruction, problem, words, pinned }: RewriteRequest): boolean {
  return [isRepair, instruction, problem, words, pinned].some((wish) => wish !== undefined);
}
