import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { EngineError } from '../../../../../engine/errors';
import { tooLong } from '../../../../../extension/rewrite/announce/tooLong';

describe('a selection that is too long', () => {
  const texts = ['line\n'.repeat(59), 'one'];
  const error = (data: Record<string, unknown>) => new EngineError('context-too-long', 'Too long.', data);

  test('is told in lines: how many they are, and about how many would fit', () => {
    const lines = { unit: 'lines', selected: 61, isPartial: false, isWindow: false };
    assert.deepEqual(tooLong(error({ needed: 900, budget: 600 }), texts), { ...lines, most: 40 });
    assert.deepEqual(tooLong(error({ needed: 601, budget: 600 }), texts), { ...lines, most: 60 });
  });

  test('is told in characters where not even one line fits', () => {
    const characters = { unit: 'characters', selected: 9500, isPartial: false, isWindow: false };
    const long = ['x'.repeat(9557)];
    assert.deepEqual(tooLong(error({ needed: 3000, budget: 600 }), long), { ...characters, most: 1900 });
    assert.deepEqual(tooLong(error({ tokens: 3000, limit: 0 }), long), { ...characters, most: 0 });
    const some = { unit: 'characters', selected: 290, most: 3, isPartial: false, isWindow: false };
    assert.deepEqual(tooLong(error({ tokens: 900, limit: 10 }), texts), some);
  });

  test('of which a part stays: all of it would fit', () => {
    const found = tooLong(error({ needed: 900, budget: 600, isPartial: true }), texts);
    assert.deepEqual(found, { unit: 'lines', selected: 61, most: 40, isPartial: true, isWindow: false });
  });

  test('for any model, where more context would not help', () => {
    const found = tooLong(error({ needed: 900, budget: 600, isWindow: true }), texts);
    assert.deepEqual(found, { unit: 'lines', selected: 61, most: 40, isPartial: false, isWindow: true });
  });

  test('for the memory of the machine', () => {
    const of = (data: Record<string, unknown>) =>
      tooLong(new EngineError('out-of-memory', 'No.', data), texts);
    const why = { isPartial: false, isWindow: false, isMemory: true };
    assert.deepEqual(of({ needed: 9e9, available: 5e9, mostLines: 33 }), {
      ...{ unit: 'lines', selected: 61, most: 33 },
      ...why,
    });
    assert.equal(of({ needed: 9e9, available: 5e9 }), undefined, 'a model, or not even one line');
  });

  test('is nothing else: what does not say how much was too much is left as it is', () => {
    assert.equal(tooLong(error({ limit: 600, room: 0 }), texts), undefined);
    assert.equal(tooLong(new EngineError('engine-exited', 'Gone.'), texts), undefined);
  });
});
