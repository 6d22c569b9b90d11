// Requests to one server: its key goes to its own origin only, its failures become sentences, and what may pass is tried again.
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../checkpoint/json';
import { EngineError, systemCode } from '../errors';
import { bodyOf, isWebPage, piecesOf, within } from '../http/body';
import type { Connection } from '../http/connection';
import { eventsIn, type StreamEvent } from '../http/eventStream';
import { exchange } from '../http/exchange';
import { Passing } from '../http/passing';
import { type RetryRules, withRetries } from '../http/retries';
import { serverAddress } from '../privacy/serverAddress';
import type { Priority, ServerParams } from '../protocol';
import {
  brokenOff,
  detailOf,
  invalidAnswer,
  jsonOf,
  networkError,
  type Party,
  redirectError,
  reportedError,
  statusError,
  webPage,
} from './serverErrors';

const MOST_BYTES = 32_000_000;
const MOST_ERROR_BYTES = 64_000;
const MOST_REDIRECTS = 3;

/** A person waits for a rewrite; ghost text is asked for again at the next key. */
const RETRIES: Readonly<Record<Priority, RetryRules>> = {
  rewrite: { tries: 3, firstWait: 500, longestWait: 20_000 },
  ghost: { tries: 1, firstWait: 0, longestWait: 0 },
  background: { tries: 3, firstWait: 500, longestWait: 20_000 },
};

export interface Question {
  /** Behind the base address, with a slash at its beginning. */
  readonly path: string;
  /** Sent as JSON by POST; absent: a GET. */
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer has no body. */
  readonly isSilent?: boolean;
  /** Bytes of a stream; absent: 32 MB. */
  readonly mostBytes?: number;
}

export class ServerClient {
  readonly party: Party;
  private readonly base: string;
  private readonly origin: string;

  /**
   * `path`: of the protocol, where the URL has none.
   * @throws EngineError `option-invalid` for a URL that is none, `server-not-allowed` for one that is not encrypted
   */
  constructor(
    { url, key, allowsUnencrypted = false }: ServerParams,
    private readonly connection: Connection,
    path = '',
  ) {
    const address = serverAddress(url);
    if (!address.isPrivate && !allowsUnencrypted)
      throw new EngineError(
        'server-not-allowed',
        `The connection to ${address.host} is not encrypted, so anybody on the way could read your code and your key. Use an https address, or allow it (--insecure in the shell; the editor asks).`,
        { host: address.host },
      );
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
      throw new EngineError(
        'option-invalid',
        'The key of the server has characters that no key has. Set it again.',
      );
    this.origin = address.origin;
    this.base = address.url === address.origin ? address.url + path : address.url;
    this.party = { host: address.host, key };
  }

  /** Tries again what may pass, as long as `priority` makes sense of waiting. Rejects with EngineError. */
  trying<T>(priority: Priority, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    return withRetries(this.connection, RETRIES[priority], signal, attempt);
  }

  /** The answer as an object. Rejects with EngineError or `Passing`. */
  async ask(question: Question): Promise<JsonObject> {
    const message = await this.open(question, 'application/json');
    if (question.isSilent) {
      message.resume();
      return {};
    }
    return this.objectIn(message);
  }

  /**
   * The events of an answer; one that comes as a whole is one event of the name `whole`. Rejects with EngineError or `Passing`.
   */
  async *events(question: Question): AsyncGenerator<StreamEvent> {
    const message = await this.open(question, 'text/event-stream');
    const { mostBytes = MOST_BYTES } = question;
    if (isJson(message)) {
      yield { name: 'whole', data: await this.text(message, MOST_BYTES) };
      return;
    }
    this.expect(message, /^\s*text\/event-stream\b/i, 'a stream of events');
    const tooLong = () => this.endless();
    yield* eventsIn(within(this.pieces(message), mostBytes, tooLong), tooLong);
  }

  /** The data of an event as an object. @throws EngineError also where it reports an error */
  objectOf(data: string): JsonObject {
    const object = jsonOf(data, this.party);
    const error = reportedError(this.party, object);
    if (error !== undefined) throw error;
    return object;
  }

  close(): void {
    this.connection.close();
  }

  private async objectIn(message: IncomingMessage): Promise<JsonObject> {
    this.expect(message, /^\s*application\/([\w.-]+\+)?json\b/i, 'JSON');
    return this.objectOf(await this.text(message, MOST_BYTES));
  }

  private expect(message: IncomingMessage, type: RegExp, what: string): void {
    const found = message.headers['content-type'] ?? '';
    if (type.test(found)) return;
    message.destroy();
    throw invalidAnswer(
      this.party,
      `answers with ${found === '' ? 'no content type' : found.slice(0, 60)} instead of ${what}. Check the URL and the kind of server.`,
    );
  }

  private async open({ path, body, signal, headers }: Question, accept: string): Promise<IncomingMessage> {
    let url = new URL(this.base + path);
    for (let hops = 0; ; hops++) {
      const message = await this.send(url, body, { Accept: accept, ...headers }, signal);
      const status = message.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        if (!isWebPage(message)) return message;
        message.destroy();
        throw webPage(this.party);
      }
      if (status < 300 || status >= 400) throw await this.failureOf(status, message, path);
      message.destroy();
      const next = this.nextUrl(url, status, message.headers.location);
      if (next === undefined || hops >= MOST_REDIRECTS)
        throw redirectError(url, message.headers.location, this.party);
      url = next;
    }
  }

  /** Where a redirect leads that keeps the method, on the same origin. */
  private nextUrl(from: URL, status: number, location: string | undefined): URL | undefined {
    if (status !== 307 && status !== 308) return undefined;
    if (location === undefined || !URL.canParse(location, from.href)) return undefined;
    const next = new URL(location, from.href);
    return next.origin === this.origin ? next : undefined;
  }

  private send(
    url: URL,
    body: object | undefined,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { key } = this.party;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return exchange(this.connection, url, {
      method: text === undefined ? 'GET' : 'POST',
      headers: {
        ...headers,
        ...(text === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
      },
      ...(text === undefined ? {} : { body: text }),
      signal,
      failure: networkError,
    });
  }

  private async failureOf(status: number, message: IncomingMessage, path: string): Promise<Error> {
    // What it says is a help at most: an error without words is one all the same.
    const body = isJson(message) ? await this.text(message, MOST_ERROR_BYTES).catch(() => '') : '';
    message.destroy();
    return statusError(status, message.headers, path, detailOf(body, this.party.key), this.party);
  }

  private async text(message: IncomingMessage, most: number): Promise<string> {
    const body = await bodyOf(this.pieces(message), most, () => this.endless());
    return body.toString('utf8');
  }

  private pieces(message: IncomingMessage): AsyncGenerator<Buffer> {
    return piecesOf(message, (error) => {
      const failure = networkError(error, new URL(this.base));
      const code = systemCode(error);
      return failure instanceof Passing && code === 'ECONNRESET' ? brokenOff(this.party) : failure;
    });
  }

  private endless(): EngineError {
    return invalidAnswer(this.party, 'answers without end. Nothing of it was used.');
  }
}

function isJson({ headers }: IncomingMessage): boolean {
  return /^\s*application\/([\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '');
}
