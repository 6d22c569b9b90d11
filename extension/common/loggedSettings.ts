// Settings as the log has them. A person may have written a secret where none belongs. Pure.

/** Names of settings that are addresses. */
const ADDRESSES = ['url', 'mirror'];
/** What somebody may name a key that they put beside a server's address. */
const SECRET = /key|token|secret|passw|auth/i;

/** All of them as JSON; of an address only where it leads, and nothing of what has a secret's name. */
export function withoutSecrets(settings: unknown): string {
  return JSON.stringify(settings, (name, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (SECRET.test(name)) return '…';
    return ADDRESSES.includes(name) ? placeOf(value) : value;
  });
}

/** What is no address of a web server may have its password anywhere. */
function placeOf(address: string): string {
  if (address === '') return address;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return '…';
  const login = url.username === '' && url.password === '' ? '' : '…@';
  const query = url.search === '' && url.hash === '' ? '' : '?…';
  return `${url.protocol}//${login}${url.host}${url.pathname}${query}`;
}
