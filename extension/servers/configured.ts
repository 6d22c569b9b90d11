// The server that the settings name, checked. Pure but for the settings.
import { EngineError } from '../../engine/errors';
import { type ServerAddress, serverAddress } from '../../engine/privacy/serverAddress';
import { SERVER_KINDS, type ServerKind } from '../../engine/protocol';
import { serverSetting } from '../settings';

export const SERVER_SETTING = 'palimpsest.model.server';

export interface ConfiguredServer {
  readonly kind: ServerKind;
  readonly address: ServerAddress;
  /** The server's name of the model; absent: its only one. */
  readonly model?: string;
}

/** Undefined where none is set. @throws EngineError `option-invalid` */
export function configuredServer(): ConfiguredServer | undefined {
  const { kind, url, model } = serverSetting();
  if (kind === undefined && url === undefined && model === undefined) return undefined;
  const known = SERVER_KINDS.find((one) => one === kind);
  if (known === undefined)
    throw invalid(`The setting ${SERVER_SETTING} needs a "kind": one of ${SERVER_KINDS.join(', ')}.`);
  if (typeof url !== 'string' || url.trim() === '')
    throw invalid(`The setting ${SERVER_SETTING} needs a "url", for example http://localhost:8080.`);
  const named = typeof model === 'string' ? model.trim() : '';
  return { kind: known, address: serverAddress(url), ...(named === '' ? {} : { model: named }) };
}

function invalid(sentence: string): EngineError {
  return new EngineError('option-invalid', sentence, { setting: 'server' });
}
