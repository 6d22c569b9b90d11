// Where text goes when it leaves the machine: what an address may be, and whether anybody on the way can read along. Pure, for
// the engine and the editor alike.
import { EngineError } from '../errors';

export interface ServerAddress {
  /** Base address, no slash at its end. */
  readonly url: string;
  /** Scheme, host and port: what a person agrees to, and what a key belongs to. */
  readonly origin: string;
  /** Host, and the port where it is not the scheme's own; for people. */
  readonly host: string;
  readonly isLoopback: boolean;
  /** Nobody on the way can read what is sent. */
  readonly isPrivate: boolean;
}

/** Whether a name is that of this machine itself: `localhost`, `127.0.0.1` or `::1`, in lower case, without a port. */
export function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** A URL has an IPv6 address in brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether nobody on the way can read what is sent. */
export function isPrivate(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(hostOf(url));
}

/**
 * What a person gave as the address of a server.
 * @throws EngineError `option-invalid` where it is none, or where it holds what has to be kept elsewhere. Its words are not
 * repeated: they may hold a password
 */
export function serverAddress(given: string): ServerAddress {
  const url = URL.canParse(given.trim()) ? new URL(given.trim()) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '')
    throw invalid('is not a URL such as https://host.example/v1 or http://localhost:8080');
  if (url.username !== '' || url.password !== '')
    throw invalid('contains a user name or a password. Remove them, and set a key instead');
  if (url.search !== '' || url.hash !== '')
    throw invalid('has a query or a fragment (? or #). Remove it; if it is a key, set it as the key');
  return {
    url: url.href.replace(/\/+$/, ''),
    origin: url.origin,
    host: url.host,
    isLoopback: isLoopback(hostOf(url)),
    isPrivate: isPrivate(url),
  };
}

function invalid(what: string): EngineError {
  return new EngineError('option-invalid', `The URL of the server ${what}.`, { setting: 'server' });
}
