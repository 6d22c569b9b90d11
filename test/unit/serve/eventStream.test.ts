import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { Writable } from 'node:stream';
import test, { describe } from 'node:test';
import type { DenoiseStepEvent } from '../../../engine/protocol';
import { EventStream } from '../../../engine/serve/eventStream';

/** A response to a client that reads when the test says so. */
function slowResponse() {
  const chunks: string[] = [];
  const held: (() => void)[] = [];
  let isReading = false;
  const socket = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(String(chunk));
      if (isReading) done();
      else held.push(done);
    },
  });
  const response = new http.ServerResponse(new http.IncomingMessage(new net.Socket()));
  response.useChunkedEncodingByDefault = false;
  response.assignSocket(Object.assign(socket, { setTimeout: () => socket }) as unknown as net.Socket);
  const read = () => {
    isReading = true;
    for (const done of held.splice(0)) done();
  };
  return { response, read, text: () => chunks.join('') };
}

function step(number: number, candidate = 0): DenoiseStepEvent {
  return { requestId: 1, step: number, span: 0, candidate, cells: [], committed: [], remasked: [] };
}

function stepsIn(text: string): string[] {
  return [...text.matchAll(/"step":(\d+),"span":0,"candidate":(\d)/g)].map(
    (match) => `${match[1]}/${match[2]}`,
  );
}

describe('server-sent events', () => {
  test('what waits for a slow reader is the newest step of each candidate, and the result comes last', async () => {
    const { response, read, text } = slowResponse();
    const events = new EventStream(response);
    for (let number = 1; number <= 100; number++)
      for (const candidate of [0, 1]) events.step(step(number, candidate));
    const finished = new Promise((resolve) => response.once('finish', resolve));
    events.end('result', { done: true });
    read();
    await finished;
    const steps = stepsIn(text());
    assert.ok(steps.length < 10, `${steps.length} steps`);
    assert.deepEqual(steps.slice(-2), ['100/0', '100/1']);
    assert.match(text(), /event: result\ndata: \{"done":true\}\n\n$/);
    assert.ok(!text().includes('requestId'));
  });

  test('who has gone gets nothing, and the server goes on', async () => {
    const { response } = slowResponse();
    response.on('error', () => undefined);
    const events = new EventStream(response);
    response.destroy();
    // An unhandled rejection fails the test, and would end the server.
    events.send('accepted', {});
    events.step(step(1));
    await new Promise((resolve) => setImmediate(resolve));
    events.end('error', {});
  });

  test('steps that wait are dropped where an error ends the stream', async () => {
    const { response, read, text } = slowResponse();
    const events = new EventStream(response);
    for (let number = 1; number <= 100; number++) events.step(step(number));
    const finished = new Promise((resolve) => response.once('finish', resolve));
    events.end('error', { error: {} });
    read();
    await finished;
    assert.ok(!stepsIn(text()).includes('100/0'));
    assert.match(text(), /event: error\ndata: \{"error":\{\}\}\n\n$/);
  });
});
