// Everything that a server can do wrong: each has a sentence of its own that says what to do, and none of them an answer.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import test, { describe } from 'node:test';
import type { ErrorCode } from '../../../engine/errors';
import { connectServer } from '../../../engine/remote/connect';
import {
  type Answer,
  best,
  chat,
  completions,
  connected,
  events,
  json,
  llama,
  llamaEvents,
  recordedServer,
  TEXT,
  wish,
} from './recordedServer';

const KEY = 'sk-verysecretkey0123456789';

/** Connects as usual; then requests get this. */
function once(answer: (response: ServerResponse) => void): Answer {
  return (heard, response) => {
    if (heard.path === '/infill' && heard.body['stream'] === true) answer(response);
    else llama([])(heard, response);
  };
}

const error = (message: string) => ({ error: { message, type: 'server_error' } });

const table: readonly (readonly [string, (response: ServerResponse) => void, ErrorCode, RegExp])[] = [
  [
    '401',
    (r) => json(r, error(`Incorrect API key provided: ${KEY}`), 401),
    'server-refused',
    /does not accept your key\. Set one with Set Server Key/,
  ],
  [
    '402',
    (r) => json(r, error('Insufficient Balance'), 402),
    'server-refused',
    /asks for payment.*no credit left.*Insufficient Balance/,
  ],
  ['403', (r) => json(r, error('region'), 403), 'server-refused', /denies access/],
  [
    '404',
    (r) => json(r, error('model not found'), 404),
    'server-refused',
    /has no \/infill, or not this model\. Check the URL/,
  ],
  [
    '400 with the words of the server',
    (r) => json(r, { detail: [{ msg: 'n_predict: too large' }] }, 400),
    'server-refused',
    /rejects the request \(HTTP 400\)\. It says: n_predict: too large/,
  ],
  [
    '407',
    (r) => json(r, {}, 407),
    'server-refused',
    /The proxy asks for a user name.* into http\.proxy in the editor, or into HTTPS_PROXY/,
  ],
  ['413', (r) => json(r, {}, 413), 'server-refused', /does not take that much text/],
  [
    '429 with a wait that nobody sits through',
    (r) => json(r, error('quota'), 429, { 'Retry-After': '3600' }),
    'server-unreachable',
    /too many requests from you\. Try again in 3600 seconds/,
  ],
  [
    '500',
    (r) => json(r, error('CUDA error'), 500),
    'server-unreachable',
    /fails \(HTTP 500\)\. Try again later\. It says: CUDA error/,
  ],
  ['503', (r) => json(r, error('Loading model'), 503), 'server-unreachable', /is not ready.*Loading model/],
  [
    'HTML with status 200',
    (r) => r.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Log in</html>'),
    'server-answer-invalid',
    /answers with a web page/,
  ],
  [
    'HTML with status 502',
    (r) => r.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>Bad gateway</html>'),
    'server-unreachable',
    /fails \(HTTP 502\)/,
  ],
  [
    'another content type',
    (r) => r.writeHead(200, { 'Content-Type': 'image/png' }).end('x'),
    'server-answer-invalid',
    /answers with image\/png instead of a stream of events/,
  ],
  ['no content type', (r) => r.writeHead(200).end('x'), 'server-answer-invalid', /no content type/],
  [
    'rubbish in place of JSON',
    (r) => json(r, '{"content": '),
    'server-answer-invalid',
    /something that is not JSON/,
  ],
  [
    'rubbish in the stream',
    (r) => {
      events(r, ['{"content"']);
      r.end();
    },
    'server-answer-invalid',
    /something that is not JSON/,
  ],
  [
    'an error in the stream',
    (r) => {
      events(r, [llamaEvents(['a'])[0] ?? {}, error('slot was lost')]);
      r.end();
    },
    'server-refused',
    /reports an error: slot was lost/,
  ],
  [
    'a stream that ends in the middle',
    (r) => {
      events(r, llamaEvents(['a']).slice(0, 1));
      r.end();
    },
    'server-unreachable',
    /broke off in the middle of its answer\. Your file was not changed/,
  ],
  [
    'a connection that breaks in the middle',
    (r) => {
      events(r, llamaEvents(['a']).slice(0, 1));
      setImmediate(() => r.destroy());
    },
    'server-unreachable',
    /broke off in the middle/,
  ],
  [
    'a redirect of a POST',
    (r) => r.writeHead(302, { Location: '/other' }).end(),
    'server-refused',
    /redirects to http:\/\/127\.0\.0\.1:\d+\/other\. Nothing was sent there/,
  ],
  [
    'redirects without end',
    (r) => r.writeHead(307, { Location: '/infill' }).end(),
    'server-refused',
    /redirects to/,
  ],
];

describe('a server that refuses, breaks off or lies', () => {
  for (const [name, answer, code, message] of table) {
    test(name, async (t) => {
      const server = await recordedServer(t, once(answer));
      const model = await connected(t, 'llama-server', server.url, { key: KEY });
      await assert.rejects(model.infill(wish({ priority: 'ghost' })), (thrown: Error & { code: string }) => {
        assert.equal(thrown.code, code);
        assert.match(thrown.message, message);
        const all = JSON.stringify([thrown.message, { ...thrown }, thrown.stack]);
        assert.ok(!all.includes(KEY), 'the key is in no error');
        return true;
      });
    });
  }

  test('one that is silent is given up', async (t) => {
    const server = await recordedServer(
      t,
      once(() => undefined),
    );
    const patience = { answer: 100, piece: 100 };
    const model = await connected(t, 'llama-server', server.url, {}, patience);
    await assert.rejects(model.infill(wish({ priority: 'ghost' })), {
      code: 'server-unreachable',
      message: /does not answer/,
    });
  });

  test('one that falls silent in the middle is given up', async (t) => {
    const server = await recordedServer(
      t,
      once((response) => events(response, llamaEvents(['a']).slice(0, 1))),
    );
    const model = await connected(t, 'llama-server', server.url, {}, { answer: 1000, piece: 100 });
    await assert.rejects(model.infill(wish({ priority: 'ghost' })), { code: 'server-unreachable' });
  });

  test('one whose stream has no end is given up', async (t) => {
    const server = await recordedServer(
      t,
      once((response) =>
        events(response, llamaEvents(Array.from({ length: 36 }, () => 'x'.repeat(1_000_000)))),
      ),
    );
    const model = await connected(t, 'llama-server', server.url);
    await assert.rejects(model.infill(wish({ priority: 'ghost' })), {
      code: 'server-answer-invalid',
      message: /answers without end/,
    });
  });

  test('one that needs a key says so where there is none', async (t) => {
    const server = await recordedServer(t, (_heard, response) => json(response, error('Unauthorized'), 401));
    await assert.rejects(connected(t, 'openai-chat', server.url), {
      code: 'server-refused',
      message: /needs a key\. Set one with Set Server Key/,
    });
  });

  test('nobody there', async (t) => {
    const server = await recordedServer(t, llama([]));
    await server.close();
    await assert.rejects(
      connected(t, 'mercury', server.url).then((model) => model.infill(wish({ priority: 'ghost' }))),
      {
        code: 'server-unreachable',
        message: /ECONNREFUSED/,
      },
    );
  });

  test('an answer without a choice', async (t) => {
    const server = await recordedServer(t, (_heard, response) => json(response, { id: 'x' }));
    const model = await connected(t, 'mercury', server.url);
    await assert.rejects(model.infill(wish({ spans: [{ start: 4, end: 8 }] })), {
      code: 'server-answer-invalid',
      message: /answers without a choice/,
    });
  });

  test('bytes that are no UTF-8 make no candidate that is shown', async (t) => {
    const server = await recordedServer(
      t,
      once((response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(
          Buffer.concat([
            Buffer.from('data: {"content":"a'),
            Buffer.from([0xff]),
            Buffer.from('b","stop":true}\n\n'),
          ]),
        );
        response.end();
      }),
    );
    const model = await connected(t, 'llama-server', server.url);
    const { candidates } = await model.infill(wish());
    assert.ok(candidates.every(({ spans: [span] }) => !span?.text.includes('\ufffd')));
  });
});

describe('what may pass by itself', () => {
  test('is tried again for a person who waits', async (t) => {
    let failures = 2;
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] === true && failures-- > 0) json(response, {}, 503, { 'Retry-After': '0' });
      else llama(['sum(values)'])(heard, response);
    });
    const model = await connected(t, 'llama-server', server.url);
    assert.equal(best(await model.infill(wish())), 'sum(values)');
  });

  test('is not tried again for ghost text: the next key asks anyhow', async (t) => {
    const server = await recordedServer(
      t,
      once((response) => json(response, {}, 503, { 'Retry-After': '0' })),
    );
    const model = await connected(t, 'llama-server', server.url);
    await assert.rejects(model.infill(wish({ priority: 'ghost' })), { code: 'server-unreachable' });
    assert.equal(server.heard.filter(({ body }) => body['stream'] === true).length, 1);
  });

  test('what is refused is not tried again', async (t) => {
    const server = await recordedServer(
      t,
      once((response) => json(response, {}, 402)),
    );
    const model = await connected(t, 'llama-server', server.url);
    await assert.rejects(model.infill(wish()), { code: 'server-refused' });
    assert.equal(server.heard.filter(({ body }) => body['stream'] === true).length, 1);
  });

  test('begins the answer anew after half a stream', async (t) => {
    let isFirst = true;
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['stream'] === true && isFirst) {
        isFirst = false;
        events(response, llamaEvents(['rubb']).slice(0, 1));
        response.end();
      } else llama(['sum(values)'])(heard, response);
    });
    const model = await connected(t, 'llama-server', server.url);
    assert.equal(best(await model.infill(wish())), 'sum(values)');
  });

  test('one candidate that fails leaves the others', async (t) => {
    const server = await recordedServer(t, (heard, response) => {
      if (heard.body['seed'] === 1) json(response, {}, 400);
      else completions(['sum(values)'])(heard, response);
    });
    const model = await connected(t, 'openai-completions', server.url);
    assert.equal((await model.infill(wish({ candidates: 2 }))).candidates.length, 1);
  });
});

describe('a request that is given up', () => {
  test('is ended on the server at once', async (t) => {
    const server = await recordedServer(
      t,
      once((response) => events(response, llamaEvents(['a']).slice(0, 1))),
    );
    const model = await connected(t, 'llama-server', server.url);
    const controller = new AbortController();
    const answer = model.infill(wish(), { signal: controller.signal, onStep: () => controller.abort() });
    await assert.rejects(answer, { code: 'cancelled' });
    await server.heard.at(-1)?.closed;
  });

  test('also while the server has not begun to answer', async (t) => {
    const controller = new AbortController();
    const server = await recordedServer(
      t,
      once(() => controller.abort()),
    );
    const model = await connected(t, 'llama-server', server.url);
    await assert.rejects(model.infill(wish(), { signal: controller.signal }), { code: 'cancelled' });
    await server.heard.at(-1)?.closed;
  });

  test('with enough of it has what came as its answer', async (t) => {
    const server = await recordedServer(
      t,
      once((response) => events(response, llamaEvents(['sum', '(values)']).slice(0, 2))),
    );
    const model = await connected(t, 'llama-server', server.url);
    let isEnough = false;
    const result = await model.infill(wish(), {
      enough: () => isEnough,
      onStep: ({ step }) => {
        isEnough = step === 2;
      },
    });
    assert.equal(best(result), 'sum(values)');
    await server.heard.at(-1)?.closed;
  });

  test('with enough of it has the whole lines of a fenced block that is still open', async (t) => {
    const pieces = ['Sure:\n```python\ndef average(values):\n', '    total = sum(values)\n    co'];
    const server = await recordedServer(t, (heard, response) => {
      if (heard.path.endsWith('/models')) return chat([])(heard, response);
      const chunks = pieces.map((content) => ({ choices: [{ index: 0, delta: { content } }] }));
      events(response, chunks);
    });
    const model = await connected(t, 'openai-chat', server.url);
    let isEnough = false;
    const span = { start: 0, end: TEXT.indexOf('\n') };
    const result = await model.infill(wish({ spans: [span], instruction: 'Say it otherwise.' }), {
      enough: () => isEnough,
      onStep: ({ step }) => {
        isEnough = step === 2;
      },
    });
    assert.equal(best(result), 'def average(values):\n    total = sum(values)');
    await server.heard.at(-1)?.closed;
  });

  test('while it connects is ended as well', async (t) => {
    const server = await recordedServer(t, () => undefined);
    const controller = new AbortController();
    const connecting = connectServer(
      'x',
      { kind: 'openai-chat', url: server.url },
      { signal: controller.signal },
      {},
    );
    setImmediate(() => controller.abort());
    await assert.rejects(connecting, { code: 'cancelled' });
  });
});

test('chat that calls a tool, or says nothing, has no answer', async (t) => {
  const server = await recordedServer(t, chat([]));
  const model = await connected(t, 'openai-chat', server.url);
  assert.deepEqual((await model.infill(wish())).candidates, []);
});
