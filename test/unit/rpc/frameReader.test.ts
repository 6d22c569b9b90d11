import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { Message } from 'vscode-jsonrpc/node';
import { FrameReader, type Rejection } from '../../../engine/rpc/frameReader';

interface Heard {
  readonly messages: Message[];
  readonly rejections: Rejection[];
  readonly closed: () => number;
}

/** Feeds the chunks to a reader, one write each, and tells what came of them. */
async function read(
  chunks: readonly (Buffer | string)[],
  limits?: { header: number; body: number },
): Promise<Heard> {
  const stream = new PassThrough();
  const messages: Message[] = [];
  const rejections: Rejection[] = [];
  let closed = 0;
  const reader = new FrameReader(stream, {
    onRejection: (rejection) => rejections.push(rejection),
    ...(limits ? { limits } : {}),
  });
  reader.onClose(() => closed++);
  reader.listen((message) => messages.push(message));
  for (const chunk of chunks) {
    stream.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  await new Promise((resolve) => stream.once('close', resolve));
  for (const { error } of rejections) assert.equal(error.code, 'protocol-violation');
  return { messages, rejections, closed: () => closed };
}

function frame(body: unknown): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

const request = { jsonrpc: '2.0', id: 1, method: 'm', params: { text: 'ü€😀\r\n\r\n' } };
const good = { jsonrpc: '2.0', method: 'n' };

describe('frame reader', () => {
  test('property: messages arrive whole and in order however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }),
        async (texts, cuts) => {
          const sent = texts.map((text, id) => ({ jsonrpc: '2.0', id, method: 'm', params: { text } }));
          let bytes = Buffer.from(sent.map(frame).join(''));
          const chunks: Buffer[] = [];
          for (const cut of cuts) {
            chunks.push(bytes.subarray(0, cut));
            bytes = bytes.subarray(cut);
          }
          const { messages, rejections, closed } = await read([...chunks, bytes]);
          assert.deepEqual(messages, sent);
          assert.deepEqual(rejections, []);
          assert.equal(closed(), 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('other headers and any letter case are taken', async () => {
    const body = JSON.stringify(request);
    const { messages } = await read([
      `content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:  ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ]);
    assert.deepEqual(messages, [request]);
  });

  test('a body that is not JSON, or no message, is reported and the next message still arrives', async () => {
    const bad: [unknown, Rejection['id']][] = [
      ['{"jsonrpc":"2.0",', null],
      ['', null],
      ['null', null],
      [[request], null],
      [{ jsonrpc: '1.0', id: 7, method: 'm' }, 7],
      [{ jsonrpc: '2.0', id: 'x', method: 5 }, 'x'],
      [{ jsonrpc: '2.0', id: { a: 1 }, method: 'm' }, null],
      [{ jsonrpc: '2.0', id: 8, method: 'm', params: 'text' }, 8],
      [{ jsonrpc: '2.0', id: 9 }, 9],
      [{ jsonrpc: '2.0', method: '$/cancelRequest' }, null],
      [{ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: null } }, null],
    ];
    for (const [body, id] of bad) {
      const { messages, rejections } = await read([frame(body) + frame(good)]);
      assert.deepEqual(messages, [good], JSON.stringify(body));
      assert.deepEqual(
        rejections.map((rejection) => [rejection.id, rejection.fatal]),
        [[id, false]],
        JSON.stringify(body),
      );
    }
  });

  test('a header that cannot be used ends the reading', async () => {
    for (const header of [
      'Content-Length: -1\r\n\r\n',
      'Content-Length: 12e3\r\n\r\n',
      'Content-Length: 99999999999\r\n\r\n',
      'Content-Length: 2\r\nContent-Length: 4\r\n\r\n',
      'Content-Type: x\r\n\r\n',
      '\r\n\r\n',
      'Server ready\n',
      '{"jsonrpc":"2.0"}',
      `X: ${'y'.repeat(5000)}`,
      'X'.repeat(5000),
    ]) {
      const { messages, rejections } = await read([header, frame(good)]);
      assert.deepEqual(messages, [], header.slice(0, 50));
      assert.deepEqual(
        rejections.map((rejection) => rejection.fatal),
        [true],
        header.slice(0, 50),
      );
    }
  });

  test('the bounds are exact', async () => {
    const body = JSON.stringify(good);
    const limits = { header: 64, body: body.length };
    assert.deepEqual((await read([frame(body)], limits)).messages, [good]);
    const tooLong = await read([frame(`${body} `)], limits);
    assert.equal(tooLong.rejections[0]?.fatal, true);
  });

  test('property: rubbish never throws and is never a message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), async (chunks) => {
        const { messages, rejections } = await read(chunks.map((chunk) => Buffer.from(chunk)));
        assert.deepEqual(messages, []);
        assert.ok(rejections.length <= 1);
      }),
      { numRuns: 100 },
    );
  });
});
