import assert from 'node:assert/strict';
import test from 'node:test';
import { availableOf } from '../../../engine/runtime/macMemory';

test('what macOS says is free, three quarters of all at most, and those where it says nothing', () => {
  const total = 16e9;
  assert.equal(availableOf(total, '25\n'), 4e9);
  assert.equal(availableOf(total, '0\n'), 0);
  for (const level of ['98\n', '100', undefined, '', 'unknown oid', '-3', '1000', '12 13'])
    assert.equal(availableOf(total, level), 12e9, String(level));
});
