// Events of a stream come out whole, wherever the network cuts it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { eventsIn, type StreamEvent } from '../../../engine/http/eventStream';

async function* piecesOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function read(...pieces: readonly (string | Uint8Array)[]): Promise<StreamEvent[]> {
  const bytes = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
  const events: StreamEvent[] = [];
  for await (const event of eventsIn(piecesOf(bytes), () => new Error('too long'))) events.push(event);
  return events;
}

const data = (text: string) => ({ name: 'message', data: text });

describe('a stream of events', () => {
  test('has names, comments and data of several lines', async () => {
    const events = await read(
      ': ping\n\nevent: step\ndata: {"a":1}\n\ndata: one\ndata:two\nid: 7\nretry: 10\n\n',
    );
    assert.deepEqual(events, [{ name: 'step', data: '{"a":1}' }, data('one\ntwo')]);
  });

  test('may end its lines in any way', async () => {
    assert.deepEqual(await read('data: a\r\n\r\ndata: b\r\rdata: c\n\n'), [data('a'), data('b'), data('c')]);
  });

  test('loses an event that the end cuts', async () => {
    assert.deepEqual(await read('data: a\n\ndata: b\n'), [data('a')]);
  });

  test('gives the same however it is cut', async () => {
    const events = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 6 });
    const end = fc.constantFrom('\n', '\r\n', '\r');
    await fc.assert(
      fc.asyncProperty(events, end, fc.array(fc.nat(40)), async (texts, lineEnd, lengths) => {
        const clean = texts.map((text) => text.replace(/[\r\n]/g, '·'));
        const bytes = Buffer.from(clean.map((text) => `data: ${text}${lineEnd}${lineEnd}`).join(''));
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(bytes.subarray(at, at + length));
          at += length;
        }
        pieces.push(bytes.subarray(at));
        // The last carriage return may be half of a line end: what stands before it is told when more comes.
        const found = (await read(...pieces, '\n')).map((event) => event.data);
        assert.deepEqual(found, clean);
      }),
    );
  });

  test('without an end is given up', async () => {
    await assert.rejects(read(...Array.from({ length: 100 }, () => 'x'.repeat(100_000))), /too long/);
    await assert.rejects(
      read(...Array.from({ length: 100 }, () => `data: ${'x'.repeat(100_000)}\n`)),
      /too long/,
    );
    await assert.rejects(read(...Array.from({ length: 100 }, () => 'data:\n'.repeat(100_000))), /too long/);
  });
});
