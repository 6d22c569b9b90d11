// One GET with its redirects. Redirects are followed by hand: the hub says what a file is on its way to another host, and a token
// must not go with it.
import type { IncomingMessage } from 'node:http';
import { piecesOf } from '../http/body';
import { exchange } from '../http/exchange';
import { invalidAnswer, networkError, type Subject, statusError } from './hubErrors';
import type { Network } from './network';

export interface Answer {
  /** Where the answer is from at last. */
  readonly url: URL;
  readonly message: IncomingMessage;
  /** Headers of the whole way: of two of one name, that of the hub itself counts. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface GetOptions {
  readonly subject: Subject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const MOST_REDIRECTS = 8;

/**
 * The answer to a GET, its body still unread: status 200, 206 or 416.
 * @throws EngineError, or `Passing` where it may work the next time
 */
export async function get(network: Network, start: URL, options: GetOptions): Promise<Answer> {
  let url = start;
  const headers: Record<string, string> = {};
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const message = await send(network, url, options);
    for (const [name, value] of Object.entries(message.headers))
      if (typeof value === 'string' && !(name in headers) && isTheirs(name, url, network))
        headers[name] = value;
    const status = message.statusCode ?? 0;
    if (status === 200 || status === 206 || status === 416) return { url, message, headers };
    message.destroy();
    if (![301, 302, 303, 307, 308].includes(status))
      throw statusError(status, message.headers, url, options.subject, network);
    url = nextUrl(url, message.headers.location);
  }
  throw invalidAnswer(start, 'redirects without end.');
}

/** An ETag is a checksum where the hub gives it; a store behind it has others of its own. */
function isTheirs(name: string, url: URL, { endpoint }: Network): boolean {
  return name !== 'etag' || url.origin === endpoint.origin;
}

function nextUrl(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw invalidAnswer(from, 'redirects to no address.');
  const next = new URL(location, from.href);
  const isWeb = next.protocol === 'https:' || next.protocol === 'http:';
  if (!isWeb || (from.protocol === 'https:' && next.protocol === 'http:'))
    throw invalidAnswer(
      from,
      `redirects to ${next.protocol}//${next.host}, which is not secure. Nothing was downloaded.`,
    );
  return next;
}

function send(
  network: Network,
  url: URL,
  { headers, signal }: Pick<GetOptions, 'headers' | 'signal'>,
): Promise<IncomingMessage> {
  const { endpoint, token } = network;
  const isTrusted = token !== undefined && url.origin === endpoint.origin;
  return exchange(network, url, {
    method: 'GET',
    headers: { ...headers, ...(isTrusted ? { Authorization: `Bearer ${token}` } : {}) },
    signal,
    failure: networkError,
  });
}

/** The pieces of an answer's body. @throws EngineError or `Passing` */
export function bodyPieces({ message, url }: Answer): AsyncGenerator<Buffer> {
  return piecesOf(message, (error) => networkError(error, url));
}
