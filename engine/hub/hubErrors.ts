// What the hub says, as sentences for a person.
import type { IncomingHttpHeaders } from 'node:http';
import { brief } from '../checkpoint/fields';
import { EngineError } from '../errors';
import { header, Passing, waitOf } from '../http/passing';
import { transportError } from '../http/transportErrors';
import type { Network } from './network';

/** Where a person puts a token. */
const WHERE = 'with Set Hugging Face Token in the editor or as HF_TOKEN in the shell';

/** What is asked for, for the sentences. */
export interface Subject {
  readonly repository: string;
  readonly revision: string;
  readonly file?: string;
}

/** An answer that is none: refused, or not there, or not now. `data.needsToken`: another token may help. */
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
  const locked = (sentence: string) =>
    new EngineError('hub-refused', sentence, { ...data, needsToken: true });
  const page = `${url.origin}/${repository}`;
  const hasToken = token !== undefined;
  if (withholdsToken && (status === 401 || status === 403))
    return refused(
      `${url.host} denies access to ${repository}. Your token was not sent, because the connection is not encrypted: set HF_ENDPOINT, or palimpsest.models.mirror in the editor, to an https address.`,
    );
  if (code === 'GatedRepo' || /gated|restricted/i.test(detail))
    return locked(
      hasToken
        ? `${repository} is a gated model, and the account of your token has no access to it. Open ${page}, accept its conditions with that account, and install it again.`
        : `${repository} is a gated model. Open ${page}, accept its conditions, create a token with read access, set it ${WHERE}, and install it again.`,
    );
  if (code === 'RevisionNotFound')
    return refused(`${url.host} has no revision ${brief(revision)} of ${repository}. Update Palimpsest.`);
  if (code === 'EntryNotFound')
    return refused(
      `${url.host} has no file ${brief(file ?? '')} in ${repository}. A mirror may be incomplete; try another.`,
    );
  if (status === 401 && hasToken)
    return locked(
      `${url.host} does not accept your token. Create a new one, and set it ${WHERE}, or set none.`,
    );
  if (code === 'RepoNotFound' || status === 401)
    return locked(
      `${url.host} does not have ${repository}, or it is private or gated. If you have access to it, set a token of your account ${WHERE}.`,
    );
  if (status === 403)
    return locked(
      `${url.host} denies access to ${repository}. Check whether your account or your network may use it.`,
    );
  if (status === 404 || status === 410)
    return refused(
      `${url.host} does not have ${brief(file ?? repository)}. A mirror may be incomplete; try another.`,
    );
  if (status === 407)
    return refused(
      'The proxy asks for a user name and a password. Put them into http.proxy in the editor, or into HTTPS_PROXY in the shell (http://user:password@host:port).',
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
    `${url.host} answers with HTTP ${status}, which is not a file.`,
    data,
  );
}

/** What went wrong below HTTP. */
export function networkError(error: unknown, url: URL): EngineError | Passing {
  return transportError(error, url, {
    code: 'hub-unreachable',
    unknownHost: 'behind a proxy, set HTTPS_PROXY; a mirror is set with HF_ENDPOINT.',
  });
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
