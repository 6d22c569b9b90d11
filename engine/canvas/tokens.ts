// Spans are measured in UTF-16 units, tokens in bytes of UTF-8; both meet here, so that a border inside a token or
// between the byte-level pieces of one character comes out exactly.
import type { TextTokenizer } from '../checkpoint/types';
import { EngineError } from '../errors';
import type { Piece } from './spans';

/** Tokens of a window. Bytes count from the window's first, over all its pieces. */
export interface WindowTokens {
  readonly ids: Int32Array;
  /** [ids.length + 1] byte at which each token begins; the last is the number of bytes. */
  readonly byteStarts: Int32Array;
  /** Byte of a UTF-16 offset that lies in one of the pieces (ends included). */
  byteAt(offset: number): number;
  /** Bytes from `start` to `end`. */
  bytes(start: number, end: number): Uint8Array;
}

interface Part extends Piece {
  readonly byteStart: number;
}

/** Tokenises each piece by itself, and apart on both sides of each cut (a UTF-16 offset; those outside are ignored). */
export function encodePieces(
  text: string,
  pieces: readonly Piece[],
  cuts: readonly number[],
  tokenizer: TextTokenizer,
): WindowTokens {
  const parts: Part[] = [];
  const ids: number[] = [];
  const byteStarts: number[] = [];
  const chunks: Uint8Array[] = [];
  let byte = 0;
  for (const { start, end } of splitAt(pieces, cuts)) {
    const source = text.slice(start, end);
    parts.push({ start, end, byteStart: byte });
    const stop = byte + Buffer.byteLength(source);
    for (const id of tokenizer.encode(source).ids) {
      const bytes = tokenizer.bytes(id);
      ids.push(id);
      byteStarts.push(byte);
      chunks.push(bytes);
      byte += bytes.length;
    }
    if (byte !== stop) {
      throw new EngineError(
        'tokenizer-malformed',
        "This checkpoint's tokenizer does not reproduce text byte for byte, so spans cannot be mapped to tokens. " +
          'Use a checkpoint with a byte-level tokenizer.',
        {
          start,
          end,
          expected: stop - (parts.at(-1)?.byteStart ?? 0),
          found: byte - (parts.at(-1)?.byteStart ?? 0),
        },
      );
    }
  }
  byteStarts.push(byte);
  const all = Buffer.concat(chunks);
  return {
    ids: Int32Array.from(ids),
    byteStarts: Int32Array.from(byteStarts),
    byteAt: (offset) => byteAt(text, parts, offset),
    bytes: (start, end) => Uint8Array.from(all.subarray(start, end)),
  };
}

function splitAt(pieces: readonly Piece[], cuts: readonly number[]): readonly Piece[] {
  const sorted = [...new Set(cuts)].sort((a, b) => a - b);
  return pieces.flatMap((piece) => {
    const inside = sorted.filter((cut) => cut > piece.start && cut < piece.end);
    return [...inside, piece.end].map((end, i) => ({ start: inside[i - 1] ?? piece.start, end }));
  });
}

function byteAt(text: string, parts: readonly Part[], offset: number): number {
  for (const part of parts) {
    if (offset < part.start || offset > part.end) continue;
    return part.byteStart + Buffer.byteLength(text.slice(part.start, offset));
  }
  throw new EngineError('internal', 'A place outside the window was asked for.', { offset });
}
