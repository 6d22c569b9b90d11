import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Told } from '../../../../../extension/rewrite/review/told';

function world() {
  const clock = { now: 0 };
  return { clock, told: new Told(() => clock.now) };
}

describe('what the editor asks by itself, because a review told it to', () => {
  test('is told from what a person asks by key', () => {
    const { clock, told } = world();
    assert.equal(told.isAsking(), false);
    const done = told.begin();
    clock.now += 20;
    assert.equal(told.isAsking(), true);
    done();
    assert.equal(told.isAsking(), false, 'it has asked');
  });

  test('may come seconds later in a window that is busy, by when the review is over', () => {
    const { clock, told } = world();
    const done = told.begin();
    clock.now += 3000;
    assert.equal(told.isAsking(), true);
    clock.now += 10;
    assert.equal(told.isAsking(), true, 'the first question was taken back');
    done();
    clock.now += 10;
    assert.equal(told.isAsking(), false);
  });

  test('may come just behind the end of the command, and once for each', () => {
    const { clock, told } = world();
    const dones = [told.begin(), told.begin()];
    for (const done of dones) done();
    clock.now += 100;
    assert.deepEqual([told.isAsking(), told.isAsking(), told.isAsking()], [true, true, false]);
  });

  test('may come twice where the first question was taken back', () => {
    const { told } = world();
    told.begin();
    assert.deepEqual([told.isAsking(), told.isAsking()], [true, true]);
  });

  test('does not take a key from a person for long where the editor never asks, or never ends', () => {
    const { clock, told } = world();
    told.begin()();
    clock.now += 300;
    assert.equal(told.isAsking(), false, 'it had no reason to ask');
    told.begin();
    told.isAsking();
    clock.now += 1000;
    assert.equal(told.isAsking(), false, 'it has asked, and waits for somebody else');
    told.begin();
    clock.now += 5000;
    assert.equal(told.isAsking(), false);
  });
});
