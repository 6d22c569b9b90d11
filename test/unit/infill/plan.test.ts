import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { readCalibration } from '../../../engine/calibration/file';
import type { Cell } from '../../../engine/canvas/types';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { isEngineError } from '../../../engine/errors';
import { leastTokens, planRequest } from '../../../engine/infill/plan';
import { UNBOUNDED } from '../../../engine/infill/reach';
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

describe('the plan of an instruction', () => {
  const FIXTURES = path.join(__dirname, '..', '..', 'fixtures', 'checkpoints');
  const LINES = Array.from({ length: 400 }, (_, i) => `value_${i} = ${i}`).join('\n');
  const AT = LINES.indexOf('value_200');
  const params: InfillParams = {
    ...PARAMS,
    text: LINES,
    spans: [{ start: AT, end: AT + 15 }],
    instruction: 'Use 7.',
  };

  test('asks a model that infills as one that answers, and leaves it as it is for anything else', async () => {
    const { chat, ...plain } = await openCheckpoint(path.join(FIXTURES, 'sdar'));
    const filling = {
      ...plain,
      family: { ...plain.family, infill: { kind: 'left-only', bos: false } as const },
    };
    const asked = planRequest(
      { ...filling, chat: { ...chat, before: [], after: [], end: 5 } },
      undefined,
      params,
    );
    assert.equal(asked.checkpoint.family.infill.kind, 'prompt');
    assert.equal(asked.checkpoint.family.length.kind, 'end-token');
    assert.equal(asked.checkpoint.specials.end, 5);
    assert.ok(asked.promptLength > 0);
    const { instruction: _, ...rest } = params;
    const unasked = planRequest({ ...filling, ...(chat ? { chat } : {}) }, undefined, rest);
    assert.equal(unasked.checkpoint.family.infill.kind, 'left-only');
    assert.equal(unasked.promptLength, 0);
    assert.throws(() => planRequest(filling, undefined, params), /does not take instructions/);
  });

  test('reads no more than the machine reads in time, but always the spans', async () => {
    const checkpoint = await openCheckpoint(path.join(FIXTURES, 'sdar'));
    const shape = { ...checkpoint.shape, contextLength: 32_768 };
    const budget = (reading: number, spans = params.spans) => {
      const { textBudget, promptLength } = planRequest(
        { ...checkpoint, shape },
        undefined,
        { ...params, spans },
        { reach: { ...UNBOUNDED, reading } },
      );
      return { textBudget, promptLength };
    };
    const all = budget(Number.POSITIVE_INFINITY).textBudget;
    const { textBudget, promptLength } = budget(1000);
    assert.ok(textBudget < all);
    assert.equal(textBudget + promptLength, 1000);
    const whole = checkpoint.tokenizer.encode(LINES.slice(0, 900)).ids.length;
    assert.ok(budget(10, [{ start: 0, end: 900 }]).textBudget >= whole);
  });
});
