// What the hover of the status bar says of the memory.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { MemoryEstimate } from '../../../../engine/protocol';
import { memoryLines } from '../../../../extension/ui/memoryLines';

const ENGLISH = {
  t: (message: string, ...args: readonly string[]) =>
    message.replace(/\{(\d+)\}/g, (_all, index) => args[Number(index)] ?? ''),
};
const linesOf = (memory: MemoryEstimate) => memoryLines(memory, ENGLISH);

describe('what is said of the memory', () => {
  test('counts the process with the weights', () => {
    assert.deepEqual(linesOf({ weights: 4e9, process: 500e6, request: 300e6 }), [
      'About 4.5 GB of memory, and up to 300 MB more for requests',
    ]);
    assert.deepEqual(linesOf({ weights: 4e9, request: 300e6 }), [
      'About 4.0 GB of memory, and up to 300 MB more for requests',
    ]);
  });

  test('where requests adapt to the machine, tells those from the largest one', () => {
    assert.deepEqual(linesOf({ weights: 15e9, request: 2e9, adapted: 400e6 }), [
      'About 15 GB of memory, and up to 400 MB more for requests',
      'A request that fills the model’s context takes 2.0 GB more',
    ]);
  });

  test('where windows share the engine, says what each of them adds', () => {
    assert.deepEqual(linesOf({ weights: 4e9, request: 300e6, relay: 60e6 }).slice(1), [
      'Shared by all windows; each adds about 60 MB',
    ]);
  });
});
