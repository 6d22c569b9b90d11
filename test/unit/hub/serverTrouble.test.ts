// A server that is in trouble is asked again, and not for ever.
import assert from 'node:assert/strict';
import type http from 'node:http';
import test, { describe } from 'node:test';
import type { Intercept } from './fakeHub';
import { catalogueModel, world } from './installing';
import { main, onStore, weightsOf } from './lyingStore';

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
