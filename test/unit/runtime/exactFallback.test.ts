// Quantised weights that cannot be written: fp32 in their place, where the memory has room for it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { EngineError } from '../../../engine/errors';
import { buildOrExact } from '../../../engine/runtime/exactFallback';

const full = new EngineError('disk-full', 'The disk is full. Free some space, or load the model in fp32.', {
  folder: '/cache',
});
const lack = new EngineError('out-of-memory', 'Choose a lower precision.', { needed: 4e9, available: 1.5e9 });

function world(failure: EngineError, { isAllowed = true, fits = true } = {}) {
  const built: string[] = [];
  const build = async (precision: string) => {
    built.push(precision);
    if (precision !== 'fp32') throw failure;
    return precision;
  };
  const requireFits = () => {
    if (!fits) throw lack;
  };
  return { built, made: () => buildOrExact(build, 'q8', { isAllowed, requireFits }) };
}

describe('quantised weights that cannot be written', () => {
  test('fp32 takes their place, and that is said', async () => {
    assert.deepEqual(await world(full).made(), {
      graph: 'fp32',
      precision: 'fp32',
      remark: `It runs in fp32, which is slower: ${full.message}`,
    });
  });

  test('where fp32 does not fit nothing of it is built, and both are said with what to do', async () => {
    const { built, made } = world(full, { fits: false });
    await assert.rejects(made(), {
      code: 'disk-full',
      message: `${full.message} But fp32 needs about 4.0 GB of memory, and 1.5 GB are available.`,
      data: { folder: '/cache' },
    });
    assert.deepEqual(built, ['q8']);
  });

  test('nothing takes their place where the precision was chosen, or something else has failed', async () => {
    await assert.rejects(world(full, { isAllowed: false }).made(), full);
    const other = new EngineError('cancelled', 'The request was canceled.');
    await assert.rejects(world(other).made(), other);
  });
});
