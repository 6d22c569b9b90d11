// How this process reaches another machine: by which proxy, with which certificates, with how much patience. Read from the
// environment once for each command or server.
import fs from 'node:fs';
import http, { type Agent } from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { EngineError } from '../errors';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Patience {
  /** Milliseconds until an answer has to begin, and between two pieces of one. */
  readonly answer: number;
  readonly piece: number;
}

export interface Connection {
  readonly agentFor: (url: URL) => Agent;
  /** Certificates of authorities, PEM; absent: Node's own. */
  readonly authorities?: readonly string[];
  readonly patience: Patience;
  /** Resolves after so many milliseconds; rejects when the signal fires. */
  readonly pause: (millis: number, signal?: AbortSignal) => Promise<void>;
  readonly userAgent: string;
  /** Ends connections that are kept for the next request. */
  readonly close: () => void;
}

/**
 * `usesProxy`: whether one of the environment counts.
 * @throws EngineError `option-invalid`, when a request is made, where the proxy of the environment is no URL
 */
export function connectionOf(
  env: Environment,
  version: string,
  patience: Patience,
  usesProxy = true,
): Connection {
  const authorities = authoritiesOf(env);
  return {
    ...agents(authorities, usesProxy),
    ...(authorities === undefined ? {} : { authorities }),
    patience,
    pause: async (millis, signal) => {
      await pause(millis, undefined, signal ? { signal } : {});
    },
    userAgent: `palimpsest/${version}; node/${process.versions.node}`,
  };
}

/** One agent for each proxy and scheme; `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` as everywhere. */
function agents(
  authorities: readonly string[] | undefined,
  usesProxy: boolean,
): Pick<Connection, 'agentFor' | 'close'> {
  const known = new Map<string, Agent>();
  const ca = authorities === undefined ? {} : { ca: [...authorities] };
  const agentFor = (url: URL): Agent => {
    const proxy = usesProxy ? getProxyForUrl(url.href) : '';
    if (proxy !== '' && !(/^https?:\/\//i.test(proxy) && URL.canParse(proxy)))
      throw new EngineError(
        'option-invalid',
        'The proxy named in the environment (HTTPS_PROXY, HTTP_PROXY, or ALL_PROXY) is not an http or https address. Correct it, or add the host to NO_PROXY.',
      );
    const isSecure = url.protocol === 'https:';
    const key = `${url.protocol} ${proxy}`;
    const agent = known.get(key) ?? agentBy(proxy, isSecure, ca);
    known.set(key, agent);
    return agent;
  };
  return {
    agentFor,
    close: () => {
      for (const agent of known.values()) agent.destroy();
      known.clear();
    },
  };
}

function agentBy(proxy: string, isSecure: boolean, ca: { readonly ca?: string[] }): Agent {
  if (proxy !== '') return isSecure ? new HttpsProxyAgent(proxy) : new HttpProxyAgent(proxy);
  return isSecure ? new https.Agent({ keepAlive: true, ...ca }) : new http.Agent({ keepAlive: true });
}

/** Where distributions of Linux keep the authorities that the whole machine trusts. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Node's authorities and the system's. Node asks the system from 22.15 on; before, the file of SSL_CERT_FILE or of the
 * distribution is read, and on macOS and Windows NODE_EXTRA_CA_CERTS has to name one.
 */
function authoritiesOf(env: Environment): readonly string[] | undefined {
  const ask: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof ask === 'function') {
    const of = (kind: string): readonly string[] => ask.call(tls, kind);
    return [...new Set([...of('default'), ...of('system')])];
  }
  const files = [env['SSL_CERT_FILE'], ...(process.platform === 'linux' ? BUNDLES : [])];
  const found = files.flatMap((file) => (file ? readText(file) : [])).at(0);
  const extra = env['NODE_EXTRA_CA_CERTS'] ? readText(env['NODE_EXTRA_CA_CERTS']) : [];
  return found === undefined ? undefined : [...tls.rootCertificates, found, ...extra];
}

function readText(file: string): string[] {
  try {
    return [fs.readFileSync(file, 'utf8')];
  } catch {
    return [];
  }
}
