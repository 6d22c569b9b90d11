// What a hub may claim about a repository before any file is fetched, and what it is sent: which commit it is at, which files it has,
// where the list goes on, the token.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { networkOf } from '../../../engine/hub/network';
import { COMMIT, type Intercept } from './fakeHub';
import { catalogueModel, world } from './installing';

/** Answers the requests for pages of the list. */
function onList(page: (url: URL) => { readonly entries: unknown[]; readonly link?: string }): Intercept {
  return (request, response, host) => {
    const url = new URL(request.url ?? '', 'http://hub');
    if (host !== 'hub' || !url.pathname.includes('/tree/')) return false;
    const { entries, link } = page(url);
    response
      .writeHead(200, { 'Content-Type': 'application/json', ...(link === undefined ? {} : { Link: link }) })
      .end(JSON.stringify(entries));
    return true;
  };
}

describe('the commit', () => {
  test('that the catalog names is the one that is installed', async (t) => {
    const { run } = await world(t);
    const { origin } = await run(catalogueModel({ revision: COMMIT }));
    assert.equal(origin?.commit, COMMIT);
  });

  test('is not believed to be another one, with files and checksums of its own', async (t) => {
    const { hub, fails } = await world(t);
    const pinned = catalogueModel({ revision: 'a'.repeat(40) });
    await fails(
      'hub-answer-invalid',
      /has another commit of owner\/DreamOn-tiny than the catalog names/,
      {},
      pinned,
    );
    assert.ok(hub.hits.every(({ url }) => url.includes('/revision/')));
  });
});

describe('the list of files', () => {
  test('goes on at the hub itself, whatever its link says', async (t) => {
    const other = await world(t);
    const { hub, run } = await world(t);
    const all = hub.tree;
    hub.intercept = onList(({ search }) =>
      search.includes('rest')
        ? { entries: all }
        : {
            entries: [],
            link: `<https://huggingface.co//${new URL(other.hub.endpoint).host}/tree/?rest>; rel="next"`,
          },
    );
    await run();
    assert.deepEqual(other.hub.hits, []);
  });

  test('has an end', async (t) => {
    const { hub, fails } = await world(t);
    const entries = Array.from({ length: 60_000 }, () => ({ type: 'file', path: 'a.txt', size: 1 }));
    hub.intercept = onList(({ pathname }) => ({ entries, link: `<${pathname}?more>; rel="next"` }));
    await fails('hub-answer-invalid', /lists the files of owner\/DreamOn-tiny without end/);
    assert.equal(hub.hits.filter(({ url }) => url.includes('/tree/')).length, 2);
  });
});

describe('a token', () => {
  test('is not sent to another machine without encryption, and a refusal says so', async (t) => {
    const given = (HF_ENDPOINT: string) => networkOf({ HF_ENDPOINT, HF_TOKEN: 'hf_secret' }, '1.2.3');
    for (const endpoint of [
      'https://hub.example.com',
      'http://localhost:8080',
      'http://127.0.0.1',
      'http://[::1]:1',
    ])
      assert.equal(given(endpoint).token, 'hf_secret', endpoint);
    for (const endpoint of ['http://hub.example.com', 'http://127.0.0.1.example.com', 'http://10.0.0.1'])
      assert.equal(given(endpoint).token, undefined, endpoint);
    const { hub, fails, network } = await world(t);
    hub.intercept = (_request, response) => {
      response.writeHead(401, { 'X-Error-Code': 'GatedRepo' }).end();
      return true;
    };
    const { withholdsToken = false } = given('http://hub.example.com');
    await fails('hub-refused', /Your token was not sent, because the connection is not encrypted/, {
      network: { ...network, withholdsToken },
    });
  });
});
