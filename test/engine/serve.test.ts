// The server over real sockets, with a real engine process: requests, refusals, and clients that misbehave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import test, { describe } from 'node:test';
import { RestartBudget } from '../../engine/rpc/restartBudget';
import type { PalimpsestServer } from '../../engine/serve/server';
import { giveTurn } from '../../engine/turn';
import { root, scripts, useScripts } from './engineScripts';
import { rejects } from './processes';
import { ask, doing, post, raw, refused, Stream, withListening, withServer } from './serveClient';

const TOKEN = 'correct horse battery staple'.replaceAll(' ', '-');
const STARTER = path.join(root, 'models', 'starter');
const BEARER = { Authorization: `Bearer ${TOKEN}` };

/** What is left when everything is answered: nothing. */
async function settled(server: PalimpsestServer): Promise<void> {
  const { json } = await ask(server, '/health');
  assert.deepEqual({ ...json }, { status: 'ok', model: 'a', running: 0, waiting: 0 });
}

describe('palimpsest serve', () => {
  useScripts();

  test('a real model answers the same in each way, and the same again for the same seed', () =>
    withServer(
      async (server) => {
        const [prompt, suffix] = ['def mean(values):\n    return ', '\n'];
        const spans = [{ start: prompt.length, end: prompt.length }];
        const body = { text: prompt + suffix, language: 'python', spans, seed: 3, maxTokens: 12 };
        const { json } = await post(server, '/v1/infill', body);
        assert.ok(json.candidates.length > 0);
        const events = await (await Stream.open(server, body)).rest();
        assert.deepEqual(events.at(-1)?.data.candidates, json.candidates);
        assert.ok(events.filter(({ name }) => name === 'step').length > 0);
        const asked = { prompt, suffix, seed: 3, max_tokens: 12, language: 'python' };
        const completion = await post(server, '/v1/completions', asked);
        assert.equal(completion.json.choices[0].text, json.candidates[0].spans[0].text);
        const score = await post(server, '/v1/score', { text: body.text, language: 'python' });
        const tokens: { text: string }[] = score.json.tokens;
        assert.equal(tokens.map(({ text }) => text).join(''), body.text);
      },
      { script: scripts.real, model: STARTER },
    ));

  test('infill gives the engine’s result, with and without a name for the model', () =>
    withServer(async (server) => {
      for (const more of [
        {},
        { model: 'a', priority: null },
        { model: null, priority: 'ghost', requestId: 7, events: true },
      ]) {
        const { status, headers, json } = await post(server, '/v1/infill', doing('steps 2', more));
        assert.equal(status, 200);
        assert.match(String(headers['palimpsest-request']), /^[0-9a-f-]{36}$/);
        assert.equal(json.model, 'a');
        assert.match(json.candidates[0].spans[0].text, /^answer \d+$/);
      }
      await settled(server);
    }));

  test('a stream is accepted, steps, and a result; each event once and in this order', () =>
    withServer(async (server) => {
      const stream = await Stream.open(server, doing('steps 3'));
      assert.equal(stream.status, 200);
      const events = await stream.rest();
      assert.deepEqual(
        events.map(({ name }) => name),
        ['accepted', 'step', 'step', 'step', 'result'],
      );
      assert.equal(events[0]?.data.model, 'a');
      assert.equal(events[0]?.data.waiting, 0);
      assert.deepEqual(
        events.slice(1, 4).map(({ data }) => [data.step, 'requestId' in data]),
        [1, 2, 3].map((step) => [step, false]),
      );
    }));

  test('score, estimate, models, and health', () =>
    withServer(async (server) => {
      const score = await post(server, '/v1/score', { text: 'x = 1', range: { start: 0, end: 1 } });
      assert.equal(score.json.tokens[0].text, 'x');
      const estimate = await post(server, '/v1/estimate', doing('x'));
      assert.deepEqual(estimate.json, { masks: 1, firstMillis: 10, millis: 100 });
      const { json } = await ask(server, '/v1/models');
      assert.equal(json.data[0].id, 'a');
      assert.equal(json.data[0].palimpsest.contextLength, 1024);
      assert.ok(!JSON.stringify(json).includes('/models/a'), 'a path of the server');
      const head = await ask(server, '/health', { method: 'HEAD' });
      assert.deepEqual([head.status, head.text], [200, '']);
    }));

  test('completions fill the place between prompt and suffix', () =>
    withServer(async (server) => {
      const asked = { model: 'a', prompt: 'steps 1', suffix: '!', max_tokens: 8, logprobs: null };
      const { json } = await post(server, '/v1/completions', asked);
      assert.equal(json.object, 'text_completion');
      assert.match(json.choices[0].text, /^answer \d+$/);
      const cut = await post(server, '/v1/completions', { ...asked, stop: ['swer', 'x'] });
      assert.deepEqual([cut.json.choices[0].text, cut.json.choices[0].finish_reason], ['an', 'stop']);
      const streamed = await post(server, '/v1/completions', { ...asked, stream: true });
      const lines = streamed.text.trim().split('\n\n');
      assert.equal(lines.length, 2);
      assert.match(JSON.parse(lines[0]?.slice('data: '.length) ?? '').choices[0].text, /^answer/);
      assert.equal(lines[1], 'data: [DONE]');
      await refused(post(server, '/v1/completions', { ...asked, echo: true }), 400, 'option-invalid');
      await refused(post(server, '/v1/completions', { ...asked, model: 'gpt' }), 404, 'model-unknown');
    }));

  test('rubbish is refused by name, and the next request is answered', () =>
    withServer(async (server) => {
      const json = (body: string | Buffer, headers = {}) => ask(server, '/v1/infill', { body, headers });
      await refused(json('{"text":'), 400, 'protocol-violation');
      await refused(json(''), 400, 'protocol-violation');
      await refused(json(Buffer.from([0x22, 0xff, 0x22])), 400, 'protocol-violation');
      for (const body of ['[]', 'null', '3', '"x"', '{}', '{"text":3,"spans":[]}']) {
        await refused(json(body), 400, 'option-invalid');
      }
      await refused(
        post(server, '/v1/infill', doing('x', { spans: [{ start: 0, end: 9 }] })),
        400,
        'span-invalid',
      );
      await refused(post(server, '/v1/infill', doing('x', { memory: { id: 'm' } })), 400, 'option-invalid');
      await refused(post(server, '/v1/infill', doing('x', { stream: 'yes' })), 400, 'option-invalid');
      await refused(post(server, '/v1/infill', doing('x', { model: '/etc' })), 404, 'model-unknown');
      await refused(post(server, '/v1/infill/enough', { id: '../..' }), 400, 'option-invalid');
      await refused(json('{}', { 'Content-Type': 'text/plain' }), 415, 'unsupported-media-type');
      await refused(json('{}', { 'Content-Encoding': 'gzip' }), 415, 'unsupported-media-type');
      await refused(json('{}', { 'Palimpsest-Client': 'two words' }), 400, 'option-invalid');
      const unknown = await refused(ask(server, '/v1/../etc/passwd'), 404, 'not-found');
      assert.match(unknown.json.error.message, /Choose one of .*\/v1\/infill/);
      const { headers } = await refused(ask(server, '/v1/infill'), 405, 'method-not-allowed');
      assert.equal(headers.allow, 'POST');
      const failed = await refused(
        post(server, '/v1/infill', doing('fail out-of-memory')),
        500,
        'out-of-memory',
      );
      assert.equal(failed.json.error.type, 'server_error');
      for (const bytes of [
        '\x16\x03\x01\x02\x00\x01\x00',
        'GET / HTTP/9.9\r\n\r\n',
        `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      ]) {
        assert.match(await raw(server, bytes), /^HTTP\/1\.1 4\d\d .*"code":"protocol-violation"/s);
      }
      await settled(server);
    }));

  test('with a token, nobody is answered who does not have it', () =>
    withServer(
      async (server) => {
        for (const given of [
          {},
          { Authorization: TOKEN },
          { Authorization: `Bearer ${TOKEN}x` },
          { Authorization: `Bearer ${TOKEN.slice(1)}` },
          { Authorization: 'Bearer' },
        ]) {
          for (const place of ['/v1/models', '/metrics', '/nothing']) {
            const { headers } = await refused(ask(server, place, { headers: given }), 401, 'unauthorized');
            assert.equal(headers['www-authenticate'], 'Bearer');
          }
          // Its body is not looked at.
          await refused(ask(server, '/v1/infill', { body: '{', headers: given }), 401, 'unauthorized');
        }
        assert.equal((await ask(server, '/health')).status, 200);
        const answered = await post(server, '/v1/infill', doing('steps 1'), {
          ...BEARER,
          Host: 'team.example',
        });
        assert.equal(answered.status, 200);
      },
      { token: TOKEN },
    ));

  test('a page in a browser reaches nothing, by whichever name', () =>
    withServer(async (server) => {
      const { port } = new URL(server.url);
      for (const headers of [
        { Host: 'evil.example' },
        { Host: `evil.example:${port}` },
        { Host: '127.0.0.1.evil.example' },
        { Host: 'localhost.evil.example' },
        { Host: '192.168.0.1' },
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { Origin: server.url },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-origin' },
      ]) {
        await refused(ask(server, '/health', { headers: headers }), 403, 'forbidden');
        await refused(post(server, '/v1/infill', doing('steps 1'), headers), 403, 'forbidden');
      }
      for (const Host of [`localhost:${port}`, 'LOCALHOST', '127.0.0.1', `[::1]:${port}`]) {
        assert.equal((await ask(server, '/health', { headers: { Host } })).status, 200);
      }
      const preflight = await ask(server, '/v1/infill', {
        method: 'OPTIONS',
        headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
      });
      assert.deepEqual(
        [preflight.status, preflight.headers['access-control-allow-origin']],
        [403, undefined],
      );
    }));

  test('a body that is too large is refused, announced or not, and its room is given back', () =>
    withServer(async (server) => {
      const body = JSON.stringify(doing('x'.repeat(200_000)));
      await refused(ask(server, '/v1/infill', { body }), 413, 'too-large');
      await refused(
        ask(server, '/v1/infill', { body, headers: { 'Transfer-Encoding': 'chunked' } }),
        413,
        'too-large',
      );
      const { text } = await ask(server, '/metrics');
      assert.match(text, /^palimpsest_held_bytes 0$/m);
    }));

  test('half a body and a client that sends too slowly hold nothing', () =>
    withServer(
      async (server) => {
        const head = 'POST /v1/infill HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
        const [never, late] = await Promise.all([
          raw(server, 'POST /v1/infill HTTP/1.1\r\nHost: loc'),
          raw(server, `${head}Content-Length: 100\r\n\r\n{"text":`),
        ]);
        for (const text of [never, late]) assert.match(text, /^HTTP\/1\.1 408 .*"code":"timeout"/s);
        const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
        socket.end(`${head}Content-Length: 100\r\n\r\n{"text":`);
        await once(socket.resume(), 'close');
        await settled(server);
        assert.match((await ask(server, '/metrics')).text, /^palimpsest_held_bytes 0$/m);
      },
      { headersMillis: 300, requestMillis: 600 },
    ));

  test('who closes the connection cancels the request, running or waiting', () =>
    withServer(async (server) => {
      const running = await Stream.open(server, doing('forever'));
      await running.until('step');
      const waiting = await Stream.open(server, doing('forever'));
      assert.equal((await waiting.until('accepted')).data.waiting, 1);
      waiting.drop();
      const plain = http.request(`${server.url}/v1/infill`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
      });
      plain.on('error', () => undefined);
      plain.end(JSON.stringify(doing('forever')));
      while ((await ask(server, '/health')).json.waiting < 1);
      plain.destroy();
      running.drop();
      assert.equal((await post(server, '/v1/infill', doing('steps 1'))).status, 200);
      await settled(server);
      assert.match(
        (await ask(server, '/metrics')).text,
        /requests_total\{route="\/v1\/infill",status="499"\} 3/,
      );
    }));

  test('a full queue refuses with a time to try again, and loses nothing', () =>
    withServer(
      async (server) => {
        const running = await Stream.open(server, doing('forever'));
        await running.until('step');
        const waiting = await Stream.open(server, doing('steps 1'));
        for (const more of [{}, { stream: true }]) {
          const { headers } = await refused(
            post(server, '/v1/infill', doing('steps 1', more)),
            429,
            'queue-full',
          );
          assert.ok(Number(headers['retry-after']) >= 1);
        }
        running.drop();
        await waiting.until('result');
      },
      { queue: 1 },
    ));

  test('the newest request of a client and document replaces the older one, and no other client’s', () =>
    withServer(async (server) => {
      const ada = { 'Palimpsest-Client': 'ada' };
      const same = { document: 'file:///a.ts', priority: 'ghost' };
      const first = await Stream.open(server, doing('forever', same), ada);
      await first.until('step');
      const others = [
        Stream.open(server, doing('steps 1', same), { 'Palimpsest-Client': 'bob' }),
        Stream.open(server, doing('steps 1', same)),
        Stream.open(server, doing('steps 1', { ...same, priority: 'rewrite' }), {
          'Palimpsest-Client': 'bob',
        }),
      ];
      for (const other of await Promise.all(others)) await other.until('accepted');
      const second = await post(server, '/v1/infill', doing('steps 1', same), ada);
      assert.equal(second.status, 200);
      assert.equal((await first.until('error')).data.error.code, 'superseded');
      for (const other of await Promise.all(others)) await other.until('result');
    }));

  test('a request that takes too long is answered with that', () =>
    withServer(
      async (server) => {
        await refused(post(server, '/v1/infill', doing('forever')), 504, 'timeout');
        const stream = await Stream.open(server, doing('forever'));
        assert.equal((await stream.until('error')).data.error.code, 'timeout');
        await settled(server);
      },
      // What a request may take to arrive is no limit for its answer.
      { timeoutMillis: 500, headersMillis: 50, requestMillis: 100 },
    ));

  test('enough takes the draft of a running request', () =>
    withServer(async (server) => {
      const stream = await Stream.open(server, doing('forever'));
      const { id } = (await stream.until('accepted')).data;
      await stream.until('step');
      assert.equal((await post(server, '/v1/infill/enough', { id: crypto.randomUUID() })).status, 204);
      assert.equal((await post(server, '/v1/infill/enough', { id })).status, 204);
      await stream.until('result');
      assert.equal((await post(server, '/v1/infill/enough', { id })).status, 204);
    }));

  test('what runs in the background does not begin again for what comes later', () =>
    withServer(async (server) => {
      const background = await Stream.open(server, doing('forever', { priority: 'background' }));
      const { id } = (await background.until('accepted')).data;
      await background.until('step');
      const later = await Stream.open(server, doing('steps 1'));
      await later.until('accepted');
      await post(server, '/v1/infill/enough', { id });
      const steps = (await background.rest()).filter(({ name }) => name === 'step');
      assert.ok(steps.every(({ data }) => data.step > 1));
      await later.until('result');
    }));

  test('a reader that stalls gets the last step and the result all the same', () =>
    withServer(async (server) => {
      const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
      const body = JSON.stringify(doing('flood 300', { stream: true }));
      socket.write(
        `POST /v1/infill HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      // Nothing is read until the engine is done with all.
      while ((await ask(server, '/health')).json.running === 0);
      while ((await ask(server, '/health')).json.running === 1);
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      await once(socket, 'close');
      const steps = [...text.matchAll(/^data: \{"step":(\d+)/gm)].map((match) => Number(match[1]));
      assert.equal(steps.at(-1), 300);
      assert.match(text, /event: result\ndata: \{.*\}\n\n/);
    }));

  test('before the model is loaded, requests are asked to come back', () =>
    withListening(
      async (server) => {
        const load = server.load();
        load.catch(() => undefined);
        const { headers } = await refused(post(server, '/v1/infill', doing('x')), 503, 'model-not-loaded');
        assert.ok(Number(headers['retry-after']) >= 1);
        await refused(ask(server, '/v1/models'), 503, 'model-not-loaded');
        const health = await ask(server, '/health');
        assert.equal(health.status, 503);
        assert.equal(health.json.status, 'loading');
      },
      { model: '/models/slow' },
    ));

  test('a model that cannot be loaded is the failure of the start', () =>
    withListening(
      async (server) => {
        await rejects(server.load(), 'checkpoint-missing');
        assert.equal((await ask(server, '/health')).json.status, 'failed');
      },
      { model: '/models/missing' },
    ));

  test('a crash costs the request that ran; what waits is answered by the next engine', () =>
    withServer(async (server) => {
      const running = await Stream.open(server, doing('forever'));
      await running.until('step');
      const crashing = Stream.open(server, doing('exit 3'));
      const waiting = Stream.open(server, doing('steps 1'));
      await (await crashing).until('accepted');
      await (await waiting).until('accepted');
      running.drop();
      assert.equal((await (await crashing).until('error')).data.error.code, 'engine-exited');
      await (await waiting).until('result');
      assert.match((await ask(server, '/metrics')).text, /^palimpsest_engine_restarts_total 1$/m);
    }));

  test('an engine whose GPU is gone is replaced', () =>
    withServer(async (server) => {
      await refused(post(server, '/v1/infill', doing('fail device-lost')), 500, 'device-lost');
      assert.equal((await post(server, '/v1/infill', doing('steps 1'))).status, 200);
      assert.match((await ask(server, '/metrics')).text, /^palimpsest_engine_restarts_total 1$/m);
    }));

  test('an engine that crashes again and again is given up', () =>
    withServer(
      async (server) => {
        await refused(post(server, '/v1/infill', doing('exit 3')), 503, 'engine-exited');
        assert.equal((await server.failure).code, 'engine-exited');
        assert.equal((await ask(server, '/health')).json.status, 'failed');
      },
      { budget: new RestartBudget({ restarts: 0, within: 60_000, firstDelay: 1 }) },
    ));

  test('a stop answers what is there and takes nothing new', () =>
    withServer(async (server) => {
      const keptAlive = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const running = await Stream.open(server, doing('forever'));
      const { id } = (await running.until('accepted')).data;
      await running.until('step');
      const waiting = await Stream.open(server, doing('steps 1'));
      await waiting.until('accepted');
      const draft = http.request(`${server.url}/v1/infill/enough`, {
        method: 'POST',
        agent: keptAlive,
        headers: { 'Content-Type': 'application/json' },
      });
      draft.write('{"id":');
      while (server.unanswered < 3) await giveTurn();
      const stopped = server.stop(60_000);
      await assert.rejects(post(server, '/v1/infill', doing('steps 1')), /ECONNREFUSED|ECONNRESET/);
      draft.end(`"${id}"}`);
      await running.until('result');
      await waiting.until('result');
      await stopped;
      keptAlive.destroy();
    }));

  test('a stop does not wait for ever', () =>
    withServer(async (server) => {
      const running = await Stream.open(server, doing('forever'));
      await running.until('step');
      await server.stop(50);
      assert.equal((await running.until('error')).data.error.code, 'stopping');
    }));

  test('an address that cannot be listened on is a sentence', () =>
    withListening(async (server) => {
      const port = Number(new URL(server.url).port);
      const error = await rejects(
        withListening(async () => undefined, { port }),
        'option-invalid',
      );
      assert.match(error.message, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use\\.`));
      const elsewhere = await rejects(
        withListening(async () => undefined, { host: '203.0.113.7' }),
        'option-invalid',
      );
      assert.match(elsewhere.message, /is not an address of this machine/);
    }));

  test('metrics are in Prometheus’ format and count what was answered', () =>
    withServer(async (server) => {
      await post(server, '/v1/infill', doing('steps 2'));
      await post(server, '/v1/infill', doing('x', { spans: [] }));
      await ask(server, '/nowhere/1');
      await ask(server, '/nowhere/2');
      const { text, headers } = await ask(server, '/metrics');
      assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
      for (const line of text.trimEnd().split('\n')) {
        assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?[\d.e+-]+)$/);
      }
      for (const line of [
        'palimpsest_requests_total{route="/v1/infill",status="200"} 1',
        'palimpsest_requests_total{route="/v1/infill",status="400"} 1',
        'palimpsest_requests_total{route="other",status="404"} 2',
        'palimpsest_request_duration_seconds_count{route="/v1/infill"} 2',
        'palimpsest_request_duration_seconds_bucket{route="/v1/infill",le="+Inf"} 2',
        'palimpsest_queue_seconds_count{route="/v1/infill"} 1',
        'palimpsest_tokens_total 1',
        'palimpsest_ready 1',
        'palimpsest_info{version="1.2.3",model="a",provider="cpu",precision="fp32"} 1',
      ]) {
        assert.ok(text.split('\n').includes(line), line);
      }
    }));
});
