// The editor's own proxy, as programs that are started look for one.

import type { ProxySettings } from '../settings';

/** Variables to add to an environment; what is not set in the editor stays as the person has it. */
export function proxyVariables({ proxy, noProxy, proxySupport }: ProxySettings): NodeJS.ProcessEnv {
  if (proxy === '' || proxySupport === 'off') return {};
  const without = noProxy.join(',');
  return {
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    ...(without === '' ? {} : { NO_PROXY: without, no_proxy: without }),
  };
}
