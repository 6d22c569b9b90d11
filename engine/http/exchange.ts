// One request and its answer, as they go over the wire: no redirects, no retries, no opinion on what is in them.
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Connection } from './connection';
import { SlowAnswer } from './transportErrors';

export interface Sending {
  readonly method: 'GET' | 'POST';
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** What a failure below HTTP is to whoever asks. */
  readonly failure: (error: unknown, url: URL) => Error;
}

/** The answer with its body still unread. Rejects with what `failure` makes of what went wrong. */
export async function exchange(connection: Connection, url: URL, sending: Sending): Promise<IncomingMessage> {
  try {
    return await once(connection, url, sending);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw sending.failure(error, url);
    // The server closed a kept connection as the request went out: it has seen nothing of it.
    return await once(connection, url, sending).catch((again: unknown) => {
      throw sending.failure(again instanceof StaleConnection ? again.cause : again, url);
    });
  }
}

class StaleConnection extends Error {}

function once(
  { agentFor, authorities, patience, userAgent }: Connection,
  url: URL,
  { method, headers, body, signal }: Sending,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const request = (isSecure ? https : http).request(url, {
      method,
      headers: {
        'User-Agent': userAgent,
        // A compressed answer has neither a length nor ranges.
        'Accept-Encoding': 'identity',
        ...headers,
      },
      agent: agentFor(url),
      ...(isSecure && authorities ? { ca: [...authorities] } : {}),
      ...(signal ? { signal } : {}),
    });
    const timer = setTimeout(() => request.destroy(new SlowAnswer()), patience.answer);
    request.on('error', (error) => {
      clearTimeout(timer);
      const isStale = request.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
      reject(isStale && !signal?.aborted ? new StaleConnection('', { cause: error }) : error);
    });
    request.on('response', (message) => {
      clearTimeout(timer);
      message.setTimeout(patience.piece, () => message.destroy(new SlowAnswer()));
      resolve(message);
    });
    request.end(body);
  });
}
