// What is remembered of servers: consent and keys, one an origin, also where the system keeps no secrets.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Agreements, type Storage } from '../../../../extension/servers/agreements';

const ORIGIN = 'https://models.example';

function storage(
  isBroken = false,
): Storage & { readonly kept: Map<string, unknown>; readonly secret: Map<string, string> } {
  const kept = new Map<string, unknown>();
  const secret = new Map<string, string>();
  const refuse = async () => {
    throw new Error('no keyring');
  };
  const secrets = {
    get: async (name: string) => secret.get(name),
    store: async (name: string, value: string) => void secret.set(name, value),
    delete: async (name: string) => void secret.delete(name),
    onDidChange: () => ({ dispose: () => undefined }),
  };
  const state = {
    keys: () => [...kept.keys()],
    get: (name: string) => kept.get(name),
    update: async (name: string, value: unknown) => void kept.set(name, value),
  };
  return {
    kept,
    secret,
    // Only what is called is there: the editor's own types have more.
    state: state as unknown as Storage['state'],
    secrets: (isBroken
      ? { ...secrets, get: refuse, store: refuse, delete: refuse }
      : secrets) as Storage['secrets'],
  };
}

describe('agreements', () => {
  test('count for one origin: another scheme or port is another server', async () => {
    const agreements = new Agreements(storage());
    await agreements.agree(ORIGIN);
    assert.equal(agreements.has(ORIGIN), true);
    for (const other of ['http://models.example', `${ORIGIN}:8443`, 'https://models.example.evil.example'])
      assert.equal(agreements.has(other), false, other);
  });

  test('are kept for the next window, and keys only as secrets', async () => {
    const all = storage();
    const first = new Agreements(all);
    await first.agree(ORIGIN);
    assert.equal(await first.setKey(ORIGIN, 'key-1'), true);
    const second = new Agreements(all);
    assert.equal(second.has(ORIGIN), true);
    assert.equal(await second.keyOf(ORIGIN), 'key-1');
    assert.ok(!JSON.stringify([...all.kept]).includes('key-1'));
    assert.equal(await second.keyOf('https://other.example'), undefined);
  });

  test('are forgotten with their key', async () => {
    const all = storage();
    const agreements = new Agreements(all);
    await agreements.agree(ORIGIN);
    await agreements.setKey(ORIGIN, 'key-1');
    await agreements.forget(ORIGIN);
    assert.equal(agreements.has(ORIGIN), false);
    assert.equal(await agreements.keyOf(ORIGIN), undefined);
    assert.deepEqual(agreements.known, []);
    assert.equal(all.secret.size, 0);
  });

  test('hold a key for the window where the system keeps no secrets', async () => {
    const all = storage(true);
    const agreements = new Agreements(all);
    assert.equal(await agreements.setKey(ORIGIN, 'key-1'), false);
    assert.equal(await agreements.keyOf(ORIGIN), 'key-1');
    assert.deepEqual(agreements.known, [ORIGIN]);
    await agreements.forgetKey(ORIGIN);
    assert.equal(await agreements.keyOf(ORIGIN), undefined);
    assert.equal(await new Agreements(all).keyOf(ORIGIN), undefined);
  });

  test('that something else has written are not believed', () => {
    const all = storage();
    all.kept.set('servers.agreed', { length: 1, 0: ORIGIN });
    assert.equal(new Agreements(all).has(ORIGIN), false);
    all.kept.set('servers.agreed', [7, null, ORIGIN]);
    assert.deepEqual(new Agreements(all).known, [ORIGIN]);
  });
});
