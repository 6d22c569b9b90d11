import assert from 'node:assert/strict';
import test from 'node:test';
import { saysOutOfMemory } from '../../engine/errors';

test('memory that ran out is known by what each runtime says of it', () => {
  for (const message of [
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'terminate called after throwing an instance of std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 1073741824',
    'CUDA failure 2: out of memory',
  ])
    assert.ok(saysOutOfMemory(message), message);
  assert.ok(!saysOutOfMemory('Unexpected input data type. Memory layout is row-major.'));
});
