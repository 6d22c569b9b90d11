import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { Milestones } from '../../../../../extension/rewrite/announce/milestones';

describe('what of a rewrite is said aloud', () => {
  test('is half of it, once, and only where it takes long', () => {
    const milestones = new Milestones();
    assert.deepEqual(milestones.begun(2), { kind: 'begun', spans: 2 });
    assert.equal(milestones.settled(10, 40), undefined);
    assert.deepEqual(milestones.settled(21, 40), { kind: 'half', tokens: 40 });
    assert.equal(milestones.settled(30, 40), undefined);
    assert.equal(new Milestones().settled(4, 5), undefined);
    assert.equal(new Milestones().settled(40, 40), undefined, 'what is ready is said next');
  });

  test('is each candidate, then the changes that are left, and nothing twice', () => {
    const milestones = new Milestones();
    assert.deepEqual(milestones.reviewing(3, 0, 2), {
      kind: 'ready',
      changes: 3,
      candidate: 1,
      candidates: 2,
    });
    assert.equal(milestones.reviewing(3, 0, 2), undefined);
    assert.deepEqual(milestones.reviewing(2, 0, 2), { kind: 'left', changes: 2 });
    assert.equal(milestones.reviewing(1, 1, 2)?.kind, 'ready');
    assert.deepEqual(milestones.ended('accepted'), { kind: 'ended', how: 'accepted' });
    assert.equal(milestones.ended('failed'), undefined, 'an error has its own message');
  });

  test('is few sentences, however many steps there are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 300 }), (steps) => {
        const milestones = new Milestones();
        milestones.begun(1);
        const said = steps
          .map((settled) => milestones.settled(settled, 200))
          .filter((one) => one !== undefined);
        assert.ok(said.length <= 1);
      }),
    );
  });
});
