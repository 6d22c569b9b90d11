// What the command is told of the editor: its proxy, the mirror of the settings, the token that is kept as a secret. The
// environment of the person counts for the rest.
import type { HubSettings } from '../settings';

export interface EditorNetwork extends HubSettings {
  readonly token: string | undefined;
  /** Where the engine keeps quantised weights: what is prepared at the install is what it finds. */
  readonly cacheFolder: string;
}

export function modelsEnvironment(base: NodeJS.ProcessEnv, network: EditorNetwork): NodeJS.ProcessEnv {
  const { proxy, noProxy, proxySupport, mirror, token, cacheFolder } = network;
  const usesProxy = proxy !== '' && proxySupport !== 'off';
  return {
    ...base,
    PALIMPSEST_CACHE: cacheFolder,
    ...(usesProxy ? { HTTPS_PROXY: proxy, https_proxy: proxy, HTTP_PROXY: proxy, http_proxy: proxy } : {}),
    ...(usesProxy && noProxy.length > 0 ? { NO_PROXY: noProxy.join(','), no_proxy: noProxy.join(',') } : {}),
    ...(mirror === '' ? {} : { HF_ENDPOINT: mirror }),
    ...(token ? { HF_TOKEN: token } : {}),
  };
}
