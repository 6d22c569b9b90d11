// How many tokens are read ahead.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { DraftLength } from '../../../engine/runtime/draftLength';

const by = (rowCost: number) => new DraftLength((width) => 100 * (1 + rowCost * (width - 1)));

describe('tokens that are worth reading ahead', () => {
  test('are all where further ones cost nothing, and none where each costs a pass', () => {
    assert.equal(by(0).for(2, 7), 7);
    assert.equal(by(1).for(8, 7), 0);
  });

  test('are the more, the more agrees and the less they cost', () => {
    const [little, much] = [by(0.3).for(2, 7), by(0.3).for(8, 7)];
    assert.ok(little >= 1 && little < much, `${little} and ${much}`);
    assert.ok(by(0.6).for(4, 7) < by(0.1).for(4, 7));
    assert.equal(by(0).for(8, 0), 0);
  });

  test('are as usual where the cost is not known', () => {
    assert.equal(new DraftLength().for(4, 7), by(0.15).for(4, 7));
  });

  test('are none once they are hardly ever written, and come back when they are', () => {
    const length = by(0.15);
    for (let i = 0; i < 50; i++) length.learn(2, false);
    assert.equal(length.for(2, 7), 0);
    assert.ok(length.for(4, 7) > 0, 'of more that agree, nothing was learnt');
    for (let i = 0; i < 50; i++) length.learn(2, true);
    assert.ok(length.for(2, 7) > 2);
  });

  test('behind what was never asked about are not learnt from beyond its end', () => {
    const length = by(0.15);
    for (let i = 0; i < 100; i++) length.learn(100, true);
    assert.equal(length.for(100, 7), length.for(5, 7));
  });
});
