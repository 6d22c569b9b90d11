// A hub or a mirror that lies: each lie has its own sentence, and nothing half-installed is left.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { EngineError } from '../../../engine/errors';
import { type FakeHub, treeOf } from './fakeHub';
import { world } from './installing';
import { entryOf, main, onStore, POINTER, store, weightsOf } from './lyingStore';

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
