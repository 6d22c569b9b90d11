// A request that does not fit the memory that there is: refused before its first pass, with what would fit.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FAMILIES } from '../../../engine/checkpoint/families';
import { isEngineError } from '../../../engine/errors';
import { UNBOUNDED } from '../../../engine/infill/reach';
import { type MemoryFacts, memoryOfRequest } from '../../../engine/infill/requestMemory';
import { checkRequestFits } from '../../../engine/infill/requestRoom';
import { HALF } from './halfBillion';

const SIXTY = 60;

function factsOf(id: string): MemoryFacts {
  const known = FAMILIES.get(id);
  assert.ok(known);
  return {
    family: known.family,
    reach: UNBOUNDED,
    ...{ window: 1400, masks: 900, answer: 1200, candidates: 3, isExact: false },
  };
}

function refusalOf(facts: MemoryFacts, available: number, { held = 0, lines = SIXTY } = {}) {
  try {
    checkRequestFits(HALF, facts, ['x\n'.repeat(lines - 1)], { held, available: () => available });
    return undefined;
  } catch (error) {
    assert.ok(isEngineError(error) && error.code === 'out-of-memory');
    return error;
  }
}

describe('a request that does not fit', () => {
  for (const id of ['dream', 'dreamon', 'sdar']) {
    test(`says how many lines would, and they do: ${id}`, () => {
      const facts = factsOf(id);
      const needed = memoryOfRequest(HALF, facts);
      assert.equal(refusalOf(facts, needed), undefined);
      const least = memoryOfRequest(HALF, { ...facts, window: 501, masks: 1, answer: 1 });
      const error = refusalOf(facts, (needed + least) / 2);
      const most = Number(error?.data['mostLines']);
      assert.ok(most > 0 && most < SIXTY, `${most} lines`);
      assert.match(
        error?.message ?? '',
        new RegExp(`are available\\. About ${most} of the 60 lines fit\\. Close `),
      );
      const fewer = (share: number): MemoryFacts => ({
        ...facts,
        window: Math.ceil(500 + 900 * share),
        ...{ masks: Math.ceil(900 * share), answer: Math.ceil(1200 * share) },
      });
      assert.equal(refusalOf(fewer(most / SIXTY), (needed + least) / 2, { lines: most }), undefined);
      assert.ok(refusalOf(fewer((most + 2) / SIXTY), (needed + least) / 2, { lines: most + 2 }));
    });
  }

  test('names no lines where not even one fits, or one is all', () => {
    const facts = factsOf('dream');
    for (const error of [
      refusalOf(facts, 50e6),
      refusalOf(facts, memoryOfRequest(HALF, facts) / 2, { lines: 1 }),
    ]) {
      assert.ok(error !== undefined && !('mostLines' in error.data));
      assert.doesNotMatch(error.message, /lines fit/);
    }
  });

  test('what the runtime holds for passes already is not needed again, and little is not asked about', () => {
    const facts = factsOf('dream');
    const needed = memoryOfRequest(HALF, facts);
    assert.ok(refusalOf(facts, needed / 2));
    assert.equal(refusalOf(facts, needed / 2, { held: needed / 2 }), undefined);
    assert.equal(refusalOf(facts, 0, { held: needed - 2 ** 27 }), undefined);
  });
});
