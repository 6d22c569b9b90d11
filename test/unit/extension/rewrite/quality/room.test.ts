// How many reasons are said where there is little room.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { fitting, roomBehind } from '../../../../../extension/rewrite/quality/room';

describe('reasons in a row', () => {
  const REASONS = ['does not parse', 'repeats itself', 'low confidence'];

  test('are all said where they fit, to the last character', () => {
    const whole = REASONS.join(', ');
    assert.equal(fitting(REASONS, whole.length), whole);
    assert.equal(fitting(REASONS, whole.length - 1), 'does not parse, repeats itself, …');
    assert.equal(fitting([], 0), '');
  });

  test('are never cut within a word: what there is no room for is left out, but for the first', () => {
    assert.equal(fitting(REASONS, 'does not parse, repeats itself, …'.length - 1), 'does not parse, …');
    assert.equal(fitting(REASONS, 3), 'does not parse, …');
    assert.equal(fitting(['does not parse'], 3), 'does not parse');
  });

  test('have the room that the line in front leaves, tabs counted', () => {
    assert.equal(roomBehind('x'.repeat(20)), 140);
    assert.equal(roomBehind(`\t\t${'x'.repeat(20)}`), 132);
    assert.equal(roomBehind('x'.repeat(200)), 0);
  });
});
