// Who may ask. Pure: what the headers say against what the server was started with.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../privacy/serverAddress';
import { HttpError } from './httpError';

/**
 * A page in a browser can send requests to this machine, and, by a name that it points here, read the answers: so nobody whose request bears
 * the marks of a page is answered, and without a token only names that nobody else can point anywhere.
 * @throws HttpError `forbidden`
 */
export function checkOrigin(headers: IncomingHttpHeaders, hasToken: boolean): void {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) {
    throw new HttpError(
      'forbidden',
      'Requests from web pages are refused. Put a server of your own in between.',
    );
  }
  if (hasToken || isLoopback(hostName(headers.host ?? ''))) return;
  throw new HttpError(
    'forbidden',
    'Without a token, only requests to localhost are answered. Use http://localhost or http://127.0.0.1, or start the server with a token.',
  );
}

/** @throws HttpError `unauthorized` */
export function checkToken(headers: IncomingHttpHeaders, token: string | undefined): void {
  if (token === undefined) return;
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && isSame(given, token)) return;
  throw new HttpError(
    'unauthorized',
    given === undefined
      ? 'This server needs a token: send the header "Authorization: Bearer TOKEN".'
      : 'The token is not the one of this server.',
    { headers: { 'WWW-Authenticate': 'Bearer' } },
  );
}

/** How long it takes says nothing about where they differ, nor about the length. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** `[::1]:80` → `::1`, `LOCALHOST:80` → `localhost` */
function hostName(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/** Header `Palimpsest-Client`: whose requests may replace one another. @throws HttpError `option-invalid` */
export function clientName(headers: IncomingHttpHeaders): string | undefined {
  const name = headers['palimpsest-client'];
  if (name === undefined) return undefined;
  if (typeof name === 'string' && /^[\x21-\x7e]{1,128}$/.test(name)) return name;
  throw new HttpError(
    'option-invalid',
    'The header Palimpsest-Client must be 1 to 128 printable ASCII characters without spaces.',
  );
}
