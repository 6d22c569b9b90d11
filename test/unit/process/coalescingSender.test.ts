import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { CoalescingSender } from '../../../engine/process/coalescingSender';

/** A stream that takes a value only when it is told to. */
class SlowStream {
  readonly sent: [string, number][] = [];
  private readonly taken: (() => void)[] = [];

  readonly send = (value: [string, number]): Promise<void> => {
    this.sent.push(value);
    return new Promise((resolve) => this.taken.push(resolve));
  };

  get outstanding(): number {
    return this.taken.length;
  }

  async take(): Promise<void> {
    this.taken.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('latest sender', () => {
  test('drops what is outdated while the stream is slow, never the last', async () => {
    const stream = new SlowStream();
    const sender = new CoalescingSender(stream.send, 2);
    for (let step = 1; step <= 100; step++) sender.push('a', ['a', step]);
    assert.deepEqual(stream.sent, [
      ['a', 1],
      ['a', 2],
    ]);
    assert.equal(sender.waiting, 1);
    await stream.take();
    assert.deepEqual(stream.sent.at(-1), ['a', 100]);
    assert.equal(sender.waiting, 0);
  });

  test('flush sends what waits at once, drop forgets it, each for its own keys', () => {
    const stream = new SlowStream();
    const sender = new CoalescingSender(stream.send, 1);
    sender.push('1/0', ['1/0', 1]);
    sender.push('1/0', ['1/0', 2]);
    sender.push('1/1', ['1/1', 3]);
    sender.push('2/0', ['2/0', 4]);
    sender.push('12/0', ['12/0', 5]);
    sender.flush('1/');
    sender.drop('2/');
    assert.deepEqual(
      stream.sent.map(([, step]) => step),
      [1, 2, 3],
    );
    assert.equal(sender.waiting, 1);
  });

  test('sends what waits in the order in which it happened', async () => {
    const stream = new SlowStream();
    const sender = new CoalescingSender(stream.send, 1);
    for (const [step, key] of ['a', 'a', 'b', 'a'].entries()) sender.push(key, [key, step]);
    while (stream.outstanding > 0) await stream.take();
    assert.deepEqual(
      stream.sent.map(([, step]) => step),
      [0, 2, 3],
    );
  });

  test('goes on after a failed write', async () => {
    let sent = 0;
    const sender = new CoalescingSender<number>(async () => {
      sent++;
      throw new Error('broken pipe');
    }, 1);
    sender.push('a', 1);
    sender.push('b', 2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(sent, 2);
  });

  test('property: bounded, in order for each key, and each key ends with its newest value', async () => {
    const keys = ['a', 'b', 'c'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constantFrom(...keys), fc.constant('take')), { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (actions, limit) => {
          const stream = new SlowStream();
          const sender = new CoalescingSender(stream.send, limit);
          const newest = new Map<string, number>();
          for (const [step, action] of actions.entries()) {
            if (action === 'take') await stream.take();
            else {
              newest.set(action, step);
              sender.push(action, [action, step]);
            }
            assert.ok(stream.outstanding <= limit);
            assert.ok(sender.waiting <= keys.length);
          }
          while (stream.outstanding > 0) await stream.take();
          for (const key of keys) {
            const steps = stream.sent.filter(([name]) => name === key).map(([, step]) => step);
            assert.deepEqual(
              steps,
              [...steps].sort((a, b) => a - b),
            );
            assert.equal(steps.at(-1), newest.get(key));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
