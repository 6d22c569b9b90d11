// The way to a server: certificates, proxies, and settings that are none.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test, { describe } from 'node:test';
import tls from 'node:tls';
import { EngineError } from '../../../engine/errors';
import { networkError } from '../../../engine/hub/hubErrors';
import { networkOf } from '../../../engine/hub/network';
import { catalogueModel, FIXTURE, world } from './installing';

describe('the connection', () => {
  test('an expired certificate is named', async (t) => {
    const folder = path.join(FIXTURE, '..', '..', 'certificates');
    const cert = fs.readFileSync(path.join(folder, 'expired.pem'), 'utf8');
    const server = https.createServer(
      { cert, key: fs.readFileSync(path.join(folder, 'expired.key')) },
      (_request, response) => response.end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { fails, network, waits } = await world(t);
    const endpoint = new URL(`https://127.0.0.1:${port}`);
    const trusting = { ...network, endpoint, authorities: [cert] };
    await fails('hub-unreachable', /certificate of 127\.0\.0\.1:\d+ has expired.*Check the clock/, {
      network: trusting,
    });
    assert.deepEqual(waits, []);
  });

  test('every other fault of a certificate has its own sentence', () => {
    const url = new URL('https://hub.example/x');
    const sentence = (code: string) => {
      const failure = networkError(Object.assign(new Error('TLS'), { code }), url);
      assert.ok(failure instanceof EngineError);
      return failure.message;
    };
    assert.match(
      sentence('SELF_SIGNED_CERT_IN_CHAIN'),
      /an authority that this machine does not know.*NODE_EXTRA_CA_CERTS/,
    );
    assert.match(sentence('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), /hub\.example is from an authority/);
    assert.match(sentence('ERR_TLS_CERT_ALTNAME_INVALID'), /belongs to another host.*Nothing was sent/);
    assert.match(sentence('CERT_NOT_YET_VALID'), /Check the clock/);
  });

  test('a host that is not there, or refuses', async (t) => {
    const { fails, network } = await world(t);
    const at = (endpoint: string) => ({ network: { ...network, endpoint: new URL(endpoint) } });
    await fails(
      'hub-unreachable',
      /cannot be found\. Check your connection; behind a proxy, set HTTPS_PROXY/,
      at('http://hub.invalid'),
    );
    await fails(
      'hub-unreachable',
      /127\.0\.0\.1:1 refuses the connection \(ECONNREFUSED\)\. Check that the server is running/,
      at('http://127.0.0.1:1'),
    );
  });

  test('goes by the proxy of the environment, and not to the hosts that it leaves out', async (t) => {
    const { hub, run } = await world(t);
    const asked: string[] = [];
    const proxy = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      const { pathname, search } = new URL(request.url ?? '');
      const { host: _host, ...headers } = request.headers;
      http.get(`${hub.endpoint}${pathname}${search}`, { headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1' });
    t.after(() => {
      for (const name of ['HTTP_PROXY', 'NO_PROXY']) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
    });
    const network = networkOf({ HF_ENDPOINT: 'http://hub.test', HF_HOME: '/nowhere' }, '1');
    await run(catalogueModel(), { network });
    assert.ok(asked.length > 0 && asked.every((url) => url.startsWith('http://hub.test/')));
    assert.ok(hub.asked > 0);
  });

  test('an encrypted connection goes through the proxy as well; one that asks for a password is named', async (t) => {
    const asked: string[] = [];
    const proxy = http.createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const before = process.env['HTTPS_PROXY'];
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${port}`;
    t.after(() => {
      if (before === undefined) Reflect.deleteProperty(process.env, 'HTTPS_PROXY');
      else process.env['HTTPS_PROXY'] = before;
    });
    const { fails } = await world(t);
    const network = networkOf({ HF_ENDPOINT: 'https://hub.test', HF_HOME: '/nowhere' }, '1');
    await fails(
      'hub-refused',
      /The proxy asks for a user name and a password.* into http\.proxy in the editor, or into HTTPS_PROXY/,
      { network },
    );
    assert.deepEqual(asked, ['hub.test:443']);
  });

  test('trusts the authorities of the machine beside its own', () => {
    const file = path.join(FIXTURE, '..', '..', 'certificates', 'expired.pem');
    const { authorities } = networkOf({ SSL_CERT_FILE: file, HF_HOME: '/nowhere' }, '1');
    // From Node 22.15 on, the runtime itself reads that variable, when it starts.
    const asksRuntime = 'getCACertificates' in tls;
    assert.equal(authorities?.includes(fs.readFileSync(file, 'utf8')) ?? false, !asksRuntime);
    assert.ok(authorities === undefined || authorities.length > 100);
  });

  test('settings that are none are refused', () => {
    assert.throws(() => networkOf({ HF_ENDPOINT: 'ftp://x' }, '1'), /HF_ENDPOINT is "ftp:\/\/x"/);
    assert.throws(() => networkOf({ HF_TOKEN: 'two words' }, '1'), /HF_TOKEN does not contain a token/);
    assert.throws(() => networkOf({ HF_HUB_OFFLINE: '1' }, '1'), /HF_HUB_OFFLINE is set/);
  });
});
