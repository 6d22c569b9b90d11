// A model that does nothing but repeat itself seldom finds out of it: the rest of its answer is not waited for. Pure.
import type { HoleText } from '../candidates/blockEnd';
import { withLineEnds } from '../candidates/lines';
import { repetition } from '../candidates/quality/loops';
import type { Checkpoint, TextTokenizer } from '../checkpoint/types';
import type { DecodeRequest } from '../decoding/request';
import type { InfillParams } from '../protocol';
import { holeTexts } from './holeTexts';

/** Tokens after which an answer is looked at, whether it ends a line or not. */
const EVERY = 16;
/** UTF-16 units at its end that are looked at. */
const LOOKED_AT = 2000;
/** UTF-16 units on each side of a hole: what repeats there may repeat in it. */
const REACH = 8192;

/** `blockLength`: tokens that are written between two looks. */
export function isLookedAt({ length }: readonly number[], blockLength = 1): boolean {
  return length % EVERY < blockLength;
}

/** Whether the answer so far repeats itself as no code does. With line feeds. */
export function loops(answer: string, { before, selected, after }: HoleText): boolean {
  const around = () => before.slice(-REACH) + after.slice(0, REACH);
  return repetition(answer.slice(-LOOKED_AT), selected, around) === 'loops';
}

/**
 * For models that go block by block and whose answer has an end of its own: it is over, too, where it loops. Undefined for others: what
 * is denoised as a whole has its length, and what was fitted to a cached canvas counts on whole answers.
 */
export function loopingAnswers(
  { text, spans }: Pick<InfillParams, 'text' | 'spans'>,
  {
    family: { attention },
    tokenizer,
  }: Pick<Checkpoint, 'family'> & { readonly tokenizer: Pick<TextTokenizer, 'decode'> },
): DecodeRequest['wholeAt'] {
  if (attention.kind !== 'block-causal') return undefined;
  const sides = holeTexts(text, spans);
  return (index, tokens) => {
    const around = sides[index];
    if (around === undefined || !isLookedAt(tokens, attention.blockLength)) return undefined;
    return loops(withLineEnds(tokenizer.decode(tokens), '\n'), around) ? tokens.length : undefined;
  };
}
