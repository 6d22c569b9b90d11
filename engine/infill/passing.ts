// A model that writes left to right often misses the end of its hole: it writes what stands behind it again, or leaves the block that
// the hole is in, and goes on until it may write no more. The answer is what came before that. Pure.
import { imbalance } from '../candidates/balance';
import { trimSuffix } from '../candidates/trim';
import { wholeLineWhere } from '../candidates/wholeLines';
import { placeSpans } from '../canvas/spans';
import type { Hole, Span } from '../canvas/types';
import type { Family } from '../checkpoint/family';
import type { TextTokenizer } from '../checkpoint/types';
import type { DecodeRequest } from '../decoding/request';
import type { InfillParams } from '../protocol';

/** UTF-16 units on each side of a hole that are looked at. */
const REACH = 8192;
/** Columns of a tab, where lines of both kinds are compared. */
const TAB = 4;

/** Lines that may begin further out and still belong to what is written: directives, further branches, closing brackets. */
const GOES_ON =
  /^\s*([)\]}]|#(if|ifdef|ifndef|else|elif|endif|define|undef|include|pragma)\b|(else|elif|except|finally|catch|case|default)\b)/;

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
  return (index, tokens, isBound) => {
    const [hole, span] = [holes[index], placed[index]];
    if (hole === undefined || span === undefined) return undefined;
    const until = placed[index + 1]?.start ?? text.length;
    return wholeAnswer(tokens, { tokenizer, text, span, hole, until }, isBound);
  };
}

/**
 * How many of an answer's tokens are the answer, where the last of them ends a line; `isBound`: there are no more. Undefined: it may
 * go on, or is what it is.
 */
export function wholeAnswer(
  tokens: readonly number[],
  passing: Passing,
  isBound = false,
): number | undefined {
  const { tokenizer, hole } = passing;
  const last = tokens.at(-1);
  if (last === undefined || !(isBound || tokenizer.bytes(last).includes(0x0a))) return undefined;
  const head = decoded(hole.head);
  const written = tokenizer.decode(tokens);
  if (!written.startsWith(head)) return undefined;
  const answer = written.slice(head.length);
  const own =
    repeatedFrom(answer, passing) ??
    leftAt(answer, passing) ??
    (isBound ? brokenOffAt(answer, passing) : undefined);
  return own === undefined ? undefined : tokensUpTo(own, tokens, passing);
}

/** Where the first line behind the hole that is not blank has come again, as the answer's last one. */
function repeatedFrom(answer: string, { text, span, until }: Passing): number | undefined {
  const after = text.slice(span.end, Math.min(until, span.end + REACH));
  const [passed] = /^\s*\S[^\r\n]*(?=\r?\n|$)/.exec(after) ?? [];
  const whole = answer.trimEnd();
  // The rest of a line, such as a semicolon, ends many lines.
  if (passed === undefined || !/\w|^\r?\n/.test(passed) || !whole.endsWith(passed)) return undefined;
  const own = whole.slice(0, -passed.length);
  const isLine = /^\r?\n/.test(passed) || own === '' || own.endsWith('\n');
  const isFromStart = span.end === 0 || text[span.end - 1] === '\n';
  if ((isFromStart && !isLine) || imbalance(own) !== 0) return undefined;
  const original = text.slice(span.start, span.end);
  // It stood there twice, and the first of them is the answer's.
  if (original.trimEnd().endsWith(passed.trimEnd())) return undefined;
  const context = { before: beforeOf(text, span), after, original };
  const kept = trimSuffix(whole, context).length;
  return whole.length - kept >= passed.length ? whole.length - passed.length : undefined;
}

/**
 * Where a line begins, with the line end before it, that is indented less than any line of the hole: it is outside the block that the
 * hole is in. Lines of what is still open, such as a call or a string, may begin anywhere.
 */
function leftAt(answer: string, { text, span }: Passing): number | undefined {
  const before = beforeOf(text, span);
  const opening = before.slice(before.lastIndexOf('\n') + 1);
  const original = (opening + text.slice(span.start, span.end)).split('\n');
  const [first = '', ...further] = (opening + answer).split('\n');
  const begun = first.trim() === '' ? further.find((line) => line.trim() !== '') : first;
  if (begun === undefined) return undefined;
  const blank = opening !== '' && opening.trim() === '' ? [depthOf(opening)] : [];
  const least = Math.min(...blank, ...[begun, ...original].filter((line) => line.trim() !== '').map(depthOf));
  const end = wholeLineWhere(answer, (line, at) => {
    const isOutside = line.trim() !== '' && depthOf(line) < least && !GOES_ON.test(line);
    return isOutside && imbalance(answer.slice(0, at)) === 0;
  });
  return end === undefined ? undefined : answer.slice(0, end).trimEnd().length;
}

/** Of what would have gone on: the first paragraph, where what stood there was no longer; or else all of its whole lines. */
function brokenOffAt(answer: string, { text, span }: Passing): number | undefined {
  const paragraph = /^\s*\S[\s\S]*?(?=\r?\n[ \t]*\r?\n)/.exec(answer)?.[0];
  const isOne = !/\S[\s\S]*\n[ \t]*\r?\n[\s\S]*\S/.test(text.slice(span.start, span.end));
  if (paragraph !== undefined && isOne && imbalance(paragraph) === 0) return paragraph.trimEnd().length;
  const lines = answer.lastIndexOf('\n');
  return answer.slice(0, Math.max(0, lines)).trim() === '' ? undefined : lines;
}

/**
 * Tokens whose text, with what the hole's borders ask for, is `length` UTF-16 units of the answer. Where a token spans the end, it
 * stays, for what is too much of it is trimmed; undefined where the border has to stay as it is.
 */
function tokensUpTo(
  length: number,
  tokens: readonly number[],
  { tokenizer, hole }: Passing,
): number | undefined {
  const wanted = decoded(hole.head).length + length + decoded(hole.tail).length;
  // In bytes: half a character has a length in text, too.
  const all = tokenizer.decode(tokens);
  const bytes = new TextEncoder().encode(all.slice(0, wanted)).length;
  let written = 0;
  for (const [index, token] of tokens.entries()) {
    if (written === bytes) return index;
    if (written > bytes) return hole.tail.length === 0 ? index : undefined;
    written += tokenizer.bytes(token).length;
  }
  return written === bytes || hole.tail.length === 0 ? tokens.length : undefined;
}

function beforeOf(text: string, { start }: Span): string {
  return text.slice(Math.max(0, start - REACH), start);
}

function depthOf(line: string): number {
  const [indent = ''] = /^[ \t]*/.exec(line) ?? [];
  return [...indent].reduce((sum, one) => sum + (one === '\t' ? TAB : 1), 0);
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
