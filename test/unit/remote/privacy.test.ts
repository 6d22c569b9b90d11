// What leaves the machine, and what does not: the text around the spans goes to the server that was named, and its key with it;
// nothing else goes anywhere.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { serverAddress } from '../../../engine/privacy/serverAddress';
import { connectServer } from '../../../engine/remote/connect';
import { AT, chat, connected, json, llama, recordedServer, TEXT, wish } from './recordedServer';

const KEY = 'sk-verysecretkey0123456789';

describe('the key', () => {
  test('goes to the server as a bearer token', async (t) => {
    const server = await recordedServer(t, llama(['x']));
    await (await connected(t, 'llama-server', server.url, { key: KEY })).infill(wish());
    assert.ok(server.heard.length >= 3);
    assert.ok(server.heard.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
    assert.ok(server.heard.every(({ path }) => !path.includes(KEY)));
  });

  test('goes nowhere by a redirect, and neither does the code', async (t) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const other = await recordedServer(t, llama(['x']));
      const server = await recordedServer(t, (_heard, response) =>
        response.writeHead(status, { Location: `${other.url}/infill` }).end(),
      );
      await assert.rejects(connected(t, 'llama-server', server.url, { key: KEY }), {
        code: 'server-refused',
        message: /redirects to .* Nothing was sent there/,
      });
      assert.deepEqual(other.heard, [], String(status));
    }
  });

  test('goes along where the server redirects to itself', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if (heard.path === '/infill') response.writeHead(307, { Location: '/api/infill' }).end();
      else llama(['x'])({ ...heard, path: heard.path.replace('/api', '') }, response);
    });
    await (await connected(t, 'llama-server', server.url, { key: KEY })).infill(wish());
    const last = server.heard.at(-1) ?? assert.fail();
    assert.equal(last.path, '/api/infill');
    assert.equal(last.headers.authorization, `Bearer ${KEY}`);
    assert.equal(last.body['input_prefix'], TEXT.slice(0, AT));
  });

  test('with characters that no header has is refused without being repeated', async (t) => {
    const server = await recordedServer(t, llama(['x']));
    await assert.rejects(
      connected(t, 'llama-server', server.url, { key: 'bad\r\nX-Evil: 1' }),
      (error: Error) => {
        assert.match(error.message, /characters that no key has/);
        assert.doesNotMatch(error.message, /Evil/);
        return true;
      },
    );
    assert.equal(server.heard.length, 0);
  });
});

describe('a connection that others can read', () => {
  test('to another machine is refused without a yes, before anything is looked up', async () => {
    await assert.rejects(
      connectServer('x', { kind: 'openai-chat', url: 'http://models.invalid:8000' }, {}, {}),
      {
        code: 'server-not-allowed',
        message: /models\.invalid:8000 is not encrypted/,
      },
    );
  });

  test('is taken with a yes', async () => {
    const server = { kind: 'mercury', url: 'http://models.invalid:8000', allowsUnencrypted: true } as const;
    const model = await connectServer('x', server, {}, {});
    await model.dispose();
  });

  test('differs from one that stays on this machine', () => {
    const isPrivate = (url: string) => serverAddress(url).isPrivate;
    for (const url of [
      'https://a.example',
      'http://localhost:1',
      'http://127.0.0.1',
      'http://127.9.9.9:8',
      'http://[::1]:80',
    ])
      assert.equal(isPrivate(url), true, url);
    for (const url of [
      'http://a.example',
      'http://127.0.0.1.a.example',
      'http://localhost.a.example',
      'http://10.0.0.1',
      'http://0.0.0.0',
    ])
      assert.equal(isPrivate(url), false, url);
  });
});

describe('an address', () => {
  test('with a password, a query or another scheme is refused without being repeated', () => {
    for (const url of [
      'http://me:hunter2@a.example',
      'https://hunter2@a.example',
      'https://a.example/v1?key=hunter2',
      'https://a.example/#hunter2',
      'ftp://a.example/hunter2',
      'file:///hunter2',
      'hunter2',
      '',
      'https://',
    ])
      assert.throws(
        () => serverAddress(url),
        (error: Error) => /^The URL of the server /.test(error.message) && !error.message.includes('hunter2'),
        url,
      );
  });

  test('has an origin and a host for people', () => {
    const { url, origin, host } = serverAddress(' https://A.example:443/v1/ ');
    assert.deepEqual([url, origin, host], ['https://a.example/v1', 'https://a.example', 'a.example']);
  });
});

describe('the text', () => {
  test('of a file with a secret in it stays here, whoever asks', async (t) => {
    const server = await recordedServer(t, llama(['x']));
    const model = await connected(t, 'llama-server', server.url);
    const before = server.heard.length;
    const secrets: readonly Partial<Parameters<typeof wish>[0]>[] = [
      { text: `AWS = "AKIA${'ABCDEFGHIJKLMNOP'}"\nx = \n`, spans: [{ start: 33, end: 33 }] },
      // Far from what would be sent.
      { text: `${'x = 1\n'.repeat(5000)}KEY = "AKIA${'ABCDEFGHIJKLMNOP'}"\n`, spans: [{ start: 0, end: 5 }] },
      { fileName: '/home/someone/project/.env' },
      { language: 'dotenv' },
    ];
    for (const more of secrets)
      await assert.rejects(model.infill(wish(more)), { code: 'text-withheld' }, JSON.stringify(more));
    assert.equal(server.heard.length, before, 'nothing was sent');
  });

  test('of other files is not sent, nor where this one is', async (t) => {
    const server = await recordedServer(t, llama(['x']));
    const model = await connected(t, 'llama-server', server.url);
    await model.infill(
      wish({
        openTexts: ['text of another file'],
        memory: { id: 'workspace', path: 'src/mean.py', near: ['src/near.py'] },
        fileName: '/home/somebody/mean.py',
        document: 'file:///home/somebody/mean.py',
      }),
    );
    const sent = JSON.stringify(server.heard.map(({ body, path, headers }) => [body, path, headers]));
    for (const word of ['another file', 'somebody', 'near.py', 'mean.py'])
      assert.ok(!sent.includes(word), word);
  });

  test('goes as far as servers read, whole lines of it', async (t) => {
    const line = 'some_function_of_some_length(with_an_argument)\n';
    const text = line.repeat(2000);
    const at = line.length * 1000;
    const server = await recordedServer(t, llama(['x']));
    const model = await connected(t, 'llama-server', server.url);
    await model.infill(wish({ text, spans: [{ start: at, end: at }] }));
    const { body } = server.heard.at(-1) ?? assert.fail();
    const [prefix, suffix] = [String(body['input_prefix']), String(body['input_suffix'])];
    assert.ok(prefix.length <= 6000 && prefix.length > 5900 && prefix.startsWith('some_'));
    assert.ok(suffix.length <= 2000 && suffix.length > 1900 && suffix.endsWith(')\n'));
  });

  test('is not sent to find out what a server can', async (t) => {
    const server = await recordedServer(t, chat(['x']));
    await connected(t, 'openai-chat', server.url);
    assert.deepEqual(
      server.heard.map(({ method, path }) => [method, path]),
      [['GET', '/v1/models']],
    );
  });
});

test('a proxy of the environment is not asked for a server on this machine', async (t) => {
  const server = await recordedServer(t, llama(['x']));
  const proxy = await recordedServer(t, (_heard, response) => json(response, {}, 502));
  const before = process.env['HTTP_PROXY'];
  process.env['HTTP_PROXY'] = proxy.url;
  t.after(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, 'HTTP_PROXY');
    else process.env['HTTP_PROXY'] = before;
  });
  await (await connected(t, 'llama-server', server.url)).infill(wish());
  assert.equal(proxy.heard.length, 0);
});

test('a proxy of the environment is asked for a server elsewhere, and gets no key of its own', async (t) => {
  const proxy = await recordedServer(t, (_heard, response) => json(response, {}, 407));
  const before = process.env['HTTP_PROXY'];
  process.env['HTTP_PROXY'] = proxy.url;
  t.after(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, 'HTTP_PROXY');
    else process.env['HTTP_PROXY'] = before;
  });
  const server = { kind: 'openai-chat', url: 'http://models.invalid:8000', allowsUnencrypted: true } as const;
  await assert.rejects(connectServer('x', server, {}, {}), { message: /The proxy asks for a user name/ });
  assert.equal(proxy.heard[0]?.path, 'http://models.invalid:8000/v1/models');
});
