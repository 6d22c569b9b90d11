// What goes wrong below HTTP, as sentences for a person: no such host, no route, a certificate, a connection that broke.
import { brief } from '../checkpoint/fields';
import { EngineError, type ErrorCode, isEngineError, systemCode } from '../errors';
import { Passing } from './passing';

export class SlowAnswer extends Error {}

export interface Wording {
  readonly code: ErrorCode;
  /** What to do about a host that cannot be found, as the end of the sentence. */
  readonly unknownHost: string;
}

const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED)$/;

export function transportError(
  error: unknown,
  url: URL,
  { code: errorCode, unknownHost }: Wording,
): EngineError | Passing {
  if (isEngineError(error) || error instanceof Passing) return error;
  const code = systemCode(error) ?? '';
  const data = { host: url.host, code };
  const fail = (sentence: string) => new EngineError(errorCode, sentence, data, { cause: error });
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
    return new Passing(fail(`${url.hostname} cannot be found. Check your connection; ${unknownHost}`));
  if (code === 'ECONNREFUSED')
    return new Passing(
      fail(
        `${url.host} refuses the connection (${code}). Check that the server is running, its address, and the proxy, and try again.`,
      ),
    );
  if (/^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|EPIPE|ECONNABORTED)$/.test(code))
    return new Passing(
      fail(
        `The connection to ${url.host} failed (${code}). Check your connection and the proxy, and try again.`,
      ),
    );
  const why = error instanceof Error ? error.message : String(error);
  return fail(`The connection to ${url.host} failed: ${brief(why)}.`);
}
