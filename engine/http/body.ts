// The body of an answer, piece by piece or as a whole.
import type { IncomingMessage } from 'node:http';

/** Rejects with what `failure` makes of what went wrong. An iteration that ends early ends the connection. */
export async function* piecesOf(
  message: IncomingMessage,
  failure: (error: unknown) => Error,
): AsyncGenerator<Buffer> {
  const pieces = message[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await pieces.next().catch((error: unknown) => {
        throw failure(error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    message.destroy();
  }
}

/** The pieces, until there are more bytes than `most`: then `tooLong` is thrown. */
export async function* within(
  pieces: AsyncIterable<Buffer>,
  most: number,
  tooLong: () => Error,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > most) throw tooLong();
    yield piece;
  }
}

/** As `within`, in one. */
export async function bodyOf(
  pieces: AsyncIterable<Buffer>,
  most: number,
  tooLong: () => Error,
): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of within(pieces, most, tooLong)) all.push(piece);
  return Buffer.concat(all);
}

/** Whether a body claims to be a page for people. */
export function isWebPage({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return /^\s*text\/html\b/i.test(headers['content-type'] ?? '');
}
