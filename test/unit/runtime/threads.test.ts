import assert from 'node:assert/strict';
import test from 'node:test';
import { threadCount } from '../../../engine/runtime/threads';

test('one processor is left to the editor, from three on', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 8].map((processors) => threadCount(processors)),
    [1, 2, 2, 3, 7],
  );
});

test('more than eight threads are never taken', () => {
  assert.equal(threadCount(9), 8);
  assert.equal(threadCount(64), 8);
});
