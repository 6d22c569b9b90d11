// A model that writes left to right often misses the end of its hole: it writes what stands behind it again, or leaves the block that
// the hole is in, and goes on until it may write no more. The answer is what came before that. Pure.
import { imbalance, isOpenAtEnd } from '../candidates/balance';
import { endOfBlock, type HoleText } from '../candidates/blockEnd';
import { withLineEnds } from '../candidates/lines';
import { ABOUT_CODE, endOfStatement, isOneStatement, OPENS_BLOCK } from '../candidates/statementEnd';
import { trimSuffix } from '../candidates/trim';
import type { Hole } from '../canvas/types';
import { type Family, writesInOrder } from '../checkpoint/family';
import type { TextTokenizer } from '../checkpoint/types';
import type { DecodeRequest } from '../decoding/request';
import type { InfillParams } from '../protocol';
import { holeTexts } from './holeTexts';
import { isLookedAt, loops } from './looping';

/** UTF-16 units on each side of a hole in which a repetition is looked for. */
const REACH = 8192;
/** UTF-16 units of a line, its indentation counted in. */
const JUST_BEGUN = 120;

interface Passing {
  readonly tokenizer: Pick<TextTokenizer, 'bytes' | 'decode'>;
  /** `after`: up to the next span; what stands there is to be written, too. */
  readonly sides: HoleText;
  readonly hole: Pick<Hole, 'head' | 'tail'>;
  /** Whether its first line is the whole answer. */
  readonly oneLine?: boolean;
  /** Whether somebody types where nothing stood. */
  readonly isTyped?: boolean;
}

/** Models that denoise have their length beforehand or their end in view. */
export function passesBy({ infill, attention }: Pick<Family, 'infill' | 'attention'>): boolean {
  return infill.kind === 'fim-order' && writesInOrder({ attention });
}

/** For each hole, in text order. */
export function wholeAnswers(
  { text, spans, priority }: Pick<InfillParams, 'text' | 'spans' | 'priority'>,
  holes: readonly Hole[],
  { tokenizer, oneLine = false }: Pick<Passing, 'tokenizer' | 'oneLine'>,
): DecodeRequest['wholeAt'] {
  const sides = holeTexts(text, spans);
  const isTyped = priority === 'ghost';
  return (index, tokens, isBound) => {
    const [hole, around] = [holes[index], sides[index]];
    return (
      hole && around && wholeAnswer(tokens, { tokenizer, sides: around, hole, oneLine, isTyped }, isBound)
    );
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
  const { tokenizer, hole, sides, oneLine, isTyped = false } = passing;
  const last = tokens.at(-1);
  if (last === undefined) return undefined;
  const isLine = isBound || endsLine(tokenizer.bytes(last));
  const isStatement = isOneStatement(sides, isTyped);
  const isLooked = isLine || isLookedAt(tokens);
  if (!isLooked && !isStatement) return undefined;
  const head = decoded(hole.head);
  const written = tokenizer.decode(tokens);
  if (!written.startsWith(head)) return undefined;
  const raw = written.slice(head.length);
  const answer = withLineEnds(raw, '\n');
  // Only a line that has just begun says more than the token before did.
  const begun = answer.length - 1 - answer.lastIndexOf('\n');
  const isLoop = isLooked && loops(answer, sides);
  const isOver = isBound || isLoop;
  if (!isLine && !isLoop && !isStatement) return undefined;
  if (!isLine && !isLoop && (begun >= answer.length || begun > JUST_BEGUN)) return undefined;
  const rules = [
    ...(isLine ? [repeatedFrom] : []),
    ...(isStatement ? [(text: string, own: HoleText) => endOfStatement(text, own, isOver)] : []),
    ...(isLine ? [endOfBlock] : []),
    ...(isLine && oneLine ? [firstLine] : []),
    ...(isOver ? [brokenOffAt] : []),
  ];
  for (const rule of rules) {
    const own = rule(answer, sides);
    if (own !== undefined) return tokensUpTo(rawLength(raw, own), tokens, passing);
  }
  return isLoop ? tokens.length : undefined;
}

function endsLine(bytes: Uint8Array): boolean {
  return bytes.includes(0x0a) || bytes.includes(0x0d);
}

/** Where the first line behind the hole that is not blank has come again, as the answer's last one. */
function repeatedFrom(answer: string, { before, selected, after }: HoleText): number | undefined {
  const [passed] = /^\s*\S[^\n]*/.exec(after) ?? [];
  const whole = answer.trimEnd();
  // The rest of a line, such as a semicolon, ends many lines.
  if (passed === undefined || !/\w|^\n/.test(passed) || !whole.endsWith(passed)) return undefined;
  const own = whole.slice(0, -passed.length);
  const isLine = passed.startsWith('\n') || own === '' || own.endsWith('\n');
  const standing = selected || before;
  const isFromStart = standing === '' || standing.endsWith('\n');
  if ((isFromStart && !isLine) || imbalance(own) !== 0) return undefined;
  // It stood there twice, and the first of them is the answer's.
  if (selected.trimEnd().endsWith(passed.trimEnd())) return undefined;
  const context = { before: before.slice(-REACH), after: after.slice(0, REACH), original: selected };
  const kept = trimSuffix(whole, context).length;
  return whole.length - kept >= passed.length ? whole.length - passed.length : undefined;
}

/** The first line that is not blank, with what it opens. */
function firstLine(answer: string): number | undefined {
  for (const { index } of answer.matchAll(/\n/g)) {
    const own = answer.slice(0, index);
    // A header alone is no code yet.
    if (own.trim() !== '' && !isOpenAtEnd(own) && !OPENS_BLOCK.test(own)) return own.trimEnd().length;
  }
  return undefined;
}

/** Of what would have gone on: the first paragraph, where what stood there was no longer; or else all of its whole lines. */
function brokenOffAt(answer: string, { selected }: HoleText): number | undefined {
  const paragraph = firstParagraph(answer);
  const isOne = !/\S[\s\S]*\n[ \t]*\n[\s\S]*\S/.test(selected);
  if (paragraph !== undefined && isOne) return paragraph.length;
  const lines = answer.lastIndexOf('\n');
  return answer.slice(0, Math.max(0, lines)).trim() === '' ? undefined : lines;
}

/** Of code: a docstring or a comment before it is not the answer alone. Undefined: there is none. */
function firstParagraph(answer: string): string | undefined {
  for (const { index } of answer.matchAll(/\n[ \t]*(?=\n)/g)) {
    const paragraph = answer.slice(0, index);
    const isCode = paragraph.trim() !== '' && !ABOUT_CODE.test(paragraph);
    if (isCode && imbalance(paragraph) === 0) return paragraph.trimEnd();
  }
  return undefined;
}

/** UTF-16 units of `text` that its first `length` ones are once its line ends are line feeds. */
export function rawLength(text: string, length: number): number {
  let at = 0;
  for (let count = 0; count < length; count++) at += text.startsWith('\r\n', at) ? 2 : 1;
  return at;
}

/**
 * Tokens whose text, with what the hole's borders ask for, is `length` UTF-16 units of the answer. The border behind it need not be
 * among them: it stands in the file all the same. A token that spans the end stays, for what is too much of it is trimmed.
 */
function tokensUpTo(length: number, tokens: readonly number[], { tokenizer, hole }: Passing): number {
  const own = decoded(hole.head).length + length;
  // In bytes: half a character has a length in text, too.
  const all = tokenizer.decode(tokens);
  const tail = decoded(hole.tail);
  const bytesOf = (units: number) => new TextEncoder().encode(all.slice(0, units)).length;
  const [whole, least] = [bytesOf(own + tail.length), bytesOf(own)];
  let count: number | undefined;
  let written = 0;
  for (let index = 0; index <= tokens.length; index++) {
    if (written >= least) count ??= index;
    if (written === whole && all.startsWith(tail, own)) return index;
    if (written > whole) break;
    written += tokenizer.bytes(tokens[index] ?? 0).length;
  }
  return count ?? tokens.length;
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
