// A hub or a mirror that lies, refuses, breaks off or stays silent: each has its own sentence, and nothing half-installed is left.
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
import { type FakeHub, type Intercept, treeOf } from './fakeHub';
import { catalogueModel, FIXTURE, world } from './installing';

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;

const onStore =
  (answer: Intercept): Intercept =>
  (request, response, host) =>
    host === 'store' && answer(request, response, host);

/** Answers everything of the store alike. */
function store(status: number, headers: http.OutgoingHttpHeaders, body: string | Buffer): Intercept {
  return onStore((_request, response) => {
    response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
    return true;
  });
}

/** Answers every request to the hub itself alike. */
function main(status: number, headers: http.OutgoingHttpHeaders = {}, body = ''): Intercept {
  return (_request, response, host) => {
    if (host === 'hub') response.writeHead(status, headers).end(body);
    return host === 'hub';
  };
}

function weightsOf({ files }: FakeHub): Buffer {
  return files.get('model.safetensors') ?? assert.fail();
}

function entryOf(hub: FakeHub, name: string): Record<string, unknown> {
  return hub.tree.find((entry) => entry['path'] === name) ?? assert.fail();
}

describe('a lying server never gets a file into place', () => {
  const lies: readonly (readonly [
    string,
    (hub: FakeHub) => void,
    Parameters<Awaited<ReturnType<typeof world>>['fails']>[0],
    RegExp,
  ])[] = [
    [
      'HTML with status 200 in place of weights',
      (hub) => {
        hub.intercept = store(200, { 'Content-Type': 'text/html; charset=utf-8' }, '<html>Log in</html>');
      },
      'hub-answer-invalid',
      /answers with a web page instead of a file/,
    ],
    [
      'HTML with status 206 and the right length',
      (hub) => {
        const { length } = weightsOf(hub);
        hub.intercept = store(
          206,
          { 'Content-Type': 'text/html', 'Content-Range': `bytes 0-${length - 1}/${length}` },
          Buffer.alloc(length),
        );
      },
      'hub-answer-invalid',
      /web page/,
    ],
    [
      'HTML in place of the list',
      (hub) => {
        hub.intercept = main(200, { 'Content-Type': 'text/html' }, '<html></html>');
      },
      'hub-answer-invalid',
      /web page/,
    ],
    [
      'rubbish in place of the list',
      (hub) => {
        hub.intercept = main(200, { 'Content-Type': 'application/json' }, '{"sha": ');
      },
      'hub-answer-invalid',
      /not a hub, or a mirror that does not work/,
    ],
    [
      'a commit that is none',
      (hub) => {
        hub.intercept = main(200, { 'Content-Type': 'application/json' }, '{"sha": "../../x"}');
      },
      'hub-answer-invalid',
      /does not say which commit/,
    ],
    [
      'other bytes of the right size',
      (hub) => {
        const bytes = Buffer.from(weightsOf(hub));
        bytes[bytes.length - 1] = 1 ^ (bytes.at(-1) ?? 0);
        hub.intercept = onStore((request, response) => {
          const [, first = '0'] = /^bytes=(\d+)/.exec(request.headers.range ?? '') ?? [];
          response
            .writeHead(206, { 'Content-Range': `bytes ${first}-${bytes.length - 1}/${bytes.length}` })
            .end(bytes.subarray(Number(first)));
          return true;
        });
      },
      'checksum-mismatch',
      /sends model\.safetensors with a wrong checksum/,
    ],
    [
      'another total size',
      (hub) => {
        hub.intercept = store(206, { 'Content-Range': 'bytes 0-99/100' }, Buffer.alloc(100));
      },
      'hub-answer-invalid',
      /sends model\.safetensors with 100 bytes, but its file list says/,
    ],
    [
      'a list with a smaller size than the file',
      (hub) => {
        entryOf(hub, 'model.safetensors')['size'] = 5000;
      },
      'hub-answer-invalid',
      /but its file list says 5000/,
    ],
    [
      'more bytes than were asked for',
      (hub) => {
        const { length } = weightsOf(hub);
        hub.intercept = onStore((_request, response) => {
          response.writeHead(206, { 'Content-Range': `bytes 0-${length - 1}/${length}` });
          response.end(Buffer.alloc(length + 1));
          return true;
        });
      },
      'hub-answer-invalid',
      /with more bytes/,
    ],
    [
      'another part than was asked for',
      (hub) => {
        const { length } = weightsOf(hub);
        hub.intercept = store(
          206,
          { 'Content-Range': `bytes 10-${length - 1}/${length}` },
          Buffer.alloc(length - 10),
        );
      },
      'hub-answer-invalid',
      /sends another part of model\.safetensors/,
    ],
    [
      'an ETag of another version',
      (hub) => {
        const entry = entryOf(hub, 'model.safetensors');
        entry['lfs'] = { oid: 'b'.repeat(64), size: entry['size'] };
      },
      'hub-answer-invalid',
      /has another version of model\.safetensors/,
    ],
    [
      'a Git LFS pointer in place of the weights',
      (hub) => {
        hub.intercept = store(200, {}, POINTER);
      },
      'hub-answer-invalid',
      /Git LFS pointer in place of model\.safetensors/,
    ],
    [
      'a mirror that was copied without its large files',
      (hub) => {
        hub.files.set('model.safetensors', Buffer.from(POINTER));
        hub.tree = treeOf(hub.files);
        Reflect.deleteProperty(entryOf(hub, 'model.safetensors'), 'lfs');
      },
      'hub-answer-invalid',
      /only a Git LFS pointer in place of model\.safetensors/,
    ],
    [
      'a pointer as a settings file',
      (hub) => {
        hub.files.set('config.json', Buffer.from(POINTER));
        hub.tree = treeOf(hub.files);
      },
      'hub-answer-invalid',
      /Git LFS pointer in place of config\.json/,
    ],
    [
      'a list without checksums, and answers without any',
      (hub) => {
        for (const entry of hub.tree) for (const key of ['oid', 'lfs']) Reflect.deleteProperty(entry, key);
        hub.intercept = (request, response, host) => {
          if (host !== 'hub' || request.url?.startsWith('/api/')) return false;
          response.writeHead(206, { 'Content-Range': 'bytes 0-0/5' }).end('x');
          return true;
        };
      },
      'hub-answer-invalid',
      /gives no checksum of .*, so nobody could tell/,
    ],
    [
      'redirects without end',
      (hub) => {
        hub.intercept = main(302, { Location: '/again' });
      },
      'hub-answer-invalid',
      /redirects without end/,
    ],
    [
      'a redirect to a file',
      (hub) => {
        hub.intercept = main(302, { Location: 'file:///etc/passwd' });
      },
      'hub-answer-invalid',
      /redirects to file:.*not secure/,
    ],
    ...[
      '../evil.json',
      '/etc/x.json',
      'a/../../x',
      'C:\\x',
      '..\\x',
      'con.json',
      'x\0.json',
      'a./b',
      '\\\\host\\x',
      'CONFIG.JSON',
    ].map(
      (name) =>
        [
          `a file list with ${JSON.stringify(name)}`,
          (hub: FakeHub) => {
            hub.tree.push({ type: 'file', path: name, size: 1, oid: 'c'.repeat(40) });
          },
          'hub-answer-invalid' as const,
          /The file list of .* names .*Nothing was installed; do not use this repository/,
        ] as const,
    ),
    [
      'no weights',
      (hub) => {
        hub.tree = hub.tree.filter(
          ({ path: name }) => name !== 'model.safetensors' && name !== 'reference.safetensors',
        );
      },
      'hub-answer-invalid',
      /has no weights that Palimpsest reads/,
    ],
    [
      'a gated model',
      (hub) => {
        hub.intercept = main(401, { 'X-Error-Code': 'GatedRepo' });
      },
      'hub-refused',
      /is a gated model\. Open http.*accept its conditions, create a token .*, set it with Set Hugging Face Token in the editor or as HF_TOKEN in the shell, and install it again\.$/,
    ],
    [
      'gated files of a model whose list is open',
      (hub) => {
        hub.intercept = (request, response, host) => {
          if (host !== 'hub' || !request.url?.includes('/resolve/')) return false;
          response.writeHead(403, { 'X-Error-Code': 'GatedRepo' }).end();
          return true;
        };
      },
      'hub-refused',
      /is a gated model/,
    ],
    [
      'a repository that is not there',
      (hub) => {
        hub.intercept = main(401, { 'X-Error-Code': 'RepoNotFound' });
      },
      'hub-refused',
      /does not have owner\/DreamOn-tiny, or it is private or gated.* set a token of your account with Set Hugging Face Token in the editor or as HF_TOKEN in the shell\.$/,
    ],
    [
      'a revision that is not there',
      (hub) => {
        hub.intercept = main(404, { 'X-Error-Code': 'RevisionNotFound' });
      },
      'hub-refused',
      /has no revision main/,
    ],
    [
      'a file that is not there',
      (hub) => {
        hub.files.delete('config.json');
      },
      'hub-refused',
      /has no file config\.json/,
    ],
  ];
  for (const [name, lie, code, pattern] of lies) {
    test(name, async (t) => {
      const { hub, fails, run } = await world(t);
      const { intercept } = hub;
      const files = new Map(hub.files);
      lie(hub);
      await fails(code, pattern);
      // Once the server tells the truth, the same command works: no lie was kept.
      Object.assign(hub, { intercept, files, tree: treeOf(files) });
      await run();
    });
  }

  test('a token that is not accepted is named', async (t) => {
    const { hub, fails } = await world(t, undefined, { HF_TOKEN: 'hf_old' });
    hub.intercept = main(401);
    await fails(
      'hub-refused',
      /does not accept your token\. Create a new one, and set it with Set Hugging Face Token in the editor or as HF_TOKEN in the shell, or set none\.$/,
    );
  });

  test('says whether another token would help', async (t) => {
    const { hub, fails } = await world(t);
    const known = await world(t, undefined, { HF_TOKEN: 'hf_old' });
    const helps = ({ data }: EngineError) => data['needsToken'] === true;
    for (const [status, headers, isHelp] of [
      [401, {}, true],
      [403, { 'X-Error-Code': 'GatedRepo' }, true],
      [403, {}, true],
      [404, { 'X-Error-Code': 'RevisionNotFound' }, false],
      [404, {}, false],
      [407, {}, false],
    ] as const) {
      hub.intercept = main(status, headers);
      assert.equal(helps(await fails('hub-refused', /./)), isHelp, `${status}`);
    }
    known.hub.intercept = main(401);
    assert.ok(helps(await known.fails('hub-refused', /./)));
    const { network } = known;
    const withheld = await known.fails('hub-refused', /was not sent/, {
      network: { ...network, withholdsToken: true },
    });
    assert.equal(helps(withheld), false);
  });

  test('a mirror that redirects all of it elsewhere gets no token there', async (t) => {
    const real = await world(t);
    const { hub, run } = await world(t, undefined, { HF_TOKEN: 'hf_secret' });
    hub.intercept = (request, response) => {
      response.writeHead(308, { Location: `${real.hub.endpoint}${request.url}` }).end();
      return true;
    };
    await run();
    assert.ok(
      real.hub.hits.length > 0 && real.hub.hits.every(({ authorization }) => authorization === undefined),
    );
  });
});

describe('a server in trouble is asked again', () => {
  /** Fails the first so many requests in a way, then answers. */
  function failing(times: number, fail: (response: http.ServerResponse) => void): Intercept {
    let left = times;
    return (_request, response) => {
      if (left-- <= 0) return false;
      fail(response);
      return true;
    };
  }

  test('with longer waits each time', async (t) => {
    const { hub, run, waits } = await world(t);
    hub.intercept = failing(4, (response) => response.writeHead(503).end());
    await run();
    assert.deepEqual(waits, [1000, 2000, 4000, 8000]);
  });

  test('as late as it says', async (t) => {
    const { hub, run, waits } = await world(t);
    const answers = [
      { 'Retry-After': '7' },
      { RateLimit: '"api";r=0;t=12' },
      { 'Retry-After': new Date(Date.now() - 5000).toUTCString() },
    ];
    hub.intercept = failing(3, (response) => response.writeHead(429, answers.shift()).end());
    await run();
    assert.deepEqual(waits, [7000, 13_000, 0]);
  });

  test('five times, and not where the wait is too long', async (t) => {
    const { hub, fails, waits } = await world(t);
    hub.intercept = main(502);
    await fails('hub-unreachable', /fails \(HTTP 502\)\. Try again later/);
    assert.equal(waits.length, 4);
    hub.intercept = main(429, { 'Retry-After': '3600' });
    await fails('hub-unreachable', /receives too many requests/);
    assert.equal(waits.length, 4);
  });

  test('where connections break in the middle, as often as each brings something', async (t) => {
    const { hub, run, waits } = await world(t);
    const bytes = weightsOf(hub);
    let breaks = 0;
    hub.intercept = onStore((request, response) => {
      const [, first = '0'] = /^bytes=(\d+)/.exec(request.headers.range ?? '') ?? [];
      const start = Number(first);
      if (++breaks > 12) return false;
      response.writeHead(206, {
        'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
        'Content-Length': bytes.length - start,
      });
      response.write(bytes.subarray(start, start + 500), () => response.destroy());
      return true;
    });
    await run();
    assert.ok(waits.length >= 12 && waits.every((wait) => wait <= 8000), waits.join());
  });

  test('by the hub again where the signature of an address has expired', async (t) => {
    const { hub, run, waits } = await world(t);
    let signed = 0;
    hub.intercept = onStore((_request, response) => {
      if (++signed % 3 !== 0) return false;
      response.writeHead(403).end('<Error>Request has expired</Error>');
      return true;
    });
    await run(catalogueModel(), { rangeBytes: 2000 });
    assert.ok(signed > 3);
    assert.deepEqual(waits, []);
  });

  test('a server without ranges is read from the beginning', async (t) => {
    const { hub, run } = await world(t);
    hub.intercept = onStore((_request, response) => {
      const bytes = weightsOf(hub);
      response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
      return true;
    });
    await run(catalogueModel(), { rangeBytes: 2000 });
  });

  test('one that never answers, or stops in the middle, is left', async (t) => {
    const { hub, fails, network } = await world(t);
    const impatient = { ...network, patience: { answer: 50, piece: 50 } };
    hub.intercept = () => true;
    await fails('hub-unreachable', /does not answer/, { network: impatient });
    hub.intercept = onStore((_request, response) => {
      const { length } = weightsOf(hub);
      response.writeHead(206, {
        'Content-Range': `bytes 0-${length - 1}/${length}`,
        'Content-Length': length,
      });
      response.flushHeaders();
      return true;
    });
    await fails('hub-unreachable', /does not answer/, { network: impatient });
  });
});

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
