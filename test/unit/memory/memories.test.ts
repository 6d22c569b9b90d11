import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Memories } from '../../../engine/memory/memories';

const quiet = { isBusy: () => false, idle: () => Promise.resolve() };
const file = (path: string, text: string) => ({ path, text });
const code = (lines: number): string =>
  Array.from({ length: lines }, (_, i) => `const value${i} = make(${i});\n`).join('');

describe('the memories of a process', () => {
  test('are apart from each other, and gone when cleared', async () => {
    const memories = new Memories(quiet);
    await memories.update({ memory: 'one', files: [file('a.ts', 'open(door);\n')], removed: [] });
    await memories.update({ memory: 'two', files: [file('b.ts', 'open(gate);\n')], removed: [] });
    const pathsOf = (id: string) =>
      memories
        .index({ id }, undefined)
        ?.sources('open(', ')')
        .map(({ origin }) => origin?.path);
    assert.deepEqual(pathsOf('one'), ['a.ts']);
    assert.deepEqual(pathsOf('two'), ['b.ts']);
    assert.equal(memories.index({ id: 'three' }, undefined), undefined);
    assert.equal(memories.index(undefined, undefined), undefined);
    assert.equal(memories.clear({ memory: 'one' }), null);
    assert.equal(memories.clear({ memory: 'unknown' }), null);
    assert.equal(pathsOf('one'), undefined);
    assert.deepEqual(pathsOf('two'), ['b.ts']);
  });

  test('change one after the other, in the order in which that was asked for', async () => {
    const memories = new Memories(quiet);
    const answers = await Promise.all([
      memories.update({ memory: 'one', files: [file('a.ts', code(3000))], removed: [] }),
      memories.update({ memory: 'one', files: [file('a.ts', 'open(door);\n')], removed: [] }),
      memories.update({ memory: 'one', files: [], removed: ['a.ts'] }),
    ]);
    assert.deepEqual(
      answers.map(({ files, characters }) => [files, characters]),
      [
        [1, code(3000).length],
        [1, 12],
        [0, 0],
      ],
    );
  });

  test('wait while a request runs', async () => {
    let isBusy = true;
    let finish: () => void = () => undefined;
    const idle = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const memories = new Memories({ isBusy: () => isBusy, idle: () => idle });
    let isDone = false;
    const update = memories.update({ memory: 'one', files: [file('a.ts', 'open(door);\n')], removed: [] });
    void update.then(() => {
      isDone = true;
    });
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isDone, false);
    assert.equal(memories.index({ id: 'one' }, undefined), undefined);
    isBusy = false;
    finish();
    assert.equal((await update).files, 1);
  });

  test('of an edit, wait once where requests follow one another; of many files, at each slice', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    // Two pieces of work are a slice.
    let clock = 0;
    const now = () => {
      clock += 2;
      return clock;
    };
    const waits = async (count: number): Promise<number> => {
      const memories = new Memories({ isBusy: () => true, idle: () => new Promise(() => undefined), now });
      const files = Array.from({ length: count }, (_, i) => file(`${i}.ts`, code(3000)));
      let isDone = false;
      const update = memories.update({ memory: 'one', files, removed: [] }).finally(() => {
        isDone = true;
      });
      let seconds = 0;
      for (; !isDone && seconds < 20; seconds++) {
        for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
        t.mock.timers.tick(1000);
      }
      memories.dispose();
      await update.catch(() => undefined);
      return seconds;
    };
    assert.ok((await waits(1)) <= 3);
    assert.equal(await waits(8), 20);
  });

  test('are forgotten at once, while a request runs and whatever is still to be indexed', async () => {
    let isBusy = false;
    // The request never ends.
    const memories = new Memories({ isBusy: () => isBusy, idle: () => new Promise(() => undefined) });
    await memories.update({ memory: 'one', files: [file('a.ts', 'open(door);\n')], removed: [] });
    isBusy = true;
    const update = (memory: string, path: string) =>
      memories.update({ memory, files: [file(path, 'open(gate);\n')], removed: [] });
    const [running, queued, other] = [update('one', 'b.ts'), update('one', 'c.ts'), update('two', 'd.ts')];
    const refused = [running, queued].map((one) => assert.rejects(one, { code: 'cancelled' }));
    memories.clear({ memory: 'one' });
    assert.equal(memories.index({ id: 'one' }, undefined), undefined);
    const next = update('one', 'e.ts');
    isBusy = false;
    await Promise.all(refused);
    assert.equal((await other).files, 1);
    // What comes behind is a new memory.
    assert.equal((await next).files, 1);
  });

  test('give the event loop a turn after each slice', async () => {
    // A clock on which each look is a millisecond: a slice is over after a few pieces of work.
    let clock = 0;
    const memories = new Memories({ ...quiet, now: () => clock++ });
    const files = Array.from({ length: 40 }, (_, i) => file(`${i}.ts`, code(50)));
    let turns = 0;
    let isDone = false;
    const update = memories.update({ memory: 'one', files, removed: [] }).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    assert.equal((await update).files, 40);
    assert.ok(turns > 10, `${turns} turns`);
  });

  test('keep one bound together: the one used longest ago goes', async () => {
    const limits = { bytes: 120_000, files: 100, segment: 50_000 };
    const memories = new Memories({ ...quiet, limits });
    for (const memory of ['one', 'two', 'three'])
      await memories.update({ memory, files: [file('a.ts', code(900))], removed: [] });
    const known = ['one', 'two', 'three'].filter((id) => memories.index({ id }, undefined));
    assert.ok(!known.includes('one') && known.includes('three'), known.join());
  });

  test('give up what they are at when the process ends', async () => {
    const memories = new Memories(quiet);
    const update = memories.update({ memory: 'one', files: [file('a.ts', code(20_000))], removed: [] });
    const refused = assert.rejects(update, /shutting down/);
    memories.dispose();
    await refused;
    await assert.rejects(
      memories.update({ memory: 'one', files: [file('a.ts', 'open(door);\n')], removed: [] }),
      /shutting down/,
    );
    assert.equal(memories.index({ id: 'one' }, undefined), undefined);
  });
});
