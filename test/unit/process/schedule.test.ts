import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { type Decision, type Job, Schedule } from '../../../engine/process/schedule';
import type { Priority } from '../../../engine/protocol';

const LIMITS = { capacity: 4, passes: 3, yields: 2 };
const RANK = { rewrite: 0, ghost: 1, background: 2 } as const;

function job(id: number, priority: Priority, document?: string, client?: string): Job {
  return { id, priority, document, client };
}

describe('schedule', () => {
  test('starts at once on a free device, then rewrite before ghost before background', () => {
    const schedule = new Schedule(LIMITS);
    assert.deepEqual(schedule.submit(job(1, 'rewrite')), [{ kind: 'start', id: 1 }]);
    assert.deepEqual(schedule.submit(job(2, 'background')), []);
    assert.deepEqual(schedule.submit(job(3, 'ghost')), []);
    assert.deepEqual(schedule.submit(job(4, 'rewrite')), []);
    assert.deepEqual(schedule.submit(job(5, 'rewrite')), []);
    const order = [1, 4, 5, 3].map((id) => schedule.finished(id, false));
    assert.deepEqual(
      order.flat(),
      [4, 5, 3, 2].map((id) => ({ kind: 'start', id })),
    );
  });

  test('the newest request of a document and priority supersedes a waiting one and a running one', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'ghost', 'a'));
    schedule.submit(job(2, 'ghost', 'b'));
    assert.deepEqual(schedule.submit(job(3, 'ghost', 'b')), [
      { kind: 'refuse', id: 2, code: 'superseded', by: 3 },
    ]);
    assert.deepEqual(schedule.submit(job(4, 'ghost', 'a')), [
      { kind: 'stop', id: 1, code: 'superseded', by: 4 },
    ]);
    assert.deepEqual(schedule.occupants, [1]);
    assert.deepEqual(schedule.finished(1, false), [{ kind: 'start', id: 3 }]);
  });

  test('another document, another priority or no document at all supersedes nothing', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'rewrite', 'a'));
    for (const next of [job(2, 'ghost', 'a'), job(3, 'rewrite', 'b'), job(4, 'rewrite'), job(5, 'rewrite')]) {
      assert.deepEqual(schedule.submit(next), []);
    }
  });

  test('a rewrite stops a running ghost job of any document; a ghost job stops no rewrite', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'ghost', 'a'));
    assert.deepEqual(schedule.submit(job(2, 'rewrite', 'b')), [
      { kind: 'stop', id: 1, code: 'superseded', by: 2 },
    ]);
    assert.deepEqual(schedule.finished(1, false), [{ kind: 'start', id: 2 }]);
    assert.deepEqual(schedule.submit(job(3, 'ghost', 'b')), []);
  });

  test('nobody supersedes or stops what another client asked for', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'ghost', 'a', 'ada'));
    schedule.submit(job(2, 'ghost', 'b', 'ada'));
    assert.deepEqual(schedule.submit(job(3, 'ghost', 'a', 'bob')), []);
    assert.deepEqual(schedule.submit(job(4, 'rewrite', 'a', 'bob')), []);
    assert.deepEqual(schedule.submit(job(5, 'ghost', 'b', 'ada')), [
      { kind: 'refuse', id: 2, code: 'superseded', by: 5 },
    ]);
    assert.deepEqual(schedule.submit(job(6, 'rewrite', 'c', 'ada')), [
      { kind: 'stop', id: 1, code: 'superseded', by: 6 },
    ]);
  });

  test('background gives way, starts again, and after two times runs to its end', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'background'));
    for (const [id, priority] of [
      [2, 'ghost'],
      [3, 'rewrite'],
    ] as const) {
      assert.deepEqual(schedule.submit(job(id, priority)), [{ kind: 'give-way', id: 1 }]);
      assert.equal(schedule.queued, 2);
      assert.deepEqual(schedule.finished(1, true), [{ kind: 'start', id }]);
      assert.deepEqual(schedule.finished(id, false), [{ kind: 'start', id: 1 }]);
    }
    assert.deepEqual(schedule.submit(job(4, 'rewrite')), []);
    assert.deepEqual(schedule.finished(1, false), [{ kind: 'start', id: 4 }]);
  });

  test('background that was giving way but came to an answer is not started again', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'background'));
    schedule.submit(job(2, 'ghost'));
    assert.deepEqual(schedule.finished(1, false), [{ kind: 'start', id: 2 }]);
    assert.deepEqual(schedule.finished(2, false), []);
  });

  test('a waiting background job goes first when three others have gone before it', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'rewrite'));
    schedule.submit(job(100, 'background'));
    let running = 1;
    const started: number[] = [];
    for (let id = 2; id < 7; id++) {
      schedule.submit(job(id, 'rewrite'));
      const [decision] = schedule.finished(running, false);
      assert.ok(decision?.kind === 'start');
      running = decision.id;
      started.push(running);
    }
    assert.deepEqual(started, [2, 3, 4, 100, 5]);
  });

  test('a full queue refuses its equal and gives the place of the newest of the lowest priority to its better', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'rewrite'));
    for (const waiting of [
      job(2, 'background'),
      job(3, 'background'),
      job(4, 'ghost', 'a'),
      job(5, 'ghost', 'b'),
    ]) {
      assert.deepEqual(schedule.submit(waiting), []);
    }
    assert.deepEqual(schedule.submit(job(6, 'background')), [{ kind: 'refuse', id: 6, code: 'queue-full' }]);
    assert.deepEqual(schedule.submit(job(7, 'ghost', 'c')), [
      { kind: 'refuse', id: 3, code: 'queue-full', by: 7 },
    ]);
    assert.deepEqual(schedule.submit(job(8, 'ghost', 'a')), [
      { kind: 'refuse', id: 4, code: 'superseded', by: 8 },
    ]);
    assert.equal(schedule.queued, 4);
  });

  test('one that gave way waits as others do, and gives its place to its better in a full queue', () => {
    const schedule = new Schedule({ ...LIMITS, capacity: 2 });
    schedule.submit(job(1, 'background'));
    assert.deepEqual(schedule.submit(job(2, 'ghost', 'a')), [{ kind: 'give-way', id: 1 }]);
    assert.deepEqual(schedule.finished(1, true), [{ kind: 'start', id: 2 }]);
    assert.deepEqual(schedule.submit(job(3, 'ghost', 'b')), []);
    assert.deepEqual(schedule.submit(job(4, 'ghost', 'c')), [
      { kind: 'refuse', id: 1, code: 'queue-full', by: 4 },
    ]);
    assert.equal(schedule.queued, 2);
  });

  test('a refused request does not stop the running one that it would have superseded', () => {
    const schedule = new Schedule({ ...LIMITS, capacity: 1 });
    schedule.submit(job(1, 'rewrite', 'a'));
    schedule.submit(job(2, 'rewrite', 'b'));
    assert.deepEqual(schedule.submit(job(3, 'rewrite', 'a')), [
      { kind: 'refuse', id: 3, code: 'queue-full' },
    ]);
    assert.deepEqual(schedule.cancel(1), [{ kind: 'stop', id: 1, code: 'cancelled' }]);
  });

  test('the newest takes the place of one that is giving way, also in a full queue', () => {
    const schedule = new Schedule({ ...LIMITS, capacity: 2 });
    schedule.submit(job(1, 'background', 'a'));
    assert.deepEqual(schedule.submit(job(2, 'ghost')), [{ kind: 'give-way', id: 1 }]);
    assert.deepEqual(schedule.submit(job(3, 'background', 'a')), [
      { kind: 'stop', id: 1, code: 'superseded', by: 3 },
    ]);
    assert.equal(schedule.queued, 2);
    assert.deepEqual(schedule.finished(1, true), [{ kind: 'start', id: 2 }]);
  });

  test('runs as many as there are places, and fills new ones from the queue', () => {
    const schedule = new Schedule({ ...LIMITS, places: 2 });
    assert.deepEqual(schedule.submit(job(1, 'background')), [{ kind: 'start', id: 1 }]);
    assert.deepEqual(schedule.submit(job(2, 'rewrite')), [{ kind: 'start', id: 2 }], 'nobody gives way');
    assert.deepEqual(schedule.submit(job(3, 'ghost')), [{ kind: 'give-way', id: 1 }]);
    assert.deepEqual(schedule.submit(job(4, 'ghost')), [], 'one place is on its way');
    assert.deepEqual(schedule.allow(4), [
      { kind: 'start', id: 3 },
      { kind: 'start', id: 4 },
    ]);
    assert.deepEqual(schedule.occupants, [1, 2, 3, 4]);
    assert.deepEqual(schedule.allow(1), []);
    assert.deepEqual(schedule.finished(2, false), [], 'what runs stays, and nothing joins it');
    assert.deepEqual(schedule.finished(3, false), []);
    assert.deepEqual(schedule.finished(4, false), []);
    assert.deepEqual(schedule.finished(1, true), [{ kind: 'start', id: 1 }]);
  });

  test('where clients are not told apart, a rewrite stops nobody’s ghost text', () => {
    const schedule = new Schedule({ ...LIMITS, places: 2, stopsGhosts: false });
    schedule.submit(job(1, 'ghost', undefined, ''));
    assert.deepEqual(schedule.submit(job(2, 'rewrite', undefined, '')), [{ kind: 'start', id: 2 }]);
    assert.deepEqual(schedule.submit(job(3, 'rewrite', undefined, '')), []);
  });

  test('as many background jobs give way as better ones wait for', () => {
    const schedule = new Schedule({ ...LIMITS, places: 3 });
    for (const id of [1, 2]) schedule.submit(job(id, 'background'));
    schedule.submit(job(3, 'rewrite'));
    assert.deepEqual(schedule.submit(job(5, 'rewrite')), [{ kind: 'give-way', id: 2 }]);
    assert.deepEqual(schedule.submit(job(6, 'ghost')), [{ kind: 'give-way', id: 1 }]);
    assert.deepEqual(schedule.finished(2, true), [{ kind: 'start', id: 5 }]);
    assert.deepEqual(schedule.finished(1, true), [{ kind: 'start', id: 6 }]);
  });

  test('with several places, a rewrite replaces an older one and stops ghost text beside it', () => {
    const schedule = new Schedule({ ...LIMITS, places: 2 });
    schedule.submit(job(1, 'rewrite', 'a'));
    schedule.submit(job(2, 'ghost', 'a'));
    assert.deepEqual(schedule.submit(job(3, 'rewrite', 'a')), [
      { kind: 'stop', id: 1, code: 'superseded', by: 3 },
      { kind: 'stop', id: 2, code: 'superseded', by: 3 },
    ]);
  });

  test('cancel works in every state, once', () => {
    const schedule = new Schedule(LIMITS);
    schedule.submit(job(1, 'background'));
    schedule.submit(job(2, 'ghost'));
    schedule.submit(job(3, 'ghost'));
    assert.deepEqual(schedule.cancel(3), [{ kind: 'refuse', id: 3, code: 'cancelled' }]);
    assert.deepEqual(schedule.cancel(3), []);
    assert.deepEqual(schedule.cancel(1), [{ kind: 'stop', id: 1, code: 'cancelled' }], 'while it gives way');
    assert.deepEqual(schedule.cancel(1), []);
    assert.deepEqual(schedule.finished(1, true), [{ kind: 'start', id: 2 }]);
    assert.deepEqual(schedule.cancel(2), [{ kind: 'stop', id: 2, code: 'cancelled' }]);
    assert.deepEqual(schedule.finished(2, false), []);
    assert.deepEqual(schedule.cancel(2), []);
    assert.deepEqual(schedule.cancel(99), []);
  });
});

type Command =
  | { readonly kind: 'submit'; readonly priority: Priority; readonly document: string | undefined }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'finish'; readonly answered: boolean; readonly which: number }
  | { readonly kind: 'allow'; readonly places: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      priority: fc.constantFrom<Priority>('rewrite', 'ghost', 'background'),
      document: fc.constantFrom('a', 'b', undefined),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(60) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('finish' as const), answered: fc.boolean(), which: fc.nat(3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('allow' as const), places: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** Plays the part of the process and checks, decision by decision, what must always hold. */
class Witness {
  readonly schedule: Schedule;
  readonly jobs = new Map<number, Job>();
  readonly waiting = new Set<number>();
  readonly answers = new Map<number, string>();
  readonly yields = new Map<number, number>();
  readonly device = new Map<number, 'working' | 'stopping' | 'giving-way'>();
  othersBeforeBackground = 0;
  private places: number;

  constructor(private readonly limits: typeof LIMITS & { readonly places: number }) {
    this.schedule = new Schedule(limits);
    this.places = limits.places;
  }

  run(next: Command): void {
    if (next.kind === 'submit') {
      const id = this.jobs.size;
      const submitted = job(id, next.priority, next.document);
      this.jobs.set(id, submitted);
      this.waiting.add(id);
      this.see(this.schedule.submit(submitted));
      if (!this.answers.has(id)) this.checkAccepted(submitted);
    } else if (next.kind === 'cancel') {
      const open = this.jobs.has(next.which) && !this.answers.has(next.which);
      const decisions = this.schedule.cancel(next.which);
      assert.equal(decisions.length, open ? 1 : 0);
      this.see(decisions);
    } else if (next.kind === 'allow') {
      this.places = next.places;
      this.see(this.schedule.allow(next.places));
    } else {
      const [id, state] = [...this.device][next.which % Math.max(1, this.device.size)] ?? [];
      if (id === undefined) return;
      const unfinished = state === 'giving-way' && !next.answered;
      if (state === 'working' || (state === 'giving-way' && next.answered)) this.answer(id, 'result');
      this.device.delete(id);
      if (unfinished) this.waiting.add(id);
      this.see(this.schedule.finished(id, unfinished));
    }
    this.checkState();
  }

  private stateOf(id: number): string | undefined {
    return this.device.get(id);
  }

  private see(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const { id } = decision;
      switch (decision.kind) {
        case 'start':
          this.checkStart(id);
          this.waiting.delete(id);
          this.device.set(id, 'working');
          break;
        case 'refuse':
          assert.ok(this.waiting.delete(id), 'only what waits is refused');
          this.answer(id, decision.code);
          break;
        case 'stop':
          assert.ok(this.stateOf(id) !== undefined && this.stateOf(id) !== 'stopping');
          this.device.set(id, 'stopping');
          this.answer(id, decision.code);
          break;
        case 'give-way':
          assert.equal(this.stateOf(id), 'working');
          assert.equal(this.jobs.get(id)?.priority, 'background');
          this.yields.set(id, (this.yields.get(id) ?? 0) + 1);
          assert.ok((this.yields.get(id) ?? 0) <= this.limits.yields);
          this.device.set(id, 'giving-way');
          break;
      }
    }
  }

  private answer(id: number, answer: string): void {
    assert.ok(!this.answers.has(id), `${id} is answered twice`);
    this.answers.set(id, answer);
  }

  private rank(id: number): number {
    return RANK[this.jobs.get(id)?.priority ?? 'background'];
  }

  private checkStart(id: number): void {
    assert.ok(this.device.size < this.places, 'more than there are places');
    assert.ok(this.waiting.has(id));
    const best = Math.min(...[...this.waiting].map((other) => this.rank(other)));
    const background = [...this.waiting].some((other) => this.rank(other) === RANK.background);
    if (this.rank(id) !== best) {
      assert.equal(this.rank(id), RANK.background);
      assert.equal(this.othersBeforeBackground, this.limits.passes);
    }
    const equals = [...this.waiting].filter((other) => this.rank(other) === this.rank(id));
    assert.equal(Math.min(...equals), id, 'first come, first served');
    this.othersBeforeBackground =
      background && this.rank(id) !== RANK.background ? this.othersBeforeBackground + 1 : 0;
    assert.ok(this.othersBeforeBackground <= this.limits.passes, 'background starves');
  }

  private checkAccepted(newest: Job): void {
    for (const other of this.jobs.values()) {
      if (other.id >= newest.id || this.answers.has(other.id)) continue;
      const same =
        newest.document !== undefined &&
        other.document === newest.document &&
        other.priority === newest.priority;
      assert.ok(!same, `${other.id} should have been superseded by ${newest.id}`);
      if (newest.priority === 'rewrite' && other.priority === 'ghost') {
        assert.notEqual(this.stateOf(other.id), 'working');
      }
    }
  }

  private checkState(): void {
    const givingWay = [...this.device.values()].filter((state) => state === 'giving-way').length;
    assert.equal(this.schedule.queued, this.waiting.size + givingWay);
    assert.ok(this.schedule.queued <= this.limits.capacity);
    assert.deepEqual([...this.schedule.occupants].sort(), [...this.device.keys()].sort());
    const isFull = this.device.size >= this.places;
    assert.ok(isFull || this.waiting.size === 0, 'a place is free while jobs wait');
  }
}

test('property: whatever arrives, is cancelled or finishes, the rules hold and each job has one answer', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 60 }),
      fc.record({
        capacity: fc.integer({ min: 1, max: 5 }),
        passes: fc.integer({ min: 1, max: 3 }),
        yields: fc.integer({ min: 0, max: 2 }),
        places: fc.integer({ min: 1, max: 3 }),
      }),
      (commands, limits) => {
        const witness = new Witness(limits);
        for (const next of commands) witness.run(next);
        while (witness.device.size > 0) witness.run({ kind: 'finish', answered: true, which: 0 });
        assert.equal(witness.answers.size, witness.jobs.size);
        for (const answer of witness.answers.values()) seen.add(answer);
      },
    ),
    { numRuns: 500 },
  );
  assert.deepEqual([...seen].sort(), ['cancelled', 'queue-full', 'result', 'superseded']);
});
