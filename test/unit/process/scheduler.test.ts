import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { EngineError, type ErrorCode, toEngineError } from '../../../engine/errors';
import { Scheduler, type Work } from '../../../engine/process/scheduler';
import type { Priority } from '../../../engine/protocol';
import { giveTurn } from '../../../engine/turn';

/** Runs until it is released or aborted; counts how often it began. */
class Held implements Work<string> {
  readonly model = '/m';
  begun = 0;
  private go: ((value: string) => void) | undefined;

  constructor(
    readonly requestId: number,
    readonly priority: Priority = 'rewrite',
    readonly document?: string,
  ) {}

  run(signal: AbortSignal): Promise<string> {
    this.begun++;
    return new Promise((resolve, reject) => {
      this.go = resolve;
      signal.addEventListener('abort', () =>
        reject(new EngineError('cancelled', 'The request was canceled.')),
      );
    });
  }

  release(value = `answer ${this.requestId}`): void {
    this.go?.(value);
  }
}

async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await giveTurn();
}

function rejects(promise: Promise<unknown>, code: ErrorCode, data?: object): Promise<void> {
  return assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, code);
    assert.ok(error.message.length > 10);
    if (data !== undefined) assert.deepEqual(error.data, data);
    return true;
  });
}

describe('scheduler', () => {
  test('runs one at a time and counts what runs and waits', async () => {
    const scheduler = new Scheduler();
    const first = new Held(1);
    const second = new Held(2);
    const answers = [scheduler.submit(first), scheduler.submit(second)];
    await turns();
    assert.deepEqual([first.begun, second.begun], [1, 0]);
    assert.deepEqual([scheduler.running, scheduler.queued], [1, 1]);
    first.release();
    await turns();
    assert.equal(second.begun, 1);
    second.release();
    assert.deepEqual(await Promise.all(answers), ['answer 1', 'answer 2']);
    await turns();
    assert.deepEqual([scheduler.running, scheduler.queued], [0, 0]);
  });

  test('an answer to a cancelled or superseded request comes before its run has stopped', async () => {
    const scheduler = new Scheduler();
    let stop: (() => void) | undefined;
    const deaf = scheduler.submit({
      requestId: 1,
      model: '/m',
      priority: 'ghost',
      document: 'd',
      run: () =>
        new Promise<void>((resolve) => {
          stop = resolve;
        }),
    });
    await turns();
    const newer = new Held(2, 'ghost', 'd');
    const answer = scheduler.submit(newer);
    await rejects(deaf, 'superseded', { by: 2 });
    await turns();
    assert.equal(newer.begun, 0, 'the device is still taken');
    stop?.();
    await turns();
    assert.equal(newer.begun, 1);
    assert.ok(scheduler.cancel(2));
    await rejects(answer, 'cancelled');
    assert.ok(!scheduler.cancel(2));
  });

  test('a job cancelled before its first turn never begins', async () => {
    const scheduler = new Scheduler();
    const work = new Held(1);
    const answer = scheduler.submit(work);
    scheduler.cancel(1);
    await rejects(answer, 'cancelled');
    await turns();
    assert.equal(work.begun, 0);
    assert.equal(scheduler.running, 0);
  });

  test('background that gives way begins again and answers in the end', async () => {
    const scheduler = new Scheduler();
    const background = new Held(1, 'background');
    const ghost = new Held(2, 'ghost');
    const late = scheduler.submit(background);
    await turns();
    const soon = scheduler.submit(ghost);
    await turns();
    assert.deepEqual([background.begun, ghost.begun], [1, 1]);
    ghost.release();
    assert.equal(await soon, 'answer 2');
    await turns();
    assert.equal(background.begun, 2);
    background.release();
    assert.equal(await late, 'answer 1');
  });

  test('background that gave way is refused where a better one needs its place in a full queue', async () => {
    const scheduler = new Scheduler({ capacity: 2, passes: 8, yields: 3 });
    const background = new Held(1, 'background');
    const refused = rejects(scheduler.submit(background), 'queue-full', { by: 4, capacity: 2 });
    await turns();
    const ghosts = [2, 3, 4].map((id) => new Held(id, 'ghost'));
    const answers: Promise<string>[] = [];
    for (const ghost of ghosts) {
      answers.push(scheduler.submit(ghost));
      await turns();
    }
    await refused;
    assert.equal(background.begun, 1);
    for (const [i, ghost] of ghosts.entries()) {
      await turns();
      ghost.release();
      assert.equal(await answers[i], `answer ${i + 2}`);
    }
    await scheduler.idle();
    assert.deepEqual([scheduler.running, scheduler.queued], [0, 0]);
  });

  test('a run that throws gives its code, and the next one starts', async () => {
    const scheduler = new Scheduler();
    const failing = (requestId: number, thrown: unknown) =>
      scheduler.submit({
        requestId,
        model: '/m',
        priority: 'rewrite',
        run: () => {
          throw thrown;
        },
      });
    await rejects(failing(1, new EngineError('out-of-memory', 'No memory is left.')), 'out-of-memory');
    await rejects(failing(2, new TypeError('x is undefined')), 'internal');
    await rejects(failing(3, 'a string'), 'internal');
    const next = new Held(4);
    const answer = scheduler.submit(next);
    await turns();
    next.release();
    assert.equal(await answer, 'answer 4');
  });

  test('a number in use is refused, a number that was answered is not', async () => {
    const scheduler = new Scheduler();
    const first = scheduler.submit(new Held(1));
    await rejects(scheduler.submit(new Held(1)), 'protocol-violation', { requestId: 1 });
    scheduler.cancel(1);
    await rejects(first, 'cancelled');
    const again = scheduler.submit(new Held(1));
    scheduler.cancel(1);
    await rejects(again, 'cancelled');
  });

  test('queue-full names the bound and what to do', async () => {
    const scheduler = new Scheduler({ capacity: 2, passes: 8, yields: 3 });
    const accepted = [1, 2, 3].map((id) => scheduler.submit(new Held(id)));
    await rejects(scheduler.submit(new Held(4)), 'queue-full', { capacity: 2 });
    scheduler.cancelAll(new EngineError('model-not-loaded', 'The model was unloaded.'), { model: '/other' });
    assert.equal(scheduler.queued, 2);
    scheduler.cancelAll(new EngineError('model-not-loaded', 'The model was unloaded.'), { model: '/m' });
    for (const answer of accepted) await rejects(answer, 'model-not-loaded');
    await scheduler.idle();
    assert.equal(scheduler.running, 0);
  });

  test('idle waits for the run of that model alone', async () => {
    const scheduler = new Scheduler();
    const work = new Held(1);
    const answer = scheduler.submit(work);
    await scheduler.idle({ model: '/other' });
    let idle = false;
    const waiting = scheduler.idle({ model: '/m' }).then(() => {
      idle = true;
    });
    await turns();
    assert.equal(idle, false);
    work.release();
    await waiting;
    assert.equal(await answer, 'answer 1');
  });
});

interface Arrival {
  readonly priority: Priority;
  readonly document: string | undefined;
  readonly turns: number;
  readonly fate: 'answers' | 'throws' | 'deaf';
  /** Turns of the event loop before it arrives, and before it is cancelled (if it is). */
  readonly delay: number;
  readonly cancelAfter: number | undefined;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  priority: fc.constantFrom<Priority>('rewrite', 'ghost', 'background'),
  document: fc.constantFrom('a', 'b', undefined),
  turns: fc.nat(4),
  fate: fc.constantFrom('answers' as const, 'answers' as const, 'throws' as const, 'deaf' as const),
  delay: fc.nat(3),
  cancelAfter: fc.option(fc.nat(8), { nil: undefined, freq: 3 }),
});

test('property: with real runs, each request settles exactly once and no two run at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 25 }), async (arrivals) => {
      const scheduler = new Scheduler({ capacity: 5, passes: 3, yields: 2 });
      let running = 0;
      const settled: number[] = arrivals.map(() => 0);
      const begun: number[] = arrivals.map(() => 0);
      const answers: Promise<void>[] = [];
      for (const [requestId, { priority, document, ...plan }] of arrivals.entries()) {
        for (let i = 0; i < plan.delay; i++) await giveTurn();
        const run = async (signal: AbortSignal) => {
          begun[requestId] = (begun[requestId] ?? 0) + 1;
          assert.equal(++running, 1, 'two run at a time');
          try {
            for (let i = 0; i < plan.turns; i++) {
              await giveTurn();
              if (signal.aborted && plan.fate !== 'deaf') throw new Error('stopped');
            }
            if (plan.fate === 'throws') throw new EngineError('runtime-failed', 'The session failed.');
            return requestId;
          } finally {
            running--;
          }
        };
        const answer = scheduler.submit({ requestId, model: '/m', priority, document, run }).then(
          (value) => assert.equal(value, requestId),
          (error: unknown) => {
            const { code } = toEngineError(error);
            const allowed = ['superseded', 'queue-full', 'cancelled', 'runtime-failed'];
            assert.ok(allowed.includes(code), code);
            // Only what gave way and waits again may have begun: a job above it takes its place in a full queue.
            if (code === 'queue-full' && priority !== 'background') assert.equal(begun[requestId], 0);
            if (code === 'cancelled') assert.notEqual(plan.cancelAfter, undefined);
            if (code === 'runtime-failed') assert.equal(plan.fate, 'throws');
          },
        );
        answers.push(
          answer.then(() => {
            settled[requestId] = (settled[requestId] ?? 0) + 1;
          }),
        );
        if (plan.cancelAfter !== undefined) {
          const { cancelAfter } = plan;
          answers.push(
            (async () => {
              for (let i = 0; i < cancelAfter; i++) await giveTurn();
              scheduler.cancel(requestId);
            })(),
          );
        }
      }
      await Promise.all(answers);
      await scheduler.idle();
      assert.deepEqual(
        settled,
        arrivals.map(() => 1),
      );
      assert.deepEqual([scheduler.running, scheduler.queued, running], [0, 0, 0]);
      assert.ok(begun.every((times, i) => times <= (arrivals[i]?.priority === 'background' ? 3 : 1)));
    }),
    { numRuns: 100 },
  );
});
