// What every request to the hub has in common: where the hub is, and who asks. Read from the environment once for each command.
import fs from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { type Connection, connectionOf } from '../http/connection';
import type { RetryRules } from '../http/retries';
import { isPrivate } from '../privacy/serverAddress';
import { type Environment, huggingFaceHome } from './folders';

export interface Network extends Connection {
  /** Where the hub or its mirror is; no slash at its end. */
  readonly endpoint: URL;
  /** Sent to the endpoint's origin and to no other. */
  readonly token?: string;
  /** There is a token, but the endpoint is another machine without encryption: it is not sent. */
  readonly withholdsToken?: boolean;
}

/** Nobody waits in front of a download: it is given time. */
export const RETRIES: RetryRules = { tries: 5, firstWait: 1000, longestWait: 5 * 60_000 };
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
  return {
    ...connectionOf(env, version, PATIENCE),
    endpoint,
    ...(token === undefined ? {} : isPrivate(endpoint) ? { token } : { withholdsToken: true }),
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
