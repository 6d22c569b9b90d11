// What every request to the hub has in common: where the hub is, who asks, by which proxy, with which certificates, how long
// to wait. Read from the environment once for each command.
import fs from 'node:fs';
import type { Agent } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { EngineError } from '../errors';
import { type Environment, huggingFaceHome } from './folders';

export interface Network {
  /** Where the hub or its mirror is; no slash at its end. */
  readonly endpoint: URL;
  /** Sent to the endpoint's origin and to no other. */
  readonly token?: string;
  /** There is a token, but the endpoint is another machine without encryption: it is not sent. */
  readonly withholdsToken?: boolean;
  readonly agentFor: (url: URL) => Agent | undefined;
  /** Certificates of authorities, PEM; absent: Node's own. */
  readonly authorities?: readonly string[];
  /** Milliseconds until an answer has to begin, and between two pieces of one. */
  readonly patience: { readonly answer: number; readonly piece: number };
  /** Resolves after so many milliseconds; rejects when the signal fires. */
  readonly pause: (millis: number, signal?: AbortSignal) => Promise<void>;
  readonly userAgent: string;
}

const HUB = 'https://huggingface.co';
const PATIENCE = { answer: 20_000, piece: 30_000 };

/** @throws EngineError `option-invalid` where HF_ENDPOINT or the proxy is no URL; `hub-refused` where HF_HUB_OFFLINE is set. */
export function networkOf(env: Environment, version: string): Network {
  const offline = env['HF_HUB_OFFLINE'];
  if (offline && /^(1|on|yes|true)$/i.test(offline))
    throw new EngineError(
      'hub-refused',
      'HF_HUB_OFFLINE is set, so nothing is downloaded. Unset it, or install a folder or file that is on this machine.',
    );
  const endpoint = endpointOf(env['HF_ENDPOINT']);
  const token = tokenOf(env);
  const authorities = authoritiesOf(env);
  return {
    endpoint,
    ...(token === undefined ? {} : isPrivate(endpoint) ? { token } : { withholdsToken: true }),
    agentFor: agents(),
    ...(authorities === undefined ? {} : { authorities }),
    patience: PATIENCE,
    pause: async (millis, signal) => {
      await pause(millis, undefined, signal ? { signal } : {});
    },
    userAgent: `palimpsest/${version}; node/${process.versions.node}`,
  };
}

function endpointOf(given: string | undefined): URL {
  const text = (given || HUB).replace(/\/+$/, '');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'https:' || url.protocol === 'http:') && !url.username && !url.search)
    return url;
  throw new EngineError(
    'option-invalid',
    `HF_ENDPOINT is ${JSON.stringify(text)}, which is not the address of a hub. Set it to one such as ${HUB}, or unset it.`,
  );
}

/** Whether nobody on the way can read what is sent. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** HF_TOKEN, or else the file that Hugging Face's own tools keep a token in. */
function tokenOf(env: Environment): string | undefined {
  const given = env['HF_TOKEN']?.trim();
  if (given) return usable(given, 'HF_TOKEN');
  const file = env['HF_TOKEN_PATH'] || path.join(huggingFaceHome(env), 'token');
  let kept: string;
  try {
    kept = fs.readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
  return kept === '' ? undefined : usable(kept, file);
}

function usable(token: string, where: string): string {
  if (/^[\x21-\x7e]{1,1024}$/.test(token)) return token;
  throw new EngineError('option-invalid', `${where} does not contain a token. Correct it, or unset it.`);
}

/** One agent for each proxy; `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` as everywhere. */
function agents(): (url: URL) => Agent | undefined {
  const known = new Map<string, Agent>();
  return (url) => {
    const proxy = getProxyForUrl(url.href);
    if (proxy === '') return undefined;
    if (!/^https?:\/\//i.test(proxy) || !URL.canParse(proxy))
      throw new EngineError(
        'option-invalid',
        'The proxy named in the environment (HTTPS_PROXY, HTTP_PROXY, or ALL_PROXY) is not an http or https address. Correct it, or add the host to NO_PROXY.',
      );
    const key = `${url.protocol} ${proxy}`;
    let agent = known.get(key);
    if (agent === undefined) {
      agent = url.protocol === 'https:' ? new HttpsProxyAgent(proxy) : new HttpProxyAgent(proxy);
      known.set(key, agent);
    }
    return agent;
  };
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
