import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { readCalibration } from '../../../engine/calibration/file';
import type { Cell } from '../../../engine/canvas/types';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { isEngineError } from '../../../engine/errors';
import { leastTokens, planRequest } from '../../../engine/infill/plan';
import type { InfillParams } from '../../../engine/protocol';

const STARTER = path.join(__dirname, '..', '..', '..', 'models', 'starter');

const PARAMS: InfillParams = {
  requestId: 1,
  model: STARTER,
  priority: 'rewrite',
  text: 'a = 1\nb = 2\n',
  spans: [{ start: 4, end: 5 }],
};

describe('the fewest tokens of an answer', () => {
  test('a share of several lines, one of anything else that stood there, none of an insertion', async () => {
    const { tokenizer } = await openCheckpoint(STARTER);
    const least = (text: string, share: number): number =>
      leastTokens(
        [...tokenizer.encode(text).ids].map((original): Cell => ({ original, locked: false })),
        share,
        tokenizer,
      );
    const lines = 'first = one(two)\nsecond = three(four)';
    const tokens = tokenizer.encode(lines).ids.length;
    assert.ok(tokens > 4);
    assert.equal(least(lines, 0.25), Math.ceil(tokens / 4));
    assert.equal(least(lines, 0), 1);
    assert.equal(least('first = one(two)\n', 0.25), 1);
    assert.equal(least('', 0.25), 0);
  });
});

describe('the plan of a request', () => {
  test('what was fitted to the model decides how it copies and chooses; a request may say otherwise', async () => {
    const checkpoint = await openCheckpoint(STARTER);
    const calibration = await readCalibration(checkpoint);
    assert.ok(calibration);
    const fitted = planRequest(checkpoint, calibration, PARAMS);
    assert.deepEqual(fitted.fit.choice, calibration.choice.mixed);
    assert.equal(fitted.fit.leastShare, calibration.leastShare);
    const off = planRequest(checkpoint, calibration, { ...PARAMS, copying: 'off' });
    assert.deepEqual(off.fit.choice, calibration.choice.off);
    assert.equal(planRequest(checkpoint, calibration, { ...PARAMS, copying: 'alone' }).fit.choice, undefined);
    const plain = planRequest(checkpoint, undefined, { ...PARAMS, copying: 'mixed' });
    assert.equal(plain.fit.choice, undefined);
    assert.equal(plain.fit.leastShare, 0);
  });

  test('refuses an instruction that the model does not take, and a strength outside 0…1', async () => {
    const checkpoint = await openCheckpoint(STARTER);
    for (const wrong of [{ instruction: 'faster' }, { strength: 1.1 }, { strength: Number.NaN }])
      assert.throws(
        () => planRequest(checkpoint, undefined, { ...PARAMS, ...wrong }),
        (error) => isEngineError(error) && error.code === 'option-invalid',
      );
  });
});
