import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { withoutSecrets } from '../../../../extension/common/loggedSettings';

describe('settings in the log', () => {
  test('say where a server is, and nothing else of its address', () => {
    const logged = (url: string) =>
      JSON.parse(withoutSecrets({ model: { server: { url } } })).model.server.url;
    assert.equal(logged('https://models.example:8443/v1'), 'https://models.example:8443/v1');
    assert.equal(logged('https://me:hunter2@models.example/v1'), 'https://…@models.example/v1');
    assert.equal(logged('https://me:hunt@er2@models.example/v1'), 'https://…@models.example/v1');
    assert.equal(logged('https://models.example/v1?key=a@hunter2'), 'https://models.example/v1?…');
    for (const none of [
      'https://me:hunt/er2@models.example',
      'https://me:hunt#er2@models.example',
      'me:hunter2@models.example',
    ])
      assert.equal(logged(none), '…', none);
    assert.equal(logged(''), '');
  });

  test('have no password of a mirror, and nothing that is named like a secret', () => {
    const settings = {
      models: { mirror: 'https://me:hunter2@hub.example' },
      model: { server: { apiKey: 'hunter2', headers: { Authorization: 'Bearer hunter2' } } },
    };
    assert.doesNotMatch(withoutSecrets(settings), /hunter2/);
    assert.match(withoutSecrets(settings), /hub\.example/);
  });

  test('have everything else as it is', () => {
    const settings = {
      ghostText: { maxTokens: 32, trigger: 'automatic' },
      context: { exclude: ['**/a?b@c'] },
    };
    assert.deepEqual(JSON.parse(withoutSecrets(settings)), settings);
  });
});
