// What the command is told of the editor: its proxy, the mirror of the settings, the token that is kept as a secret. The
// environment of the person counts for the rest.
import { proxyVariables } from '../common/proxyEnvironment';
import type { HubSettings } from '../settings';

export interface EditorNetwork extends HubSettings {
  readonly token: string | undefined;
  /** Where the engine keeps quantised weights: what is prepared at the install is what it finds. */
  readonly cacheFolder: string;
}

export function modelsEnvironment(base: NodeJS.ProcessEnv, network: EditorNetwork): NodeJS.ProcessEnv {
  const { mirror, token, cacheFolder } = network;
  return {
    ...base,
    PALIMPSEST_CACHE: cacheFolder,
    ...proxyVariables(network),
    ...(mirror === '' ? {} : { HF_ENDPOINT: mirror }),
    ...(token ? { HF_TOKEN: token } : {}),
  };
}
