// Reading a request's body without letting anybody fill the memory: one limit for each, one for all that are held at a time.
import type { IncomingMessage } from 'node:http';
import { HttpError } from './httpError';

export interface BodyLimits {
  /** Bytes of one. */
  readonly each: number;
  /** Bytes of all whose requests are not answered yet. */
  readonly all: number;
}

/** How much of what is too large is read and thrown away, so that the client gets to reading the answer. */
const DISCARDED = 8;

export class Bodies {
  private held = 0;

  constructor(private readonly limits: BodyLimits) {}

  /** Bytes that are held. */
  get size(): number {
    return this.held;
  }

  /**
   * The JSON of a body. `release` gives its room back, when the request is answered.
   * @throws HttpError `unsupported-media-type`, `too-large`, `queue-full`, `protocol-violation`, or `cancelled` where the client
   * has gone
   */
  async read(request: IncomingMessage): Promise<{ readonly value: unknown; readonly release: () => void }> {
    checkType(request);
    const chunks: Buffer[] = [];
    let size = 0;
    const release = () => {
      this.held -= size;
      size = 0;
    };
    try {
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > this.limits.each) await this.discard(request, announced);
      for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length;
        this.held += chunk.length;
        if (size > this.limits.each) {
          chunks.length = 0;
          await this.discard(request, size);
        }
        if (this.held > this.limits.all) {
          throw new HttpError('queue-full', 'Too many large requests wait. Try again later.', {
            headers: { 'Retry-After': '2', Connection: 'close' },
          });
        }
        chunks.push(chunk);
      }
      return { value: parse(Buffer.concat(chunks)), release };
    } catch (error) {
      release();
      if (error instanceof HttpError) throw error;
      throw new HttpError('cancelled', 'The connection was closed before the request was complete.');
    }
  }

  private async discard(request: IncomingMessage, size: number): Promise<never> {
    const most = DISCARDED * this.limits.each;
    let seen = 0;
    if (size <= most) {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        seen += chunk.length;
        if (seen > most) break;
      }
    }
    throw new HttpError(
      'too-large',
      `The request has more than ${this.limits.each} bytes, which this server accepts at most (--max-body).`,
      { data: { limit: this.limits.each }, headers: { Connection: 'close' } },
    );
  }
}

/** A form that a page sends without asking first has another type. */
function checkType({ headers }: IncomingMessage): void {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new HttpError('unsupported-media-type', 'Send JSON with "Content-Type: application/json".');
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new HttpError('unsupported-media-type', 'Send the request without compression.');
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new HttpError(
      'protocol-violation',
      `The request is not valid JSON in UTF-8: ${detail.slice(0, 200)}`,
    );
  }
}
