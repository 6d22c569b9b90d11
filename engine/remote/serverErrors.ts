// What a server and its answers say, as sentences for a person. No sentence has the key in it, whatever the server repeats.
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type JsonObject, own, parseJsonObject } from '../checkpoint/json';
import { EngineError, isEngineError } from '../errors';
import { Passing, waitOf } from '../http/passing';
import { transportError } from '../http/transportErrors';

/** Who is talked to, for the sentences. */
export interface Party {
  readonly host: string;
  readonly key?: string | undefined;
}

const SET_KEY =
  'Set one with Set Server Key in the editor, or with PALIMPSEST_SERVER_KEY or --key-file in the shell.';

const UNSUPPORTED = /\bunsupported\b|\bnot (currently )?supported\b/i;

/** An answer that is none: refused, or not there, or not now. `detail`: what the server says, without the key. */
export function statusError(
  status: number,
  headers: IncomingHttpHeaders,
  path: string,
  detail: string,
  { host, key }: Party,
): EngineError | Passing {
  const data = { status, host, detail };
  const says = detail === '' ? '' : ` It says: ${detail}`;
  const refused = (sentence: string) => new EngineError('server-refused', `${sentence}${says}`, data);
  if (status === 401)
    return refused(
      key === undefined ? `${host} needs a key. ${SET_KEY}` : `${host} does not accept your key. ${SET_KEY}`,
    );
  if (status === 402)
    return refused(
      `${host} asks for payment: the account of your key has no credit left. Add some there, or choose another server.`,
    );
  if (status === 403) return refused(`${host} denies access. Check what your key and your network may use.`);
  if (status === 404 || status === 405)
    return refused(
      `${host} has no ${path}, or not this model. Check the URL, the kind of server, and the name of the model.`,
    );
  if (status === 407)
    return refused(
      'The proxy asks for a user name and a password. Put them into http.proxy in the editor, or into HTTPS_PROXY in the shell (http://user:password@host:port).',
    );
  if (status === 413) return refused(`${host} does not take that much text. Select less.`);
  if (status === 501)
    return refused(
      `The model of ${host} cannot fill in between two texts. Start the server with one that can, such as Qwen2.5-Coder.`,
    );
  // Some servers have one status for all that goes wrong: what they do not support now they do not support later either.
  if (status === 500 && UNSUPPORTED.test(detail))
    return refused(`${host} does not support what is asked for. Check the kind of server.`);
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const after = waitOf(headers);
    const when = after === undefined ? 'later' : `in ${Math.max(1, Math.ceil(after / 1000))} seconds`;
    const why =
      status === 429
        ? 'receives too many requests from you'
        : status === 503
          ? 'is not ready: it is starting, or has too much to do'
          : `fails (HTTP ${status})`;
    const failure = new EngineError('server-unreachable', `${host} ${why}. Try again ${when}.${says}`, {
      ...data,
      ...(after === undefined ? {} : { after }),
    });
    return after === undefined ? new Passing(failure) : new Passing(failure, after);
  }
  return refused(`${host} rejects the request (HTTP ${status}).`);
}

/** A redirect that is not followed: what is sent goes to no other host than the one that was agreed to. */
export function redirectError(from: URL, location: string | undefined, { host }: Party): EngineError {
  const target =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const where = target === undefined ? 'an address that is none' : `${target.origin}${target.pathname}`;
  return new EngineError(
    'server-refused',
    `${host} redirects to ${where}. Nothing was sent there. If that is the server you mean, set it as the URL.`,
    { host },
  );
}

/** What went wrong below HTTP. */
export function networkError(error: unknown, url: URL): EngineError | Passing {
  return transportError(error, url, {
    code: 'server-unreachable',
    unknownHost: 'check the URL of the server; behind a proxy, set HTTPS_PROXY.',
  });
}

/** An answer that is not what was asked for. */
export function invalidAnswer({ host }: Party, what: string): EngineError {
  return new EngineError('server-answer-invalid', `${host} ${what}`, { host });
}

export function webPage(party: Party): EngineError {
  return invalidAnswer(
    party,
    'answers with a web page. Check the URL; a network that asks you to log in answers so, too.',
  );
}

/** The answer ended before it was whole. */
export function brokenOff({ host }: Party): Passing {
  return new Passing(
    new EngineError(
      'server-unreachable',
      `${host} broke off in the middle of its answer. Your file was not changed; try again.`,
      { host },
    ),
  );
}

/** An event or an answer with status 200 that is an error nevertheless. */
export function reportedError(party: Party, answer: JsonObject): EngineError | undefined {
  const error = own(answer, 'error');
  if (error === undefined || error === null || error === false) return undefined;
  const detail = detailIn(answer, party.key);
  return new EngineError(
    'server-refused',
    `${party.host} reports an error${detail === '' ? '.' : `: ${detail}`}`,
    { host: party.host, detail },
  );
}

/** The body of an answer as an object. @throws EngineError `server-answer-invalid` */
export function jsonOf(body: string, party: Party): JsonObject {
  try {
    return parseJsonObject(Buffer.from(body), 'The answer', 'server-answer-invalid');
  } catch (error) {
    if (isEngineError(error))
      throw invalidAnswer(
        party,
        'answers with something that is not JSON. Check the URL and the kind of server.',
      );
    throw error;
  }
}

/** What the body of an error says in words; empty where it says nothing that a person could read. */
export function detailOf(body: string, key: string | undefined): string {
  try {
    return detailIn(parseJsonObject(Buffer.from(body), 'The error', 'server-answer-invalid'), key);
  } catch {
    return '';
  }
}

const LONGEST_DETAIL = 300;

function detailIn(answer: JsonObject, key: string | undefined): string {
  const error = own(answer, 'error') ?? answer;
  const words = wordsOf(error);
  // Servers repeat keys, whole or in part.
  const safe = key === undefined ? words : words.replaceAll(key, '…');
  const line = safe
    .replace(/\b(sk|key|pk|hf)[-_][\w*.-]{6,}/g, '…')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > LONGEST_DETAIL ? `${line.slice(0, LONGEST_DETAIL - 1)}…` : line;
}

function wordsOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (Array.isArray(error)) return error.map(wordsOf).filter(Boolean).join('; ');
  if (!isObject(error)) return '';
  for (const name of ['message', 'detail', 'msg', 'error']) {
    const words = wordsOf(own(error, name));
    if (words !== '') return words;
  }
  return '';
}
