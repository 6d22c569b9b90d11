import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { answerKnock } from '../../engine/process/sharedHandshake';

/** Both ends of a connection of which nobody has read anything. */
async function connection(t: { after(fn: () => unknown): void }): Promise<readonly [net.Socket, net.Socket]> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const ours = once(server, 'connection');
  const theirs = net.connect(address.port, '127.0.0.1');
  const [socket] = await ours;
  t.after(() => {
    socket.destroy();
    theirs.destroy();
    server.close();
  });
  return [socket, theirs];
}

/** As a pass does, beyond the time for a line. */
function takeEventLoop(millis: number): void {
  for (const end = performance.now() + millis; performance.now() < end; );
}

test('what came while a pass took the event loop is read before time is up', async (t) => {
  const [host, relay] = await connection(t);
  await new Promise((resolve) => relay.write(`${JSON.stringify({ nonce: '1' })}\n`, resolve));
  // It answers, and then waits in vain for the second line.
  const ended = assert.rejects(answerKnock(host, 'secret', 20), { message: /no answer for 20 ms/ });
  host.resume();
  const heard = Promise.race([once(relay, 'data'), ended.then(() => 'nothing')]);
  takeEventLoop(60);
  assert.match(String(await heard), /"proof"/);
  await ended;
});

test('who says nothing is not waited for', async (t) => {
  const [host] = await connection(t);
  await assert.rejects(answerKnock(host, 'secret', 20), { message: /no answer for 20 ms/ });
});
