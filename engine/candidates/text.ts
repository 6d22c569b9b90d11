// Tokens become text again byte by byte: what a border keeps is taken off before anything is decoded.
import type { Hole } from '../canvas/types';
import type { TextTokenizer } from '../checkpoint/types';
import type { HoleAnswer } from '../denoiser';

/** A token's bytes are all that is asked of a tokenizer. */
export type TokenBytes = Pick<TextTokenizer, 'bytes'>;

export interface AnswerText {
  readonly text: string;
  /** Bytes in the middle were not UTF-8: they stand as U+FFFD, and the answer should not be shown. */
  readonly damaged: boolean;
  /** UTF-16 units before the first locked token, and behind the last: all that trimming may touch. */
  readonly freeHead: number;
  readonly freeTail: number;
}

/**
 * Text of one answer, without the hole's kept head and tail where the answer has them (else nothing is taken off).
 * Part of a character at an edge is dropped, as a canvas too short for a character leaves it.
 */
export function answerText(
  answer: Pick<HoleAnswer, 'ids' | 'locked'>,
  hole: Hole,
  tokenizer: TokenBytes,
): AnswerText {
  const parts = Array.from(answer.ids, (id) => tokenizer.bytes(id));
  const bytes = Buffer.concat(parts);
  const from = startsWith(bytes, hole.head) ? hole.head.length : 0;
  const to = bytes.length - (endsWith(bytes.subarray(from), hole.tail) ? hole.tail.length : 0);
  const { text, damaged } = decodeInside(bytes.subarray(from, to));

  const first = answer.locked.indexOf(1);
  if (first < 0) return { text, damaged, freeHead: text.length, freeTail: text.length };
  const lockedStart = sizeOf(parts.slice(0, first));
  const lockedEnd = sizeOf(parts.slice(0, answer.locked.lastIndexOf(1) + 1));
  return {
    text,
    damaged,
    freeHead: decodeInside(bytes.subarray(from, Math.max(from, lockedStart))).text.length,
    freeTail: decodeInside(bytes.subarray(Math.min(lockedEnd, to), to)).text.length,
  };
}

/** Decodes UTF-8, dropping the parts of characters that the slice begins or ends with. */
export function decodeInside(bytes: Uint8Array): { readonly text: string; readonly damaged: boolean } {
  let from = 0;
  while (from < Math.min(3, bytes.length) && isContinuation(bytes[from])) from++;
  const inside = bytes.subarray(from, bytes.length - danglingLength(bytes.subarray(from)));
  try {
    return {
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(inside),
      damaged: false,
    };
  } catch {
    return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(inside), damaged: true };
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Length of a character's beginning that the bytes end with, 0 if the last character is whole. */
function danglingLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    return sequenceLength(byte) > back ? back : 0;
  }
  return 0;
}

/** Bytes of the character that a byte begins; 1 for ASCII and for bytes that begin none. */
function sequenceLength(byte: number): number {
  if (byte < 0xc2 || byte > 0xf4) return 1;
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.length <= bytes.length && head.every((byte, i) => bytes[i] === byte);
}

function endsWith(bytes: Uint8Array, tail: Uint8Array): boolean {
  const offset = bytes.length - tail.length;
  return offset >= 0 && tail.every((byte, i) => bytes[offset + i] === byte);
}
