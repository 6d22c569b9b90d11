// Several rewrites in one line of the status bar.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Activities } from '../../../../extension/ui/activities';

const running = (text: string) => ({ text, isWaiting: false, hasDraft: true });
const waiting = { text: 'waiting for the engine', isWaiting: true, hasDraft: false };

describe('what is going on', () => {
  test('of one rewrite is what it says, waiting or not', () => {
    const activities = new Activities();
    assert.equal(activities.summary(), undefined);
    activities.set('a', 'a.ts', waiting);
    assert.deepEqual(activities.summary(), {
      count: 1,
      waiting: 0,
      shown: { ...waiting, place: 'a', name: 'a.ts' },
    });
    activities.set('a', 'a.ts', running('7 %'));
    assert.equal(activities.summary()?.shown.text, '7 %');
    activities.set('a', 'a.ts', undefined);
    assert.equal(activities.summary(), undefined);
  });

  test('of several is what the one says that is worked on; the others wait', () => {
    const activities = new Activities();
    for (let i = 0; i < 16; i++) activities.set(`${i}`, `${i}.ts`, waiting);
    activities.set('3', '3.ts', running('7 %'));
    const summary = activities.summary();
    assert.equal(summary?.count, 16);
    assert.equal(summary?.waiting, 15);
    assert.equal(summary?.shown.name, '3.ts');
  });

  test('one that is tried again waits behind those that waited before it', () => {
    const activities = new Activities();
    activities.set('a', 'a.ts', running('100 %'));
    activities.set('b', 'b.ts', waiting);
    activities.set('a', 'a.ts', { ...waiting, text: 'try 2 of 3' });
    assert.equal(activities.summary()?.shown.name, 'b.ts');
    assert.equal(activities.summary()?.waiting, 1);
    activities.set('b', 'b.ts', waiting);
    assert.equal(activities.summary()?.shown.name, 'b.ts', 'who only waits on keeps the place');
  });

  test('one that ends leaves the others as they are', () => {
    const activities = new Activities();
    activities.set('a', 'a.ts', running('10 %'));
    activities.set('b', 'b.ts', waiting);
    activities.set('a', 'a.ts', undefined);
    assert.deepEqual(
      activities.all.map(({ name }) => name),
      ['b.ts'],
    );
  });
});
