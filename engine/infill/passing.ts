// A model that writes left to right and misses the end of its hole writes what stands behind it again, and more of its own behind
// that, until it may write no more. Where a whole line of that has come, the answer is what came before it.
import { trimSuffix } from '../candidates/trim';
import { placeSpans } from '../canvas/spans';
import type { Hole, Span } from '../canvas/types';
import type { Family } from '../checkpoint/family';
import type { TextTokenizer } from '../checkpoint/types';
import type { DecodeRequest } from '../decoding/request';
import type { InfillParams } from '../protocol';

/** UTF-16 units on each side of a hole that are looked at. */
const REACH = 8192;

interface Passing {
  readonly tokenizer: Pick<TextTokenizer, 'bytes' | 'decode'>;
  /** The file, and what is replaced in it. */
  readonly text: string;
  readonly span: Span;
  /** Where the next span begins: what stands there is to be written, too. */
  readonly until: number;
  readonly hole: Pick<Hole, 'cells' | 'head' | 'tail'>;
}

/** Models that denoise have their length beforehand or their end in view. */
export function passesBy({ infill, attention }: Pick<Family, 'infill' | 'attention'>): boolean {
  return infill.kind === 'fim-order' && attention.kind === 'block-causal' && attention.blockLength === 1;
}

/** For each hole, in text order. */
export function wholeAnswers(
  { text, spans }: Pick<InfillParams, 'text' | 'spans'>,
  holes: readonly Hole[],
  tokenizer: Passing['tokenizer'],
): DecodeRequest['wholeAt'] {
  const placed = placeSpans(text, spans);
  return (index, tokens) => {
    const [hole, span] = [holes[index], placed[index]];
    if (hole === undefined || span === undefined) return undefined;
    return wholeAnswer(tokens, {
      ...{ tokenizer, text, span, hole },
      until: placed[index + 1]?.start ?? text.length,
    });
  };
}

/**
 * How many of an answer's tokens are the answer, where the last of them ends the first line behind the hole that is not blank.
 * Undefined: it has not come there, or that line may as well be one of its own, as `trimSuffix` judges it.
 */
export function wholeAnswer(tokens: readonly number[], passing: Passing): number | undefined {
  const { tokenizer, text, span, until, hole } = passing;
  const last = tokens.at(-1);
  if (last === undefined || !tokenizer.bytes(last).includes(0x0a)) return undefined;
  const after = text.slice(span.end, Math.min(until, span.end + REACH));
  const [passed] = /^\s*\S[^\n]*\n/.exec(after) ?? [];
  const head = decoded(hole.head);
  const written = tokenizer.decode(tokens);
  if (passed === undefined || !written.endsWith(passed) || !written.startsWith(head)) return undefined;
  const answer = written.slice(head.length);
  const original = text.slice(span.start, span.end);
  // It stood there twice, and the first of them is the answer's.
  if (original.trimEnd().endsWith(passed.trimEnd())) return undefined;
  const context = { before: text.slice(Math.max(0, span.start - REACH), span.start), after, original };
  if (answer.length - trimSuffix(answer, context).length < passed.length) return undefined;
  const own = head.length + answer.length - passed.length + decoded(hole.tail).length;
  for (let count = tokens.length - 1; count >= 0; count--) {
    const { length } = tokenizer.decode(tokens.slice(0, count));
    if (length === own) return count;
    if (length < own) break;
  }
  // A token spans the border: what is too much of it is trimmed, unless the border has to stay as it is.
  return hole.tail.length === 0 ? tokens.length : undefined;
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
