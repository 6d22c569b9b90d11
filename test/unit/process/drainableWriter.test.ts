import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test, { describe } from 'node:test';
import { DrainableWriter } from '../../../engine/process/drainableWriter';

const MESSAGE = { jsonrpc: '2.0' };

/** A stream that takes what it is given when it is told to. */
class SlowStream extends Writable {
  private readonly waiting: ((error?: Error) => void)[] = [];

  override _write(_chunk: unknown, _encoding: string, done: (error?: Error) => void): void {
    this.waiting.push(done);
  }

  /** One write of the stream is done; a message may be several. */
  take(error?: Error): boolean {
    const done = this.waiting.shift();
    done?.(error);
    return done !== undefined;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the writer', () => {
  test('is drained when the stream has taken the last message, and not before', async () => {
    const stream = new SlowStream();
    const writer = new DrainableWriter(stream);
    await writer.drained();
    let isDrained = false;
    const writing = writer.write(MESSAGE);
    const waiting = Promise.all([writer.drained(), writer.drained()]).then(() => {
      isDrained = true;
    });
    await turn();
    assert.equal(isDrained, false);
    while (stream.take()) await turn();
    await writing;
    await turn();
    assert.equal(isDrained, true);
    await Promise.all([waiting, writer.drained()]);
  });

  test('is drained as well when a message fails', async () => {
    const stream = new SlowStream();
    const writer = new DrainableWriter(stream);
    writer.onError(() => undefined);
    const failing = assert.rejects(writer.write(MESSAGE), /gone/);
    const waiting = writer.drained();
    while (!stream.take(new Error('gone'))) await turn();
    await Promise.all([failing, waiting]);
  });
});
