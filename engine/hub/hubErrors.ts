// What the hub and the network say, as sentences for a person. A failure that may pass by itself is `Passing`: whoever catches
// it tries again, and at last gives its error.
import type { IncomingHttpHeaders } from 'node:http';
import { brief } from '../checkpoint/fields';
import { EngineError, isEngineError } from '../errors';
import type { Network } from './network';

/** A failure that may be gone at the next try. */
export class Passing extends Error {
  constructor(
    readonly failure: EngineError,
    /** Milliseconds that the server asks to wait. */
    readonly after?: number,
  ) {
    super(failure.message);
  }
}

export class SlowAnswer extends Error {}

/** What is asked for, for the sentences. */
export interface Subject {
  readonly repository: string;
  readonly revision: string;
  readonly file?: string;
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** An answer that is none: refused, or not there, or not now. */
export function statusError(
  status: number,
  headers: IncomingHttpHeaders,
  url: URL,
  subject: Subject,
  { token, withholdsToken }: Pick<Network, 'token' | 'withholdsToken'>,
): EngineError | Passing {
  const { repository, revision, file } = subject;
  const code = header(headers, 'x-error-code');
  const detail = header(headers, 'x-error-message');
  const data = { status, host: url.host, repository, ...(file === undefined ? {} : { file }) };
  const refused = (sentence: string) => new EngineError('hub-refused', sentence, data);
  const page = `${url.origin}/${repository}`;
  const hasToken = token !== undefined;
  if (withholdsToken && (status === 401 || status === 403))
    return refused(
      `${url.host} denies access to ${repository}. Your token was not sent, because the connection is not encrypted: set HF_ENDPOINT to an https address.`,
    );
  if (code === 'GatedRepo' || /gated|restricted/i.test(detail))
    return refused(
      hasToken
        ? `${repository} is a gated model, and the account of your token has no access to it. Open ${page}, accept its conditions with that account, and install it again.`
        : `${repository} is a gated model. Open ${page}, accept its conditions, create a token with read access, set it as HF_TOKEN, and install it again.`,
    );
  if (code === 'RevisionNotFound')
    return refused(`${url.host} has no revision ${brief(revision)} of ${repository}. Update Palimpsest.`);
  if (code === 'EntryNotFound')
    return refused(
      `${url.host} has no file ${brief(file ?? '')} in ${repository}. A mirror may be incomplete; try another.`,
    );
  if (status === 401 && hasToken)
    return refused(`${url.host} does not accept your token. Create a new one, or unset HF_TOKEN.`);
  if (code === 'RepoNotFound' || status === 401)
    return refused(
      `${url.host} does not have ${repository}, or it is private or gated. If you have access to it, set HF_TOKEN to a token of your account.`,
    );
  if (status === 403)
    return refused(
      `${url.host} denies access to ${repository}. Check whether your account or your network may use it.`,
    );
  if (status === 404 || status === 410)
    return refused(
      `${url.host} does not have ${brief(file ?? repository)}. A mirror may be incomplete; try another.`,
    );
  if (status === 407)
    return refused(
      'The proxy asks for a user name and a password. Put them into HTTPS_PROXY (http://user:password@host:port).',
    );
  if (status === 408 || status === 429 || status >= 500) {
    const after = waitOf(headers);
    const why = status === 429 ? 'receives too many requests from here' : `fails (HTTP ${status})`;
    const failure = new EngineError(
      'hub-unreachable',
      `${url.host} ${why}. Try again later; the download continues where it stopped.`,
      data,
    );
    return after === undefined ? new Passing(failure) : new Passing(failure, after);
  }
  return new EngineError(
    'hub-answer-invalid',
    `${url.host} answers with HTTP ${status}, which is no file.`,
    data,
  );
}

/** Longest wait that a server may ask for before we give up instead. */
export const LONGEST_WAIT = 5 * 60_000;

/** `Retry-After` in seconds or as a date; the hub's own `RateLimit: "api";r=0;t=12`. */
function waitOf(headers: IncomingHttpHeaders): number | undefined {
  const given = header(headers, 'retry-after').trim();
  if (/^\d+$/.test(given)) return Number(given) * 1000;
  const date = Date.parse(given);
  if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  const limit = /;\s*r=0;\s*t=(\d+)/.exec(header(headers, 'ratelimit'));
  return limit ? (Number(limit[1]) + 1) * 1000 : undefined;
}

const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED)$/;

/** What went wrong below HTTP: no such host, no route, a certificate, a connection that broke. */
export function networkError(error: unknown, url: URL): EngineError | Passing {
  if (isEngineError(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const data = { host: url.host, code };
  const fail = (sentence: string) => new EngineError('hub-unreachable', sentence, data, { cause: error });
  if (error instanceof SlowAnswer)
    return new Passing(
      fail(`${url.host} does not answer. Check your connection and the proxy, and try again.`),
    );
  if (code === 'CERT_HAS_EXPIRED')
    return fail(
      `The certificate of ${url.host} has expired, so the connection is not secure. Check the clock of this machine; if it is right, the operator of the server has to renew the certificate.`,
    );
  if (code === 'CERT_NOT_YET_VALID')
    return fail(`The certificate of ${url.host} is not valid yet. Check the clock of this machine.`);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return fail(
      `The certificate of ${url.host} belongs to another host, so the connection is not secure. Nothing was sent.`,
    );
  if (UNTRUSTED.test(code))
    return fail(
      `The certificate of ${url.host} is from an authority that this machine does not know. If your network has its own, name its certificate in NODE_EXTRA_CA_CERTS.`,
    );
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Passing(
      fail(
        `${url.hostname} cannot be found. Check your connection; behind a proxy, set HTTPS_PROXY; a mirror is set with HF_ENDPOINT.`,
      ),
    );
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|EPIPE|ECONNABORTED)$/.test(code))
    return new Passing(
      fail(
        `The connection to ${url.host} failed (${code}). Check your connection and the proxy, and try again.`,
      ),
    );
  const why = error instanceof Error ? error.message : String(error);
  return fail(`The connection to ${url.host} failed: ${brief(why)}.`);
}

/** An answer that is not what was asked for. */
export function invalidAnswer(
  url: URL,
  what: string,
  data: Readonly<Record<string, unknown>> = {},
): EngineError {
  return new EngineError('hub-answer-invalid', `${url.host} ${what}`, { host: url.host, ...data });
}

export function webPage(url: URL): EngineError {
  return invalidAnswer(
    url,
    'answers with a web page instead of a file. A network that asks you to log in does that; open a page in your browser, or try another mirror.',
  );
}
