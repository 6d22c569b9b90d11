// Bodies of real requests: what is refused is answered, and nothing of it is held.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { describe, type TestContext } from 'node:test';
import { Bodies, type BodyLimits } from '../../../engine/serve/body';
import { HttpError } from '../../../engine/serve/httpError';

async function reader(t: TestContext, limits: BodyLimits) {
  const bodies = new Bodies(limits);
  let tell: (thrown: unknown) => void = () => undefined;
  const thrown = new Promise<unknown>((resolve) => {
    tell = resolve;
  });
  const server = http.createServer((request, response) => {
    bodies.read(request).then(
      () => response.end(),
      (error: unknown) => {
        tell(error);
        response.writeHead(error instanceof HttpError ? error.status : 500, { Connection: 'close' }).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const post = () =>
    http.request({ port, method: 'POST', headers: { 'Content-Type': 'application/json' }, agent: false });
  return { bodies, thrown, post };
}

describe('the body of a request', () => {
  test('that finds no room is refused with an answer that arrives, however long it is', async (t) => {
    const { bodies, post } = await reader(t, { each: 4_000_000, all: 1000 });
    const status = await new Promise((resolve, reject) => {
      post()
        .on('response', (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end(JSON.stringify('x'.repeat(3_000_000)));
    });
    assert.equal(status, 429);
    assert.equal(bodies.size, 0);
  });

  test('that is broken off is no failure of the server', async (t) => {
    const { bodies, thrown, post } = await reader(t, { each: 1000, all: 1000 });
    const request = post().on('error', () => undefined);
    request.write('"half');
    request.on('socket', (socket) => socket.once('connect', () => setImmediate(() => socket.destroySoon())));
    const error = await thrown;
    assert.ok(error instanceof HttpError);
    assert.equal(error.code, 'cancelled');
    assert.equal(bodies.size, 0);
  });
});
