import assert from 'node:assert/strict';
import test from 'node:test';
import { privateMemory } from '../../../engine/runtime/privateMemory';

test('counts what the process has filled for itself, and no more than all that it has', () => {
  const before = privateMemory();
  assert.ok(before > 0 && before <= process.memoryUsage.rss() * 1.05);
  const filled = Buffer.alloc(2 ** 27, 1);
  const more = privateMemory() - before;
  assert.ok(more > 0.9 * filled.length && more < 1.5 * filled.length, `${more} bytes`);
});
