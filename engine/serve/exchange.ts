// One request and its answer.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientName } from './access';
import { errorBody, type HttpError } from './httpError';

/** Milliseconds that a client has for reading an answer that is written. */
const READ_MILLIS = 60_000;

export class Exchange {
  readonly id = randomUUID();
  readonly started = performance.now();
  private readonly gone = new AbortController();
  /** Fires when the client has closed its connection before its answer was written. */
  readonly signal = this.gone.signal;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    response.setHeader('Palimpsest-Request', this.id);
    response.on('close', () => {
      if (!response.writableFinished) this.gone.abort();
    });
    // What is written to a closed connection is an error that nobody waits for.
    response.on('error', () => undefined);
  }

  get path(): string {
    return (this.request.url ?? '/').split('?')[0] ?? '/';
  }

  /** Who asks: nobody else, where no name was given. @throws HttpError `option-invalid` */
  get client(): string {
    return clientName(this.request.headers) ?? this.id;
  }

  get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  json(value: object, status = 200, headers: Readonly<Record<string, string>> = {}): void {
    this.send(status, 'application/json', JSON.stringify(value), headers);
  }

  send(status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): void {
    this.response.writeHead(status, {
      ...(status === 204 ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }),
      'Cache-Control': 'no-store',
      ...headers,
    });
    endAnswer(this.response, body);
  }

  fail(error: HttpError): void {
    if (!this.response.headersSent) this.json(errorBody(error), error.status, error.headers);
  }
}

/** Ends an answer; one that nobody reads does not stay in memory. */
export function endAnswer(response: ServerResponse, text: string): void {
  response.setTimeout(READ_MILLIS, () => response.destroy());
  response.end(text);
}
